/** Options every bench understands. */
export interface BenchOptions {
  /** The k3s binary; default: the stand-in. */
  k3s: string | undefined;
  images: string | undefined;
  /** Pairs to measure. */
  pairs: number;
  /** Sizes of the storms, in boards. */
  sizes: readonly number[];
  say: (line: string) => void;
}
