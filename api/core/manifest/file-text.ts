import { UsherError } from '../../../foundation/errors.ts';
import { MOST_MANIFEST_CHARACTERS, MOST_MANIFEST_ROWS } from '../schemas/manifests.ts';

/** @throws UsherError MANIFEST_TOO_LARGE when a file has more rows than are read of one */
export function checkRowCount(count: number): void {
  if (count <= MOST_MANIFEST_ROWS) return;
  throw new UsherError('MANIFEST_TOO_LARGE', { detail: `it has more than ${MOST_MANIFEST_ROWS} rows` });
}

/**
 * Looks at a file as a whole, before anything is read of it.
 * @throws UsherError MANIFEST_TOO_LARGE, MANIFEST_MALFORMED
 */
export function checkFileText(text: string): void {
  if (text.length > MOST_MANIFEST_CHARACTERS) {
    const detail = `it has ${text.length} characters, ${MOST_MANIFEST_CHARACTERS} are read`;
    throw new UsherError('MANIFEST_TOO_LARGE', { detail });
  }
  const at = text.indexOf('\u0000');
  if (at >= 0) {
    const before = text.slice(0, at).split('\n');
    const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    const detail = 'there is a NUL byte: this is no text file, or one in UTF-16; save it as UTF-8';
    throw new UsherError('MANIFEST_MALFORMED', { ...place, detail });
  }
}
