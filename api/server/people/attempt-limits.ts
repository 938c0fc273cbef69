import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';

interface Counted {
  attempts: number;
  windowEndsMs: number;
  lockedUntilMs: number;
  nextLockMs: number;
}

const MOST_FAILURES = 5;
const WINDOW_MS = 15 * 60_000;
/** One-time codes from the same address wait too: whoever has the console gets in again within this. */
const LONGEST_LOCK_MS = 3_600_000;
const MAX_KEYS = 4096;

/**
 * Five failures in a quarter of an hour for each key (an address, a user's name), then a lock. An attempt counts before
 * it is judged, so that many at the same moment are not more than five either.
 */
export class AttemptLimits {
  readonly #clock: Clock;
  readonly #longestLockMs: number;
  readonly #keys = new LRUCache<string, Counted>({ max: MAX_KEYS });

  /** @param options.longestLockMs each lock is twice as long as the one before, up to this; default an hour */
  constructor(clock: Clock, options: { longestLockMs?: number } = {}) {
    this.#clock = clock;
    this.#longestLockMs = options.longestLockMs ?? LONGEST_LOCK_MS;
  }

  /** Counts an attempt. @throws UsherError SIGN_IN_LIMITED (with retryAfterSec) */
  begin(key: string): void {
    const nowMs = this.#clock.nowMs();
    const before = this.#keys.get(key);
    if (before !== undefined && before.lockedUntilMs > nowMs) throw locked(before.lockedUntilMs - nowMs);
    const fresh = { attempts: 0, windowEndsMs: nowMs + WINDOW_MS, lockedUntilMs: 0 };
    const counted: Counted =
      before !== undefined && before.windowEndsMs > nowMs
        ? before
        : { ...fresh, nextLockMs: before?.nextLockMs ?? Math.min(WINDOW_MS, this.#longestLockMs) };
    counted.attempts += 1;
    if (counted.attempts >= MOST_FAILURES) {
      counted.lockedUntilMs = nowMs + counted.nextLockMs;
      counted.windowEndsMs = counted.lockedUntilMs;
      counted.nextLockMs = Math.min(counted.nextLockMs * 2, this.#longestLockMs);
    }
    this.#keys.set(key, counted);
  }

  /** The attempt was a good one: everything before it is forgiven. */
  succeed(key: string): void {
    this.#keys.delete(key);
  }
}

function locked(leftMs: number): UsherError {
  const retryAfterSec = Math.ceil(leftMs / 1000);
  return new UsherError('SIGN_IN_LIMITED', { retryAfterSec, minutes: Math.ceil(leftMs / 60_000) });
}
