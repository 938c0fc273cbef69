/** Dark modules side by side in one row of a QR code. */
export interface QrRun {
  readonly column: number;
  readonly row: number;
  readonly length: number;
}

/** All dark modules of a QR code, each in exactly one run. */
export function runsOf(modules: readonly (readonly boolean[])[]): QrRun[] {
  return modules.flatMap((cells, row) => {
    const runs: QrRun[] = [];
    let from: number | undefined;
    [...cells, false].forEach((isDark, column) => {
      if (isDark) from ??= column;
      else if (from !== undefined) {
        runs.push({ column: from, row, length: column - from });
        from = undefined;
      }
    });
    return runs;
  });
}
