import { UsherError } from '../../../foundation/errors.ts';
import { describeMatch, matchKey } from '../../../join/core/claim-match.ts';
import type { DraftRow } from './draft.ts';
import { groupBy, type ManifestWorld } from './world.ts';

/** The rows of a file by what each of them must have for itself. */
export class FileIndex {
  readonly #byName: ReadonlyMap<string, DraftRow[]>;
  readonly #byNodeName: ReadonlyMap<string, DraftRow[]>;
  /** By identity, and by the device that is known to carry it. */
  readonly #byKey: ReadonlyMap<string, DraftRow[]>;
  readonly #keysOf: (row: DraftRow) => string[];

  constructor(rows: readonly DraftRow[], world: ManifestWorld) {
    const sound = rows.filter(({ wanted }) => wanted !== undefined);
    this.#keysOf = ({ wanted }) => {
      const key = wanted === undefined ? undefined : matchKey(wanted.match);
      if (key === undefined) return [];
      return [key, ...world.devicesWith(key).map(({ metadata }) => `device ${metadata.name}`)];
    };
    this.#byName = groupBy(sound, ({ wanted }) => wanted?.name ?? []);
    this.#byNodeName = groupBy(sound, ({ wanted }) => wanted?.nodeName ?? wanted?.name ?? []);
    this.#byKey = groupBy(sound, (row) => [...new Set(this.#keysOf(row))]);
  }

  /** What the row shares with another one, and in which of its fields; every row that does is told. */
  twice(row: DraftRow): { field: string; error: UsherError } | undefined {
    const { wanted } = row;
    if (wanted === undefined) return undefined;
    const other = (rows: readonly DraftRow[] | undefined): DraftRow | undefined => rows?.find((each) => each !== row);
    const ofName = other(this.#byName.get(wanted.name));
    if (ofName !== undefined) return { field: 'name', error: twice(`name ${wanted.name}`, ofName) };
    const ofKey = other(this.#keysOf(row).flatMap((key) => this.#byKey.get(key) ?? []));
    if (ofKey !== undefined)
      return { field: 'match', error: twice(`device with ${describeMatch(wanted.match)}`, ofKey) };
    const nodeName = wanted.nodeName ?? wanted.name;
    const ofNode = other(this.#byNodeName.get(nodeName));
    if (ofNode === undefined) return undefined;
    return {
      field: wanted.nodeName === undefined ? 'name' : 'nodeName',
      error: twice(`node name ${nodeName}`, ofNode),
    };
  }
}

function twice(what: string, { place }: DraftRow): UsherError {
  return new UsherError('MANIFEST_TWICE', { what, line: place.line });
}
