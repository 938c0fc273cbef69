import { UsherError } from '../../../foundation/errors.ts';
import type { Place } from './draft.ts';
import { checkRowCount } from './file-text.ts';

/** One cell, and where it begins. */
export interface Cell {
  /** As it was meant: without quotes; spaces around are kept within quotes only. */
  readonly text: string;
  readonly place: Required<Place>;
}

const DELIMITERS = [',', ';', '\t'] as const;
const BYTE_ORDER_MARK = '\uFEFF';

/** What separates the cells: spreadsheets of many countries write `;`, since `,` stands in their numbers. */
export function delimiterOf(text: string): string {
  const [, said] = /^\uFEFF?sep=(.)\r?\n/i.exec(text) ?? [];
  if (said !== undefined) return said;
  const header = headerLine(text);
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  const most = Math.max(...counts);
  return DELIMITERS[counts.indexOf(most)] ?? ',';
}

/**
 * The rows of a CSV file (RFC 4180) with the place of each cell: LF, CRLF and CR end lines, a byte order mark and a line
 * `sep=;` at the beginning are passed over, quoted cells may hold line ends. Rows of empty cells are left out.
 * @throws UsherError MANIFEST_MALFORMED, MANIFEST_TOO_LARGE
 */
export function csvCells(text: string, delimiter = delimiterOf(text)): Cell[][] {
  return new CellReader(text, delimiter).rows();
}

class CellReader {
  readonly #text: string;
  readonly #delimiter: string;
  #at: number;
  #line = 1;
  #lineStart = 0;

  constructor(text: string, delimiter: string) {
    this.#text = text;
    this.#delimiter = delimiter;
    this.#at = text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
    this.#lineStart = this.#at;
    if (/^sep=.\r?\n/i.test(text.slice(this.#at, this.#at + 8))) {
      while (!this.#isLineEnd()) this.#at += 1;
      this.#endLine();
    }
  }

  rows(): Cell[][] {
    const rows: Cell[][] = [];
    while (this.#at < this.#text.length) {
      const row = this.#row();
      if (row.some(({ text }) => text !== '')) rows.push(row);
      // The first one is the heading.
      checkRowCount(rows.length - 1);
    }
    return rows;
  }

  #row(): Cell[] {
    const cells = [this.#cell()];
    while (this.#at < this.#text.length && !this.#isLineEnd()) {
      this.#at += 1;
      cells.push(this.#cell());
    }
    if (this.#at < this.#text.length) this.#endLine();
    return cells;
  }

  #cell(): Cell {
    const place = this.#place();
    const begin = this.#at;
    while (this.#char() === ' ') this.#at += 1;
    if (this.#char() === '"') return { text: this.#quoted(place), place };
    while (!this.#isCellEnd()) this.#at += 1;
    return { text: this.#text.slice(begin, this.#at).trim(), place };
  }

  /** From the opening quote to the end of the cell. */
  #quoted(place: Required<Place>): string {
    let text = '';
    this.#at += 1;
    for (;;) {
      const from = this.#at;
      while (this.#at < this.#text.length && this.#char() !== '"' && !this.#isLineEnd()) this.#at += 1;
      text += this.#text.slice(from, this.#at);
      if (this.#at >= this.#text.length) throw malformed(place, 'the quote that begins here does not end');
      if (this.#isLineEnd()) {
        text += '\n';
        this.#endLine();
      } else if (this.#text[this.#at + 1] === '"') {
        text += '"';
        this.#at += 2;
      } else break;
    }
    this.#at += 1;
    while (this.#char() === ' ') this.#at += 1;
    if (!this.#isCellEnd()) throw malformed(this.#place(), 'something follows the quote that ends here');
    return text.trim();
  }

  #char(): string | undefined {
    return this.#text[this.#at];
  }

  #isLineEnd(): boolean {
    return this.#char() === '\n' || this.#char() === '\r';
  }

  #isCellEnd(): boolean {
    return this.#at >= this.#text.length || this.#isLineEnd() || this.#char() === this.#delimiter;
  }

  #endLine(): void {
    this.#at += this.#text.startsWith('\r\n', this.#at) ? 2 : 1;
    this.#line += 1;
    this.#lineStart = this.#at;
  }

  #place(): Required<Place> {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }
}

/** The first line with anything in it. */
function headerLine(text: string): string {
  const [said] = /^.*[^\s,;\uFEFF].*$/m.exec(text) ?? /^.+$/m.exec(text) ?? [];
  return said ?? '';
}

function malformed({ line, column }: Required<Place>, detail: string): UsherError {
  return new UsherError('MANIFEST_MALFORMED', { line, column, detail });
}
