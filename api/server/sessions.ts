import { createHash } from 'node:crypto';
import type { Clock } from '../../foundation/clock.ts';
import type { Random } from '../../foundation/random.ts';

/** An operator who signed in on a browser. */
export interface Session {
  readonly csrfToken: string;
  readonly createdAtMs: number;
}

interface Kept extends Session {
  usedAtMs: number;
}

const IDLE_MS = 12 * 3_600_000;
const LONGEST_MS = 7 * 24 * 3_600_000;
const MAX_SESSIONS = 256;
const TOKEN_BYTES = 32;

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

  /** @returns the token for the cookie, and the session */
  begin(): { token: string; session: Session } {
    const nowMs = this.#clock.nowMs();
    const token = this.#text();
    const session = { csrfToken: this.#text(), createdAtMs: nowMs, usedAtMs: nowMs };
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

  #isOver({ createdAtMs, usedAtMs }: Kept): boolean {
    const nowMs = this.#clock.nowMs();
    return nowMs - createdAtMs >= LONGEST_MS || nowMs - usedAtMs >= IDLE_MS;
  }

  #text(): string {
    return Buffer.from(this.#random.bytes(TOKEN_BYTES)).toString('base64url');
  }
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
