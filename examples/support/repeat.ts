export interface RepeatOptions {
  readonly periodMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Called with each failure; the next turn comes all the same. */
  readonly onFailure: (error: unknown) => void;
  /** Called when no turn came off for `patienceMs`; what then is the caller's choice. */
  readonly onGiveUp: (error: unknown) => void;
  readonly patienceMs: number;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Resolves after the time, or at once when the signal is aborted. */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Does `work` every `periodMs` until the signal is aborted, and resolves when the last turn is over. A turn that takes
 * longer than the period takes the next ones' time; they do not pile up.
 */
export async function repeat(work: () => Promise<void>, options: RepeatOptions): Promise<void> {
  const { periodMs, signal, nowMs, wait, patienceMs } = options;
  let dueMs = nowMs();
  let goodAtMs = dueMs;
  while (!signal.aborted) {
    try {
      await work();
      goodAtMs = nowMs();
    } catch (error) {
      // The end of the role ends the work under way, which is no failure.
      if (isAborted(signal)) return;
      options.onFailure(error);
      if (nowMs() - goodAtMs >= patienceMs) {
        options.onGiveUp(error);
        return;
      }
    }
    dueMs = Math.max(dueMs + periodMs, nowMs());
    await wait(Math.max(0, dueMs - nowMs()), signal);
  }
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
