const MOST_NAMED = 3;

/** Of `names`, those that `text` was most likely meant to be: few slips of the finger away, nearest first. */
export function nearest(text: string, names: readonly string[]): string[] {
  const wanted = text.toLowerCase();
  const limit = Math.floor(wanted.length / 3);
  const near = [...new Set(names)].map((name) => ({ name, slips: slipsBetween(wanted, name.toLowerCase()) }));
  return near
    .filter(({ slips }) => slips <= limit && limit > 0)
    .sort((a, b) => a.slips - b.slips || (a.name < b.name ? -1 : 1))
    .slice(0, MOST_NAMED)
    .map(({ name }) => name);
}

/** Insertions, deletions, changes and swaps of neighbours that lead from one to the other (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  let [before, last]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? at(before, j - 2) + 1 : change;
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, change, swap));
    }
    [before, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[] | undefined, index: number): number {
  return row?.[index] ?? Number.POSITIVE_INFINITY;
}
