import { UsherError } from '../../../foundation/errors.ts';
import type { ClaimMatch } from '../../../k8s/core/resources.ts';
import { checkClaim } from '../claim-rules.ts';
import { readLabels, readPair, readPolicy, readTaints } from './cell-values.ts';
import { columnsOf, MATCH_COLUMNS, type Column } from './csv-columns.ts';
import { csvCells, type Cell } from './csv-cells.ts';
import { RowReader, type DraftRow, type Place, type WantedClaim } from './draft.ts';
import { readIdentifier } from './identifiers.ts';
import { readReplaces } from './replaces.ts';
import { withoutGuard } from './spreadsheet.ts';

/**
 * The rows of a CSV file of claims. A column that is not there says nothing about its field; an empty cell says that the
 * field is empty.
 * @throws UsherError MANIFEST_MALFORMED, MANIFEST_COLUMN_UNKNOWN when no row can be told
 */
export function csvRows(text: string): DraftRow[] {
  const [header, ...rows] = csvCells(text);
  if (header === undefined) {
    throw new UsherError('MANIFEST_MALFORMED', { line: 1, column: 1, detail: 'the file is empty' });
  }
  const columns = columnsOf(header);
  return rows.map((cells) => new CsvRow(columns, cells).draft());
}

class CsvRow {
  readonly #cells = new Map<string, Cell>();
  readonly #labelCells: { key: string; cell: Cell }[] = [];
  readonly #surplus: Cell | undefined;
  readonly #place: Place;
  readonly #reader = new RowReader();

  constructor(columns: readonly (Column | undefined)[], cells: readonly Cell[]) {
    const [first] = cells;
    const line = first?.place.line ?? 1;
    this.#place = { line };
    const end = { text: '', place: cells.at(-1)?.place ?? { line, column: 1 } };
    for (const [index, column] of columns.entries()) {
      const read = cells[index] ?? end;
      const cell = { ...read, text: withoutGuard(read.text) };
      if (column?.is === 'label') this.#labelCells.push({ key: column.key, cell });
      else if (column !== undefined) this.#cells.set(column.is, cell);
    }
    this.#surplus = cells.find(({ text }, index) => text !== '' && columns[index] === undefined);
  }

  draft(): DraftRow {
    const reader = this.#reader;
    const surplus = this.#surplus;
    if (surplus !== undefined) {
      reader.read(surplus.place, () => {
        throw invalid('this cell has no heading; a cell with a separator in it needs quotes');
      });
    }
    const wanted = this.#wanted();
    const { fault } = reader;
    return {
      place: this.#place,
      name: this.#cells.get('name')?.text ?? '',
      notes: reader.notes,
      places: this.#places(),
      ...(fault === undefined ? {} : { fault }),
      ...(fault === undefined && wanted !== undefined ? { wanted } : {}),
    };
  }

  #wanted(): WantedClaim | undefined {
    const name = this.#read('name', (text) => {
      if (text === '') throw invalid('the row has no name');
      checkClaim({ name: text });
      return text;
    });
    const match = this.#match();
    const nodeName = this.#read('node_name', (text) => {
      if (text !== '') checkClaim({ nodeName: text });
      return text;
    });
    const labels = this.#labels();
    const taints = this.#read('taints', (text) => {
      const read = readTaints(text);
      checkClaim({ taints: read });
      return read;
    });
    const pair = this.#read('pair', (text) => {
      const read = text === '' ? null : readPair(text);
      if (read !== null) checkClaim({ pair: read });
      return read;
    });
    const replaces = this.#read('replaces', (text) => (text === '' ? null : readReplaces(text, match)));
    const reclaimPolicy = this.#read('reclaim_policy', (text) => (text === '' ? 'Retain' : readPolicy(text)));
    if (name === undefined || match === undefined) return undefined;
    return {
      name,
      match,
      labels,
      keepsOtherLabels: !this.#cells.has('labels'),
      ...(nodeName === undefined || nodeName === '' ? {} : { nodeName }),
      ...(taints === undefined ? {} : { taints }),
      ...(pair === undefined ? {} : { pair }),
      ...(replaces === undefined ? {} : { replaces }),
      ...(reclaimPolicy === undefined ? {} : { reclaimPolicy }),
    };
  }

  #match(): ClaimMatch | undefined {
    const given = Object.entries(MATCH_COLUMNS).flatMap(([column, field]) => {
      const cell = this.#cells.get(column);
      return cell === undefined || cell.text === '' ? [] : [{ field, cell }];
    });
    const [only, second] = given;
    return this.#reader.read(second?.cell.place ?? only?.cell.place ?? this.#place, () => {
      const which = Object.keys(MATCH_COLUMNS).join(', ');
      if (only === undefined) throw invalid(`the row names no device: fill one of ${which}`);
      if (second !== undefined) throw invalid(`the row names its device twice: fill only one of ${which}`);
      const { value, note } = readIdentifier(only.field, only.cell.text);
      if (note !== undefined) this.#reader.notes.push(note);
      return { [only.field]: value };
    });
  }

  /** What the column of all labels says, and those of single labels beside it. */
  #labels(): Record<string, string | null> {
    const all = this.#read('labels', (text) => {
      const read = readLabels(text);
      checkClaim({ labels: read });
      return read;
    });
    const labels = new Map<string, string | null>(Object.entries(all ?? {}));
    for (const { key, cell } of this.#labelCells) {
      this.#reader.read(cell.place, () => {
        if (cell.text === '') {
          if (!labels.has(key)) labels.set(key, null);
          return;
        }
        checkClaim({ labels: { [key]: cell.text } });
        const other = labels.get(key) ?? cell.text;
        if (other !== cell.text) throw invalid(`label ${key} is ${other} in the column labels and ${cell.text} here`);
        labels.set(key, cell.text);
      });
    }
    return Object.fromEntries(labels);
  }

  /** What `read` makes of the cell of that column; undefined when there is no such column, or the cell is wrong. */
  #read<Value>(column: string, read: (text: string) => Value): Value | undefined {
    const cell = this.#cells.get(column);
    return cell === undefined ? undefined : this.#reader.read(cell.place, () => read(cell.text));
  }

  #places(): Map<string, Place> {
    const places = new Map<string, Place>();
    const fields = { name: 'name', node_name: 'nodeName', replaces: 'replaces' };
    for (const [column, field] of [...Object.entries(fields)]) {
      const place = this.#cells.get(column)?.place;
      if (place !== undefined) places.set(field, place);
    }
    for (const column of Object.keys(MATCH_COLUMNS)) {
      const cell = this.#cells.get(column);
      if (cell !== undefined && cell.text !== '') places.set('match', cell.place);
    }
    return places;
  }
}

function invalid(detail: string): UsherError {
  return new UsherError('CLAIM_INVALID', { detail });
}
