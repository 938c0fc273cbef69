import { stringify } from 'yaml';
import { printable } from '../foundation/text.ts';

export type Format = 'table' | 'wide' | 'json' | 'yaml';
export const FORMATS: readonly Format[] = ['table', 'wide', 'json', 'yaml'];

/** One column of a table. */
export interface Column<Row> {
  title: string;
  cell: (row: Row) => string | undefined;
  /** Only with `-o wide`. */
  wide?: true;
  /** Colour of the cell on a terminal. */
  tone?: (row: Row) => Tone | undefined;
}

export type Tone = 'good' | 'busy' | 'bad' | 'dim';

const ESCAPES: Record<Tone, string> = { good: '\u001b[32m', busy: '\u001b[33m', bad: '\u001b[31m', dim: '\u001b[2m' };
const RESET = '\u001b[0m';
const MAX_CELL = 120;
const GAP = '  ';

export interface TableOptions {
  wide: boolean;
  color: boolean;
  /** Lines are cut to this many characters. */
  width?: number | undefined;
}

/** Rows as aligned columns, one line each, without a trailing line end. What comes from the network is made safe. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], options: TableOptions): string {
  const shown = columns.filter((column) => options.wide || column.wide !== true);
  const cells = rows.map((row) => shown.map((column) => safe(column.cell(row) ?? '')));
  const widths = shown.map((column, i) => Math.max(column.title.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const line = (texts: readonly string[], row?: Row): string => {
    let left = options.width ?? Number.POSITIVE_INFINITY;
    return texts
      .map((text, i) => {
        const last = i === texts.length - 1;
        const padded = (last ? text : text.padEnd(widths[i] ?? 0) + GAP).slice(0, Math.max(0, left));
        left -= padded.length;
        const tone = row === undefined ? undefined : shown[i]?.tone?.(row);
        return tone !== undefined && options.color ? paint(padded, tone) : padded;
      })
      .join('')
      .trimEnd();
  };
  return [line(shown.map((column) => column.title)), ...cells.map((texts, i) => line(texts, rows[i]))].join('\n');
}

export function paint(text: string, tone: Tone): string {
  return `${ESCAPES[tone]}${text}${RESET}`;
}

/** For programs: JSON with two spaces, or YAML; both end with a line end. */
export function document(format: 'json' | 'yaml', data: unknown): string {
  return format === 'json' ? `${JSON.stringify(data, undefined, 2)}\n` : stringify(data);
}

/** A string from the network, safe to put on a terminal. */
export function safe(text: string, maxLength = MAX_CELL): string {
  return printable(text, maxLength);
}

/** `machine=lathe,location=left`, sorted by key. */
export function labelText(labels: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(labels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Time since a moment in the shortest words of kubectl: 12s, 5m, 3h, 2d. */
export function ageText(since: string | undefined, nowMs: number): string {
  if (since === undefined) return '';
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
