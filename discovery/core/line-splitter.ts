/** Cuts a text stream into lines. A line longer than `maxLineLength` is dropped, so that memory is bounded. */
export function createLineSplitter({ maxLineLength = 4096 }: { maxLineLength?: number } = {}): (
  chunk: string,
) => string[] {
  let rest = '';
  let isTooLong = false;
  return (chunk) => {
    const pieces = chunk.split('\n');
    const lines: string[] = [];
    pieces.forEach((piece, index) => {
      if (rest.length + piece.length > maxLineLength) isTooLong = true;
      rest = isTooLong ? '' : rest + piece;
      if (index === pieces.length - 1) return;
      if (!isTooLong && rest !== '') lines.push(rest);
      rest = '';
      isTooLong = false;
    });
    return lines;
  };
}
