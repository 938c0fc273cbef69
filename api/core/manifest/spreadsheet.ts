// A spreadsheet reads a cell that begins with one of these as a formula (CWE-1236); an apostrophe before it says that it
// is text. Some take full-width signs for the same, and pass over space before them.
const FORMULA = /^'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/u;
const ESCAPED_FORMULA = /^'+(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/u;

/** The cell's text without the apostrophe that {@link csvCell} puts before what looks like a formula. */
export function withoutGuard(text: string): string {
  return ESCAPED_FORMULA.test(text) ? text.slice(1) : text;
}

/** One cell of a CSV file (RFC 4180): harmless in a spreadsheet, quoted where it has to be. */
export function csvCell(text: string): string {
  const guarded = FORMULA.test(text) ? `'${text}` : text;
  return /[",;\t\r\n]|^ | $/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
