/** What a code on a board or its box says of the board. */
export interface Board {
  kind: 'serial' | 'mac' | 'duid';
  value: string;
}

const MAC = /^(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}$/i;
const SERIAL = /^[0-9a-f]{8}(?:[0-9a-f]{8})?$/i;
const FACTORY = /^[0-9]{6,20}$/;

/** The board that a scanned text names; undefined for any other text. */
export function boardOf(text: string): Board | undefined {
  const trimmed = text.trim();
  if (MAC.test(trimmed)) {
    const digits = trimmed.replaceAll(/[:-]/g, '').toLowerCase();
    return { kind: 'mac', value: digits.match(/../g)?.join(':') ?? digits };
  }
  if (SERIAL.test(trimmed)) return { kind: 'serial', value: trimmed.toLowerCase() };
  return FACTORY.test(trimmed) ? { kind: 'duid', value: trimmed } : undefined;
}

/** Rows for an import: the boards, with names still to be given. */
export function rowsAsCsv(boards: readonly Board[]): string {
  const rows = boards.map(({ kind, value }) =>
    ['', kind === 'serial' ? value : '', kind === 'mac' ? value : '', kind === 'duid' ? value : '', ''].join(','),
  );
  return ['name,serial,mac,duid,labels', ...rows, ''].join('\n');
}
