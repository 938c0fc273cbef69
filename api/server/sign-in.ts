import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../foundation/clock.ts';
import { normaliseCrockford, toCrockford } from '../../foundation/crockford.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';
import { Secret } from '../../foundation/secret.ts';
import { AttemptLimits } from './people/attempt-limits.ts';

const CODE_LIFE_MS = 10 * 60_000;
/** 40 bits: eight characters. With five tries a quarter of an hour that is enough for ten minutes. */
const CODE_BYTES = 5;
const MAX_CODES = 8;

/** One-time codes by which operators sign in on a browser, and the limits on guessing them. */
export class SignIn {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #addresses: AttemptLimits;
  #codes: { hash: Buffer; expiresAtMs: number }[] = [];

  /** @param addresses failures are counted for each; shared with the other ways to sign in */
  constructor(clock: Clock, random: Random, addresses = new AttemptLimits(clock)) {
    this.#clock = clock;
    this.#random = random;
    this.#addresses = addresses;
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
   * @param address who tries
   * @throws UsherError SIGN_IN_FAILED, SIGN_IN_LIMITED (with retryAfterSec)
   */
  redeem(code: string, address: string): void {
    this.#addresses.begin(address);
    const nowMs = this.#clock.nowMs();
    const hash = hashOf(normaliseCrockford(code));
    this.#codes = this.#codes.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
    const found = this.#codes.find((kept) => timingSafeEqual(kept.hash, hash));
    if (found === undefined) throw new UsherError('SIGN_IN_FAILED');
    this.#codes = this.#codes.filter((kept) => kept !== found);
    this.#addresses.succeed(address);
  }
}

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}
