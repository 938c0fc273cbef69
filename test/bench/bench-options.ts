/** Options every bench understands. */
export interface BenchOptions {
  /** The k3s binary; default: the stand-in. */
  k3s: string | undefined;
  images: string | undefined;
  /** Pairs to measure. */
  pairs: number;
  /** Sizes of the storms, in boards. */
  sizes: readonly number[];
  /** Runs of each fault. */
  runs: number;
  /** Which faults; none means all. */
  faults: readonly string[];
  say: (line: string) => void;
}
