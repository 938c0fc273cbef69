import { UsherError } from '../../../foundation/errors.ts';
import { nearest } from '../../../foundation/nearest.ts';
import { printable } from '../../../foundation/text.ts';
import { DEVICE_CLAIM, type ClaimMatch, type ClaimPair, type Taint } from '../../../k8s/core/resources.ts';
import { checkClaim } from '../claim-rules.ts';
import { RowReader, type DraftRow, type Place, type WantedClaim } from './draft.ts';
import { checkRowCount } from './file-text.ts';
import { readIdentifier } from './identifiers.ts';
import { readReplaces } from './replaces.ts';

/** Keys and indexes that lead from the top of a document to something in it. */
export type Path = readonly (string | number)[];

const OBJECT_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
/** Those that Kubernetes writes itself are read over, so that the output of kubectl get -o yaml can be imported. */
const METADATA_FIELDS = [
  ...['name', 'labels', 'annotations', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'],
  ...['managedFields', 'selfLink', 'finalizers', 'ownerReferences', 'deletionTimestamp'],
  ...['deletionGracePeriodSeconds', 'generateName'],
];
const MATCH_FIELDS: readonly (keyof ClaimMatch)[] = ['device', 'serial', 'mac', 'duid', 'keyFingerprint'];
const SPEC_FIELDS = ['match', 'nodeName', 'labels', 'taints', 'pair', 'replaces', 'reclaimPolicy'];
const TAINT_FIELDS = ['key', 'value', 'effect'];
const PAIR_FIELDS = ['name', 'role'];
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;
const MAX_SHOWN = 64;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The claims of one YAML document: a DeviceClaim, or a List of them. Such a document says all of a claim: what it does
 * not have, the claim is not to have either.
 * @param placeOf where in the file a path stands, or the nearest place above it that is known
 * @throws UsherError MANIFEST_TOO_LARGE
 */
export function documentRows(value: unknown, placeOf: (path: Path) => Place): DraftRow[] {
  if (isFields(value) && typeof value['kind'] === 'string' && value['kind'].endsWith('List')) {
    const { items } = value;
    if (Array.isArray(items)) {
      checkRowCount(items.length);
      return items.map((item, index) => new ClaimDocument(item, (path) => placeOf(['items', index, ...path])).draft());
    }
  }
  return [new ClaimDocument(value, placeOf).draft()];
}

/** A document that is no YAML, as a row. */
export function brokenDocument(place: Place, error: UsherError): DraftRow {
  return { place, name: '', notes: [], places: new Map(), fault: { place, error } };
}

class ClaimDocument {
  readonly #value: unknown;
  readonly #placeOf: (path: Path) => Place;
  readonly #reader = new RowReader();

  constructor(value: unknown, placeOf: (path: Path) => Place) {
    this.#value = value;
    this.#placeOf = placeOf;
  }

  draft(): DraftRow {
    const reader = this.#reader;
    const value = this.#value;
    // What is no claim at all has other fields, which are not to be told one by one.
    const isOther = isFields(value) && !this.#isClaim(value);
    const top = isOther ? value : this.#fields([], OBJECT_FIELDS, value);
    const name = isFields(top?.['metadata']) ? top['metadata']['name'] : undefined;
    const wanted = top === undefined || isOther ? undefined : this.#wanted(top);
    const { fault } = reader;
    const fields = ['match', 'nodeName', 'replaces'].map((field) => [field, this.#placeOf(['spec', field])] as const);
    return {
      place: this.#placeOf([]),
      name: typeof name === 'string' ? printable(name, 253) : '',
      notes: reader.notes,
      places: new Map([['name', this.#placeOf(['metadata', 'name'])], ...fields]),
      ...(fault === undefined ? {} : { fault }),
      ...(fault === undefined && wanted !== undefined ? { wanted } : {}),
    };
  }

  #isClaim({ apiVersion, kind }: Fields): boolean {
    if (kind === DEVICE_CLAIM.kind && apiVersion === DEVICE_CLAIM.apiVersion) return true;
    const path = kind === DEVICE_CLAIM.kind ? ['apiVersion'] : ['kind'];
    this.#reader.read(this.#placeOf(path), () => {
      const said = [apiVersion, kind].filter((text) => typeof text === 'string').join(' ');
      throw new UsherError('MANIFEST_KIND_UNKNOWN', {
        kind: said === '' ? 'This document' : printable(said, MAX_SHOWN),
      });
    });
    return false;
  }

  #wanted(top: Fields): WantedClaim | undefined {
    const metadata = this.#fields(['metadata'], METADATA_FIELDS, top['metadata']);
    const spec = this.#fields(['spec'], SPEC_FIELDS, top['spec']);
    const name = this.#read(['metadata', 'name'], () => {
      const text = textOf(metadata?.['name'], 'metadata.name');
      checkClaim({ name: text });
      return text;
    });
    for (const field of ['labels', 'annotations']) {
      const own = metadata?.[field];
      if (isFields(own) && Object.keys(own).some((key) => !isOwnMark(key))) {
        this.#reader.notes.push(`metadata.${field} is not taken over: the labels of the node are spec.labels`);
      }
    }
    if (spec === undefined) return undefined;
    const match = this.#match(spec['match']);
    const nodeName = this.#optional(spec, 'nodeName', (text) => {
      checkClaim({ nodeName: text });
      return text;
    });
    const labels = this.#labels(spec['labels']);
    const taints = this.#taints(spec['taints']);
    const pair = this.#pair(spec['pair']);
    const replaces = this.#optional(spec, 'replaces', (text) => readReplaces(text, match));
    const reclaimPolicy = this.#optional(spec, 'reclaimPolicy', (text) =>
      oneOf(text, ['Retain', 'Release'] as const, 'reclaimPolicy'),
    );
    if (name === undefined || match === undefined) return undefined;
    return {
      ...{ name, match, labels, keepsOtherLabels: false, taints },
      ...{ pair: pair ?? null, replaces: replaces ?? null, reclaimPolicy: reclaimPolicy ?? 'Retain' },
      ...(nodeName === undefined ? {} : { nodeName }),
    };
  }

  #match(value: unknown): ClaimMatch | undefined {
    const match = this.#fields(['spec', 'match'], MATCH_FIELDS, value);
    if (match === undefined) return undefined;
    const given = MATCH_FIELDS.filter((field) => match[field] !== undefined);
    const [only, second] = given;
    return this.#read(['spec', 'match', ...[second ?? only ?? []].flat()], () => {
      if (only === undefined || second !== undefined) {
        throw invalid(`spec.match names exactly one of ${MATCH_FIELDS.join(', ')}`);
      }
      const { value: text, note } = readIdentifier(only, textOf(match[only], `spec.match.${only}`));
      if (note !== undefined) this.#reader.notes.push(note);
      return { [only]: text };
    });
  }

  #labels(value: unknown): Record<string, string> {
    const labels = value === undefined || value === null ? {} : this.#fields(['spec', 'labels'], undefined, value);
    const read = new Map<string, string>();
    for (const [key, label] of Object.entries(labels ?? {})) {
      this.#read(['spec', 'labels', key], () => {
        const text = textOf(label, `label ${printable(key, MAX_SHOWN)}`);
        checkClaim({ labels: { [key]: text } });
        read.set(key, text);
      });
    }
    this.#read(['spec', 'labels'], () => checkClaim({ labels: Object.fromEntries(read) }));
    return Object.fromEntries(read);
  }

  #taints(value: unknown): Taint[] {
    if (value === undefined || value === null) return [];
    const list = this.#read(['spec', 'taints'], () => {
      if (Array.isArray(value)) return value as unknown[];
      throw invalid('spec.taints is a list');
    });
    const taints = (list ?? []).flatMap((each, index) => {
      const path = ['spec', 'taints', index];
      const taint = this.#fields(path, TAINT_FIELDS, each);
      return this.#read(path, () => taintOf(taint)) ?? [];
    });
    this.#read(['spec', 'taints'], () => checkClaim({ taints }));
    return taints;
  }

  #pair(value: unknown): ClaimPair | undefined {
    if (value === undefined || value === null) return undefined;
    const fields = this.#fields(['spec', 'pair'], PAIR_FIELDS, value);
    return this.#read(['spec', 'pair'], () => {
      const role = oneOf(textOf(fields?.['role'], 'spec.pair.role'), ['Primary', 'Backup'] as const, 'spec.pair.role');
      const pair = { name: textOf(fields?.['name'], 'spec.pair.name'), role };
      checkClaim({ pair });
      return pair;
    });
  }

  /** The object at that path, when it is one and has no field that nobody knows. */
  #fields(path: Path, known: readonly string[] | undefined, value: unknown): Fields | undefined {
    return this.#read(path, () => {
      if (value === undefined) throw invalid(`${path.join('.')} is missing`);
      if (!isFields(value)) throw invalid(`${path.length === 0 ? 'the document' : path.join('.')} has no fields`);
      for (const field of known === undefined ? [] : Object.keys(value)) {
        if (known?.includes(field) !== true) this.#unknown([...path, field], known ?? []);
      }
      return value;
    });
  }

  #unknown(path: Path, known: readonly string[]): void {
    const [meant] = nearest(String(path.at(-1)), known);
    const hint = meant === undefined ? '' : `Did you mean ${meant}? `;
    this.#read(path, () => {
      throw new UsherError('MANIFEST_FIELD_UNKNOWN', { field: printable(path.join('.'), MAX_SHOWN), hint });
    });
  }

  #optional<Value>(spec: Fields, field: string, read: (text: string) => Value): Value | undefined {
    const value = spec[field];
    if (value === undefined || value === null) return undefined;
    return this.#read(['spec', field], () => read(textOf(value, `spec.${field}`)));
  }

  #read<Value>(path: Path, read: () => Value): Value | undefined {
    return this.#reader.read(this.#placeOf(path), read);
  }
}

function taintOf(taint: Fields | undefined): Taint {
  const value = taint?.['value'];
  return {
    key: textOf(taint?.['key'], 'the key of a taint'),
    ...(value === undefined || value === null || value === '' ? {} : { value: textOf(value, 'the value of a taint') }),
    effect: oneOf(textOf(taint?.['effect'], 'the effect of a taint'), EFFECTS, 'the effect of a taint'),
  };
}

/** YAML reads 0012, 1e5 and true as a number or a truth; a claim has texts only. */
function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) throw invalid(`${what} is missing`);
  throw invalid(typeof value === 'object' ? `${what} is not one text` : `${what} must be text: put it in quotes`);
}

function oneOf<Word extends string>(text: string, words: readonly Word[], what: string): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const [meant] = nearest(text, words);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  throw invalid(`${what} is none of ${words.join(', ')}${hint}`);
}

/** Labels and notes that kubectl and Usher put on the object itself. */
function isOwnMark(key: string): boolean {
  return (
    key === 'app.kubernetes.io/managed-by' ||
    key.startsWith('kubectl.kubernetes.io/') ||
    key.startsWith('usher.internal/')
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(detail: string): UsherError {
  return new UsherError('CLAIM_INVALID', { detail });
}
