import { UsherError } from '../../../foundation/errors.ts';
import { nearest } from '../../../foundation/nearest.ts';
import { printable } from '../../../foundation/text.ts';
import type { ClaimMatch } from '../../../k8s/core/resources.ts';
import type { Cell } from './csv-cells.ts';

/** The columns that export writes, in this order; import takes them in any order. docs/manifests.md describes them. */
export const EXPORT_COLUMNS = [
  'name',
  'device',
  'key_fp',
  'serial',
  'mac',
  'duid',
  'node_name',
  'labels',
  'taints',
  'pair',
  'replaces',
  'reclaim_policy',
] as const;
type ClaimColumn = (typeof EXPORT_COLUMNS)[number];

/** The columns that say which device is meant, with the field of `match` that they fill. */
export const MATCH_COLUMNS: Readonly<Partial<Record<ClaimColumn, keyof ClaimMatch>>> = {
  device: 'device',
  key_fp: 'keyFingerprint',
  serial: 'serial',
  mac: 'mac',
  duid: 'duid',
};

/** What a column of a file is about. */
export type Column = { readonly is: ClaimColumn } | { readonly is: 'label'; readonly key: string };

/** Columns of one label each: `label:machine`, and two that many lists have anyway. */
const LABEL_PREFIX = 'label:';
const LABEL_COLUMNS: ReadonlySet<string> = new Set(['profile', 'site']);
const OTHER_NAMES: ReadonlyMap<string, ClaimColumn> = new Map([
  ['key', 'key_fp'],
  ['key_fingerprint', 'key_fp'],
  ['keyfingerprint', 'key_fp'],
  ['serial_number', 'serial'],
  ['mac_address', 'mac'],
  ['nodename', 'node_name'],
  ['node', 'node_name'],
  ['reclaimpolicy', 'reclaim_policy'],
]);
const MAX_SHOWN = 64;

/**
 * What each column of the file is about; undefined for one without a heading.
 * @throws UsherError MANIFEST_COLUMN_UNKNOWN, MANIFEST_MALFORMED (twice the same, none that names the claim or device)
 */
export function columnsOf(header: readonly Cell[]): (Column | undefined)[] {
  const columns = header.map((cell) => (cell.text === '' ? undefined : columnOf(cell)));
  const seen = new Set<string>();
  for (const [index, column] of columns.entries()) {
    if (column === undefined) continue;
    const id = column.is === 'label' ? LABEL_PREFIX + column.key : column.is;
    if (seen.has(id)) throw malformed(header[index], `the column ${shown(id)} is there twice`);
    seen.add(id);
  }
  if (!seen.has('name')) throw malformed(header[0], 'the first line must be the headings, with a column name');
  if (!Object.keys(MATCH_COLUMNS).some((column) => seen.has(column))) {
    throw malformed(header[0], `there is no column that says which device: ${Object.keys(MATCH_COLUMNS).join(', ')}`);
  }
  return columns;
}

function columnOf({ text, place }: Cell): Column {
  const name = text.toLowerCase();
  if (name.startsWith(LABEL_PREFIX)) return { is: 'label', key: text.slice(LABEL_PREFIX.length).trim() };
  if (LABEL_COLUMNS.has(name)) return { is: 'label', key: name };
  const plain = name.replaceAll(/[\s-]+/g, '_');
  const known = OTHER_NAMES.get(plain) ?? EXPORT_COLUMNS.find((column) => column === plain);
  if (known !== undefined) return { is: known };
  const [meant] = nearest(plain, [...EXPORT_COLUMNS, ...LABEL_COLUMNS]);
  const hint = meant === undefined ? '' : `Did you mean ${meant}? `;
  throw new UsherError('MANIFEST_COLUMN_UNKNOWN', { ...place, name: shown(text), hint });
}

function shown(text: string): string {
  return printable(text, MAX_SHOWN);
}

function malformed(cell: Cell | undefined, detail: string): UsherError {
  return new UsherError('MANIFEST_MALFORMED', { ...(cell?.place ?? { line: 1, column: 1 }), detail });
}
