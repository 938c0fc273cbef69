import { createHash, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../foundation/clock.ts';
import { normaliseCrockford, toCrockford } from '../../foundation/crockford.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';
import { Secret } from '../../foundation/secret.ts';

const CODE_LIFE_MS = 10 * 60_000;
/** 40 bits: eight characters. With five tries a quarter of an hour that is enough for ten minutes. */
const CODE_BYTES = 5;
const MAX_CODES = 8;
const MAX_FAILURES = 5;
const WINDOW_MS = 15 * 60_000;
/** Each lock is twice as long as the one before, up to this. */
const LONGEST_LOCK_MS = 24 * 3_600_000;
const MAX_CALLERS = 4096;

interface Caller {
  failures: number;
  windowEndsMs: number;
  lockedUntilMs: number;
  nextLockMs: number;
}

/** One-time codes by which operators sign in on a browser, and the limits on guessing them. */
export class SignIn {
  readonly #clock: Clock;
  readonly #random: Random;
  #codes: { hash: Buffer; expiresAtMs: number }[] = [];
  readonly #callers = new LRUCache<string, Caller>({ max: MAX_CALLERS });

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A new code, valid once within ten minutes. Only the newest eight count. */
  newCode(): { code: Secret; expiresAtMs: number } {
    const text = toCrockford(this.#random.bytes(CODE_BYTES));
    const expiresAtMs = this.#clock.nowMs() + CODE_LIFE_MS;
    this.#codes = [...this.#codes, { hash: hashOf(text), expiresAtMs }].slice(-MAX_CODES);
    return { code: new Secret(`${text.slice(0, 4)}-${text.slice(4)}`.toUpperCase()), expiresAtMs };
  }

  /**
   * Uses a code up.
   * @param address who tries; failures are counted for each
   * @throws UsherError SIGN_IN_FAILED, RATE_LIMITED (with retryAfterSec)
   */
  redeem(code: string, address: string): void {
    const nowMs = this.#clock.nowMs();
    const caller = this.#callers.get(address);
    if (caller !== undefined && caller.lockedUntilMs > nowMs) throw locked(caller.lockedUntilMs - nowMs);
    const hash = hashOf(normaliseCrockford(code));
    this.#codes = this.#codes.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
    const found = this.#codes.find((kept) => timingSafeEqual(kept.hash, hash));
    if (found === undefined) {
      this.#countFailure(address, caller, nowMs);
      throw new UsherError('SIGN_IN_FAILED');
    }
    this.#codes = this.#codes.filter((kept) => kept !== found);
    this.#callers.delete(address);
  }

  #countFailure(address: string, before: Caller | undefined, nowMs: number): void {
    const fresh = { failures: 0, windowEndsMs: nowMs + WINDOW_MS, lockedUntilMs: 0 };
    const caller: Caller =
      before !== undefined && before.windowEndsMs > nowMs
        ? before
        : { ...fresh, nextLockMs: before?.nextLockMs ?? WINDOW_MS };
    caller.failures += 1;
    if (caller.failures >= MAX_FAILURES) {
      caller.lockedUntilMs = nowMs + caller.nextLockMs;
      caller.windowEndsMs = caller.lockedUntilMs;
      caller.nextLockMs = Math.min(caller.nextLockMs * 2, LONGEST_LOCK_MS);
    }
    this.#callers.set(address, caller);
  }
}

function locked(leftMs: number): UsherError {
  return new UsherError('RATE_LIMITED', { retryAfterSec: Math.ceil(leftMs / 1000) });
}

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}
