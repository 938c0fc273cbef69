import type { CancelTimer, Clock } from '../../foundation/clock.ts';

/** Bounds of requests that are held open. */
export interface LongPollLimits {
  total: number;
  perDevice: number;
}

/** How a wait ended: by a change, or by its time, its caller, or a lack of places. */
type WaitEnd = 'woken' | 'over';

interface Waiter {
  finish: (end: WaitEnd) => void;
}

/** Requests that wait for a change of one device each; bounded, and nothing is left behind by one that goes away. */
export class LongPolls {
  readonly #clock: Clock;
  readonly #limits: LongPollLimits;
  readonly #waiters = new Map<string, Set<Waiter>>();
  #size = 0;

  constructor(clock: Clock, limits: LongPollLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Requests that wait now. */
  get size(): number {
    return this.#size;
  }

  /**
   * Resolves with `woken` at the next {@link wake} of that device, and with `over` after `limitMs` or when `signal`
   * aborts. When all places are taken it is over at once; a device that opens more than its share ends its own oldest.
   */
  wait(deviceId: string, limitMs: number, signal: AbortSignal): Promise<WaitEnd> {
    const own = this.#waiters.get(deviceId) ?? new Set<Waiter>();
    if (own.size >= this.#limits.perDevice) [...own][0]?.finish('over');
    if (signal.aborted || this.#size >= this.#limits.total) return Promise.resolve('over');
    return new Promise((resolve) => {
      let cancel: CancelTimer = () => undefined;
      const onAbort = (): void => waiter.finish('over');
      const waiter: Waiter = {
        finish: (end) => {
          cancel();
          signal.removeEventListener('abort', onAbort);
          if (!own.delete(waiter)) return;
          this.#size -= 1;
          if (own.size === 0) this.#waiters.delete(deviceId);
          resolve(end);
        },
      };
      this.#waiters.set(deviceId, own.add(waiter));
      this.#size += 1;
      cancel = this.#clock.after(limitMs, () => waiter.finish('over'));
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** True while the device waits. */
  isWaiting(deviceId: string): boolean {
    return this.#waiters.has(deviceId);
  }

  /** Ends the waits of one device. */
  wake(deviceId: string): void {
    for (const waiter of [...(this.#waiters.get(deviceId) ?? [])]) waiter.finish('woken');
  }

  /** Ends every wait, as if its time were over. */
  endAll(): void {
    for (const waiters of [...this.#waiters.values()]) for (const waiter of [...waiters]) waiter.finish('over');
  }
}
