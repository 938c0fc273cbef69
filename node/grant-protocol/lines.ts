/** Longest line that is read, in UTF-16 units; whoever sends a longer one speaks something else. */
const LONGEST_LINE = 16_384;

/** Cuts a stream of text into lines. Gives undefined once a line grew too long: the connection is then to be ended. */
export class LineSplitter {
  #rest = '';

  push(text: string): string[] | undefined {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > LONGEST_LINE || lines.some((line) => line.length > LONGEST_LINE)) return undefined;
    return lines.filter((line) => line.trim() !== '');
  }
}
