/** A measure as every bench prints it: median, 95th percentile, maximum and the number of samples. */
export interface Summary {
  p50: number;
  p95: number;
  max: number;
  n: number;
}

/** Nearest-rank percentiles of `samples`, rounded to one decimal. */
export function summarise(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  return { p50: rank(sorted, 0.5), p95: rank(sorted, 0.95), max: rank(sorted, 1), n: sorted.length };
}

function rank(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return Math.round(value * 10) / 10;
}
