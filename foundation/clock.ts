/** Stops a timer that has not fired yet; calling it twice is harmless. */
export type CancelTimer = () => void;

/** Time as the product sees it. Injected everywhere, so that tests move it instead of sleeping. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Calls `run` once after `delayMs`. A pending timer does not keep the process alive unless `hold` says so. */
  after(delayMs: number, run: () => void, hold?: 'hold'): CancelTimer;
}

/** Above this, `setTimeout` fires at once (its delay is a signed 32-bit number of milliseconds). */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** The machine's own clock. Delays of any length are honoured by re-arming. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, run, hold) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = (leftMs: number): void => {
      const nowMs = Math.min(leftMs, LONGEST_TIMEOUT_MS);
      timer = setTimeout(() => {
        if (leftMs > nowMs) arm(leftMs - nowMs);
        else run();
      }, nowMs);
      if (hold === undefined) timer.unref();
    };
    arm(Math.max(0, delayMs));
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Waits on `clock`, keeping the process alive; rejects with the signal's reason when `signal` is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const onTime = (): void => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    };
    const cancel = clock.after(delayMs, onTime, 'hold');
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** RFC 3339 text of a moment, with milliseconds, in UTC. */
export function toRfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
