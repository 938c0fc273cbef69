import { createHash } from 'node:crypto';
import type { Clock } from '../../foundation/clock.ts';
import { toCrockford } from '../../foundation/crockford.ts';
import type { Random } from '../../foundation/random.ts';
import type { Role } from '../core/people/role.ts';
import type { SignInWay } from '../core/schemas.ts';

/** Who signed in, how and where. */
export interface SignedIn {
  readonly user: { readonly name: string; readonly role: Role };
  readonly way: SignInWay;
  readonly ip: string;
  /** What the browser says it is. */
  readonly browser: string;
}

/** An operator who signed in on a browser. */
export interface Session extends SignedIn {
  /** Public: names the session in lists, and gives no access. */
  readonly id: string;
  readonly csrfToken: string;
  readonly createdAtMs: number;
  readonly usedAtMs: number;
}

type Kept = { -readonly [Field in keyof Session]: Session[Field] };

const IDLE_MS = 12 * 3_600_000;
const LONGEST_MS = 7 * 24 * 3_600_000;
const MAX_SESSIONS = 256;
const TOKEN_BYTES = 32;
const ID_BYTES = 10;

/**
 * Sessions, in memory only: a restart signs everybody out. Kept under the hash of their token, so that a dump of the
 * memory's list gives no cookie. When there are too many, the one unused for longest ends.
 */
export class Sessions {
  readonly #clock: Clock;
  readonly #random: Random;
  /** In order of use, oldest first. */
  readonly #sessions = new Map<string, Kept>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Begins a session under a new token; the one that the browser had before ends, so that nobody can plant one.
   * @returns the token for the cookie, and the session
   */
  begin(signedIn: SignedIn, before?: string): { token: string; session: Session } {
    if (before !== undefined) this.end(before);
    const nowMs = this.#clock.nowMs();
    const token = this.#text();
    const session: Kept = {
      ...signedIn,
      id: toCrockford(this.#random.bytes(ID_BYTES)),
      csrfToken: this.#text(),
      createdAtMs: nowMs,
      usedAtMs: nowMs,
    };
    this.#sessions.set(keyOf(token), session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    return { token, session };
  }

  /** The session of a cookie; using it keeps it alive. */
  find(token: string): Session | undefined {
    const key = keyOf(token);
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    this.#sessions.delete(key);
    if (this.#isOver(session)) return undefined;
    session.usedAtMs = this.#clock.nowMs();
    this.#sessions.set(key, session);
    return session;
  }

  /** Those that are alive, the last used first. Does not count as use. */
  list(): Session[] {
    return [...this.#sessions.values()].filter((session) => !this.#isOver(session)).reverse();
  }

  /** When it ends at the latest, if it is not used any more. */
  endsAtMs({ createdAtMs, usedAtMs }: Session): number {
    return Math.min(createdAtMs + LONGEST_MS, usedAtMs + IDLE_MS);
  }

  /** Whether it was neither ended nor has expired. Does not count as use. */
  isAlive(session: Session): boolean {
    for (const kept of this.#sessions.values()) {
      if (kept === session) return !this.#isOver(kept);
    }
    return false;
  }

  end(token: string): void {
    this.#sessions.delete(keyOf(token));
  }

  /** Ends all that `which` names, and says how many. */
  endAll(which: (session: Session) => boolean): number {
    const ended = [...this.#sessions].filter(([, session]) => which(session));
    for (const [key] of ended) this.#sessions.delete(key);
    return ended.length;
  }

  #isOver(session: Session): boolean {
    return this.#clock.nowMs() >= this.endsAtMs(session);
  }

  #text(): string {
    return Buffer.from(this.#random.bytes(TOKEN_BYTES)).toString('base64url');
  }
}

/** Whether it is one of a user of this appliance: not of the console's code, nor of the organisation's sign-in. */
export function isOfUser({ way, user }: SignedIn, name: string): boolean {
  return (way === 'password' || way === 'passkey') && user.name === name;
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
