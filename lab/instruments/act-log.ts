/** One thing that somebody did to an instrument, as the instrument saw it. */
export interface Act {
  /** Milliseconds on the one monotonic clock of the lab ({@link labNowMs}). */
  readonly atMs: number;
  /** Name of the machine at the other end of the line. */
  readonly by: string;
  readonly what: 'read' | 'write';
  /** What was written, or what the reader was given. */
  readonly value: number;
}

/** What was done to one instrument, in order. The lab's own word about who acted when, not that of a service. */
export class ActLog {
  readonly #acts: Act[] = [];

  add(by: string, what: Act['what'], value: number): void {
    this.#acts.push({ atMs: labNowMs(), by, what, value });
  }

  /** All acts since `sinceMs`. */
  since(sinceMs: number): readonly Act[] {
    return this.#acts.filter(({ atMs }) => atMs >= sinceMs);
  }
}

/** CLOCK_MONOTONIC in milliseconds: the same clock for every instrument and for whoever pulls a plug. */
export function labNowMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/**
 * How long more than one was acting: each counts from its first to its last act without a break longer than `breakMs`, and
 * a single act as a millisecond, so that one that falls in another's time counts.
 */
export function doubleActiveMs(acts: readonly Act[], breakMs: number): number {
  const spans = spansOf(acts, breakMs);
  let overlapMs = 0;
  for (const [at, one] of spans.entries()) {
    for (const other of spans.slice(at + 1)) {
      if (one.by !== other.by)
        overlapMs += Math.max(0, Math.min(endOf(one), endOf(other)) - Math.max(one.fromMs, other.fromMs));
    }
  }
  return overlapMs;
}

function endOf({ fromMs, toMs }: Span): number {
  return Math.max(toMs, fromMs + 1);
}

/** A time in which one was acting. */
interface Span {
  readonly by: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Who was acting from when to when; a break longer than `breakMs` begins a new span. */
function spansOf(acts: readonly Act[], breakMs: number): Span[] {
  const spans: Span[] = [];
  const open = new Map<string, { by: string; fromMs: number; toMs: number }>();
  for (const { by, atMs } of acts) {
    const span = open.get(by);
    if (span !== undefined && atMs - span.toMs <= breakMs) {
      span.toMs = atMs;
      continue;
    }
    const begun = { by, fromMs: atMs, toMs: atMs };
    open.set(by, begun);
    spans.push(begun);
  }
  return spans;
}
