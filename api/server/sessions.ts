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
  /** When the person proved to be there, if that was before this sign-in. */
  readonly provenAtMs?: number | undefined;
}

/** An operator who signed in on a browser. */
export interface Session extends SignedIn {
  /** Public: names the session in lists, and gives no access. */
  readonly id: string;
  readonly csrfToken: string;
  readonly createdAtMs: number;
  readonly usedAtMs: number;
  /** When the person last proved to be there: what needs a fresh sign-in counts from here. */
  readonly provenAtMs: number;
}

type Kept = { -readonly [Field in keyof Session]: Session[Field] };

const IDLE_MS = 12 * 3_600_000;
const LONGEST_MS = 7 * 24 * 3_600_000;
/** The organisation tells at a sign-in only who somebody is and may do: who lost a role there loses it here within this. */
const LONGEST_OIDC_MS = 3_600_000;
const MAX_SESSIONS = 256;
/** So that nobody can end the sessions of others by signing in often. */
const MAX_OF_ONE = 32;
const TOKEN_BYTES = 32;
const ID_BYTES = 10;

/**
 * Sessions, in memory only: a restart signs everybody out. Kept under the hash of their token, so that a dump of the
 * memory's list gives no cookie. When there are too many, of one person or in all, the one unused for longest ends.
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
      provenAtMs: Math.min(signedIn.provenAtMs ?? nowMs, nowMs),
    };
    this.#sessions.set(keyOf(token), session);
    this.#endOldest((kept) => isOfSame(kept, signedIn), MAX_OF_ONE);
    this.#endOldest(() => true, MAX_SESSIONS);
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
  endsAtMs({ createdAtMs, usedAtMs, way }: Session): number {
    return Math.min(createdAtMs + (way === 'oidc' ? LONGEST_OIDC_MS : LONGEST_MS), usedAtMs + IDLE_MS);
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

  #endOldest(which: (session: Session) => boolean, most: number): void {
    const keys = [...this.#sessions].filter(([, session]) => which(session)).map(([key]) => key);
    for (const key of keys.slice(0, Math.max(0, keys.length - most))) this.#sessions.delete(key);
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

/** Whether it is the same person; somebody of the organisation may have the name of a user. */
function isOfSame(one: SignedIn, other: SignedIn): boolean {
  const kindOf = ({ way }: SignedIn): string => (way === 'passkey' ? 'password' : way);
  return one.user.name === other.user.name && kindOf(one) === kindOf(other);
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
