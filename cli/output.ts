import { Document, visit } from 'yaml';
import { escapedControls, printable, withoutControls } from '../foundation/text.ts';

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

/**
 * For programs: JSON with two spaces, or YAML; both end with a line end. What would act on a terminal is escaped, so that
 * programs read it as it is.
 */
export function document(format: 'json' | 'yaml', data: unknown): string {
  return format === 'json' ? `${escapedControls(JSON.stringify(data, undefined, 2))}\n` : yaml(data);
}

/** JSON on one line, for streams. */
export function jsonLine(data: unknown): string {
  return escapedControls(JSON.stringify(data));
}

function yaml(data: unknown): string {
  const made = new Document(data);
  visit(made, {
    Scalar(_key, node) {
      // Only a double-quoted scalar knows escapes (YAML 1.2.2 section 5.7).
      if (typeof node.value === 'string' && withoutControls(node.value) !== node.value) node.type = 'QUOTE_DOUBLE';
    },
  });
  return escapedControls(made.toString());
}

/** A string from the network, safe to put on a terminal. */
export function safe(text: string, maxLength = MAX_CELL): string {
  return printable(text, maxLength);
}

/** Cursor home, erase below: what follows takes the place of what the terminal shows. */
export const REDRAW = '\u001b[H\u001b[J';

const OWN = [...Object.values(ESCAPES), RESET, '\n'];
const OWN_PATTERN = new RegExp(`(${OWN.map((text) => text.replaceAll('[', '\\[')).join('|')})`);

/** The second net below `safe`: text for a terminal without anything that acts on it but line ends and Usher's colours. */
export function tame(text: string): string {
  const parts = text.split(OWN_PATTERN);
  return parts.map((part, index) => (index % 2 === 1 ? part : withoutControls(part))).join('');
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
