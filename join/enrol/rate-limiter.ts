import { LRUCache } from 'lru-cache';
import type { Clock } from '../../foundation/clock.ts';

/** So many uses in so long. */
export interface Limit {
  uses: number;
  perSec: number;
}

interface Bucket {
  /** Uses that may still be made; refills evenly. */
  left: number;
  atMs: number;
}

/**
 * A token bucket per key (a device's key, an address). Connections are counted before there is any HTTP, and device
 * keys are known only from TLS, so this is counted here and not in a middleware. Keys are bounded: the longest unused
 * is forgotten, which at worst forgives an old sin.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #limit: Limit;
  readonly #buckets: LRUCache<string, Bucket>;

  constructor(clock: Clock, limit: Limit, mostKeys = 4096) {
    this.#clock = clock;
    this.#limit = limit;
    this.#buckets = new LRUCache({ max: mostKeys });
  }

  /**
   * Takes one use. Gives 0 when it was there, else the seconds until the next one is.
   * @param reserve uses that are not for this caller: it counts as if so many fewer were left
   */
  take(key: string, reserve = 0): number {
    const bucket = this.#filled(key);
    const waitSec = this.#waitSec({ ...bucket, left: bucket.left - reserve });
    this.#buckets.set(key, waitSec === 0 ? { ...bucket, left: bucket.left - 1 } : bucket);
    return waitSec;
  }

  /** As {@link take}, but takes nothing: for uses that count only when they fail. */
  peek(key: string): number {
    return this.#waitSec(this.#filled(key));
  }

  /** Whether no use of the key's is missing: it was not heard of, or not lately. */
  isFull(key: string): boolean {
    return this.#filled(key).left >= this.#limit.uses;
  }

  #waitSec({ left }: Bucket): number {
    return left >= 1 ? 0 : Math.max(1, Math.ceil(((1 - left) * this.#limit.perSec) / this.#limit.uses));
  }

  #filled(key: string): Bucket {
    const nowMs = this.#clock.nowMs();
    const known = this.#buckets.get(key);
    if (known === undefined) return { left: this.#limit.uses, atMs: nowMs };
    // A clock that was set back refills nothing; it must not empty the bucket either.
    const passedSec = Math.max(0, nowMs - known.atMs) / 1000;
    const refilled = known.left + (passedSec * this.#limit.uses) / this.#limit.perSec;
    return { left: Math.min(this.#limit.uses, refilled), atMs: nowMs };
  }
}
