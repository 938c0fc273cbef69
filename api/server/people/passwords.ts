import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { UsherError } from '../../../foundation/errors.ts';
import type { Random } from '../../../foundation/random.ts';
import type { Secret } from '../../../foundation/secret.ts';

const derive = promisify<string, Uint8Array, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);

/**
 * One of the settings that OWASP's Password Storage Cheat Sheet calls equal to N=2^17, p=1; of these the one that takes
 * 16 MiB, since a master may be a router (ADR 10).
 */
const COST = { ln: 14, r: 8, p: 5 };
const MAXMEM_BYTES = 64 * 2 ** 20;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** PHC string format: `$scrypt$ln=14,r=8,p=5$salt$hash`, base64 without padding. */
const PHC = /^\$scrypt\$ln=(\d{2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;
/** More wait for nobody: each takes a tenth of a second and more. */
const MOST_WAITING = 16;

const SHORTEST = 12;
const LONGEST = 256;

/** Hashes passwords, one at a time. */
export class Passwords {
  readonly #random: Random;
  /** Of no password: what a name that nobody has is compared with, so that it takes as long. */
  readonly #decoy: string;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#decoy = phc(COST, Buffer.alloc(SALT_BYTES), Buffer.alloc(KEY_BYTES));
  }

  /** The text to keep. @throws UsherError RATE_LIMITED when too many wait */
  async hash(password: Secret): Promise<string> {
    const salt = this.#random.bytes(SALT_BYTES);
    return phc(COST, salt, await this.#derive(password, salt, COST));
  }

  /** Whether `kept` is of this password; without one it takes as long and is false. @throws UsherError as {@link hash} */
  async verify(password: Secret, kept: string | undefined): Promise<boolean> {
    const [, ln, r, p, salt = '', key = ''] = PHC.exec(kept ?? this.#decoy) ?? [];
    if (ln === undefined) return false;
    const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
    const made = await this.#derive(password, Buffer.from(salt, 'base64'), cost);
    return timingSafeEqual(made, Buffer.from(key, 'base64')) && kept !== undefined;
  }

  async #derive(password: Secret, salt: Uint8Array, { ln, r, p }: typeof COST): Promise<Buffer> {
    if (this.#waiting >= MOST_WAITING) throw new UsherError('RATE_LIMITED', { retryAfterSec: 5 });
    this.#waiting += 1;
    const run = (): Promise<Buffer> =>
      derive(password.reveal().normalize('NFC'), salt, KEY_BYTES, { N: 2 ** ln, r, p, maxmem: MAXMEM_BYTES });
    const mine = this.#turn.then(run, run);
    this.#turn = mine;
    try {
      return await mine;
    } finally {
      this.#waiting -= 1;
    }
  }
}

/**
 * Length alone makes a password hard to guess, together with the limits on guessing (NIST SP 800-63B, section 3.1.1).
 * @throws UsherError PASSWORD_UNSUITABLE
 */
export function checkPassword(password: Secret, userName: string): void {
  const text = password.reveal().normalize('NFC');
  const length = Array.from(text).length;
  const detail =
    length < SHORTEST
      ? `it has ${length} characters and needs ${SHORTEST}`
      : length > LONGEST
        ? `it has more than ${LONGEST} characters`
        : new Set(text).size < 4
          ? 'it is the same few characters again and again'
          : text.toLowerCase().replaceAll(userName, '').length < SHORTEST / 2
            ? 'it is little more than the name of the user'
            : undefined;
  if (detail !== undefined) throw new UsherError('PASSWORD_UNSUITABLE', { detail });
}

function phc({ ln, r, p }: typeof COST, salt: Uint8Array, key: Uint8Array): string {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=${ln},r=${r},p=${p}$${text(salt)}$${text(key)}`;
}
