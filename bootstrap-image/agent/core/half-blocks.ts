/** The modules of a QR code row by row, dark ones `true`, without a quiet zone. */
export type QrModules = readonly (readonly boolean[])[];
/** Makes a QR code of a text. */
export type QrEncoder = (text: string) => QrModules;

/** ISO/IEC 18004 section 6.3.8 asks for four modules. */
const QUIET_MODULES = 4;

/**
 * A QR code for a text screen, two rows of modules in one line. Screens show light letters on dark ground: the light
 * modules are drawn, and the dark ones are left.
 */
export function halfBlocks(modules: QrModules): string[] {
  const size = modules.length;
  const isLight = (row: number, column: number): boolean => modules[row]?.[column] !== true;
  const lines: string[] = [];
  for (let row = -QUIET_MODULES; row < size + QUIET_MODULES; row += 2) {
    let line = '';
    for (let column = -QUIET_MODULES; column < size + QUIET_MODULES; column += 1) {
      const isLowerThere = row + 1 < size + QUIET_MODULES;
      line += blockOf(isLight(row, column), isLowerThere && isLight(row + 1, column));
    }
    lines.push(line);
  }
  return lines;
}

function blockOf(upper: boolean, lower: boolean): string {
  if (upper) return lower ? '█' : '▀';
  return lower ? '▄' : ' ';
}
