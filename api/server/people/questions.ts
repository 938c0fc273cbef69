import { createHmac, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../foundation/clock.ts';
import type { Random } from '../../../foundation/random.ts';

const KEY_BYTES = 32;
const SEED_BYTES = 16;
/** Milliseconds since 1970, as six bytes. */
const TIME_BYTES = 6;
const MAC_BYTES = 32;
const SIGNED_BYTES = SEED_BYTES + TIME_BYTES;
/** Only answers are remembered, and those are limited by address. */
const MOST_ANSWERED = 4096;

export interface QuestionsOptions {
  clock: Clock;
  random: Random;
  /** How long a question may be answered. */
  lifeMs: number;
}

/**
 * Questions to strangers, each to be answered once. A question carries its own end and is sealed with a key of this process
 * (HMAC, RFC 2104), so nothing is kept of it: however many are asked, none is pushed out.
 */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #key: Uint8Array;
  readonly #answered = new LRUCache<string, true>({ max: MOST_ANSWERED });

  constructor(options: QuestionsOptions) {
    this.#options = options;
    this.#key = options.random.bytes(KEY_BYTES);
  }

  /** A new question, 54 bytes. @param about whom or what it is for; the answer must be about the same */
  ask(about: string): Uint8Array<ArrayBuffer> {
    const { clock, random, lifeMs } = this.#options;
    const signed = Buffer.alloc(SIGNED_BYTES);
    signed.set(random.bytes(SEED_BYTES));
    signed.writeUIntBE(clock.nowMs() + lifeMs, SEED_BYTES, TIME_BYTES);
    return new Uint8Array(Buffer.concat([signed, this.#sealOf(signed, about)]));
  }

  /** Whether this is a question of ours, about that, in time, and was not answered before. @param question base64url */
  answer(question: string, about: string): boolean {
    const bytes = Buffer.from(question, 'base64url');
    if (bytes.length !== SIGNED_BYTES + MAC_BYTES) return false;
    const signed = bytes.subarray(0, SIGNED_BYTES);
    if (!timingSafeEqual(bytes.subarray(SIGNED_BYTES), this.#sealOf(signed, about))) return false;
    if (signed.readUIntBE(SEED_BYTES, TIME_BYTES) <= this.#options.clock.nowMs()) return false;
    // By its bytes: one text in base64url has others that mean the same.
    const name = signed.toString('hex');
    if (this.#answered.has(name)) return false;
    this.#answered.set(name, true);
    return true;
  }

  /** A secret of a question that nobody else can tell from it, 43 characters. @param question as {@link ask} gave it */
  secretOf(question: Uint8Array, what: string): string {
    return createHmac('sha256', this.#key).update(`secret ${what} `).update(question).digest('base64url');
  }

  #sealOf(signed: Uint8Array, about: string): Buffer {
    return createHmac('sha256', this.#key).update(signed).update(`question ${about}`).digest();
  }
}
