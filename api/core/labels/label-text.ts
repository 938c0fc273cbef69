const MM_PER_POINT = 25.4 / 72;
const ELLIPSIS = '…';

/** Width of a line in millimetres, in the font it will be drawn with. */
export type Measure = (text: string, points: number, bold: boolean) => number;

export interface Font {
  readonly bold: boolean;
  /** Largest first. */
  readonly sizes: readonly number[];
  readonly mostLines: number;
}

export interface FittedText {
  readonly lines: readonly string[];
  readonly points: number;
  /** From one baseline to the next. */
  readonly leadingMm: number;
}

/** The text in the largest size that lets it in; what does not fit in the smallest ends with an ellipsis. */
export function fitText(text: string, widthMm: number, font: Font, measure: Measure): FittedText {
  const { bold, sizes, mostLines } = font;
  let fitted: FittedText = { lines: [], points: 1, leadingMm: 0 };
  for (const points of sizes) {
    const width = (line: string): number => measure(line, points, bold);
    const lines = broken(text, widthMm, width);
    fitted = { lines: lines.slice(0, mostLines), points, leadingMm: points * MM_PER_POINT * 1.15 };
    if (lines.length <= mostLines) return fitted;
    const cut = [...fitted.lines.slice(0, -1), shortened(fitted.lines.at(-1) ?? '', widthMm, width)];
    fitted = { ...fitted, lines: cut };
  }
  return fitted;
}

/** Height of capital letters of a size, which is what a line takes above its baseline. */
export function capHeightMm(points: number): number {
  return points * MM_PER_POINT * 0.72;
}

/** Lines no wider than `widthMm`, broken behind a hyphen, dot, colon or space if there is one in the line's second half. */
function broken(text: string, widthMm: number, width: (line: string) => number): string[] {
  const lines: string[] = [];
  let rest = Array.from(text);
  while (rest.length > 0) {
    let count = rest.length;
    while (count > 1 && width(rest.slice(0, count).join('')) > widthMm) count -= 1;
    if (count < rest.length) {
      const seam = rest.slice(0, count).findLastIndex((character) => '-.: '.includes(character)) + 1;
      if (seam > count / 2) count = seam;
    }
    lines.push(rest.slice(0, count).join('').trim());
    rest = rest.slice(count);
  }
  return lines;
}

function shortened(line: string, widthMm: number, width: (line: string) => number): string {
  let kept = Array.from(line);
  while (kept.length > 0 && width(kept.join('') + ELLIPSIS) > widthMm) kept = kept.slice(0, -1);
  return kept.join('') + ELLIPSIS;
}
