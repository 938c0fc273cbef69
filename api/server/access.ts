import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { UsherError } from '../../foundation/errors.ts';
import { printable } from '../../foundation/text.ts';
import type { ApiToken } from './api-token.ts';
import { hostOf } from './machine-names.ts';
import type { Session, Sessions } from './sessions.ts';

/** Who asks: the command line with its API token, or a browser that signed in. */
export type Caller = { by: 'token' } | { by: 'session'; session: Session; token: string };

/** `__Host-`: only this very host may set it, only over TLS, for all paths (RFC 6265bis, section 4.1.3.2). */
export const SESSION_COOKIE = '__Host-usher';
export const CSRF_HEADER = 'x-usher-csrf';

const COOKIE_PATTERN = new RegExp(`(?:^|; ?)${SESSION_COOKIE}=([\\w-]{1,128})(?:;|$)`);
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Decides who may do what. */
export class Access {
  readonly #apiToken: ApiToken;
  readonly #sessions: Sessions;

  constructor(apiToken: ApiToken, sessions: Sessions) {
    this.#apiToken = apiToken;
    this.#sessions = sessions;
  }

  /** Who asks, or undefined. */
  callerOf(request: Request): Caller | undefined {
    if (this.hasApiToken(request)) return { by: 'token' };
    const token = sessionTokenOf(request);
    const session = token === undefined ? undefined : this.#sessions.find(token);
    return token === undefined || session === undefined ? undefined : { by: 'session', session, token };
  }

  hasApiToken(request: Request): boolean {
    return this.#apiToken.isIn(request.get('authorization'));
  }

  /** Whether the caller still may listen. Does not count as use of a session. */
  isStillAllowed(caller: Caller): boolean {
    return caller.by === 'token' || this.#sessions.isAlive(caller.session);
  }

  /**
   * Lets operators pass. A change by a browser must come from the page itself and carry its session's CSRF token.
   * Rejects with SIGN_IN_NEEDED, ORIGIN_NOT_ALLOWED or CSRF_TOKEN_INVALID.
   */
  readonly operatorsOnly: RequestHandler = (request, _response, next) => {
    const caller = this.callerOf(request);
    if (caller === undefined) throw new UsherError('SIGN_IN_NEEDED');
    if (caller.by === 'session' && !READING.has(request.method)) {
      checkOrigin(request, true);
      if (!sameText(request.get(CSRF_HEADER) ?? '', caller.session.csrfToken))
        throw new UsherError('CSRF_TOKEN_INVALID');
    }
    next();
  };

  /** Lets only the API token pass. Rejects with SIGN_IN_NEEDED or API_TOKEN_NEEDED. */
  readonly apiTokenOnly: RequestHandler = (request, _response, next) => {
    if (this.hasApiToken(request)) next();
    else throw new UsherError(this.callerOf(request) === undefined ? 'SIGN_IN_NEEDED' : 'API_TOKEN_NEEDED');
  };
}

/**
 * Refuses what another site makes a browser send: Origin must be this very host, and Fetch Metadata, where the browser
 * sends it, must say same-origin.
 * @param needed whether a request that names no origin at all is refused too
 * @throws UsherError ORIGIN_NOT_ALLOWED
 */
export function checkOrigin(request: Request, needed: boolean): void {
  const origin = request.get('origin');
  const site = request.get('sec-fetch-site');
  const isSameHost =
    origin !== undefined && origin.toLowerCase() === `https://${(request.get('host') ?? '').toLowerCase()}`;
  const isSameSite = site === undefined || site === 'same-origin';
  const isOk = isSameSite && (isSameHost || (origin === undefined && (!needed || site === 'same-origin')));
  if (!isOk)
    throw new UsherError('ORIGIN_NOT_ALLOWED', { origin: printable(origin ?? site ?? 'an unnamed origin', 100) });
}

/** Lets only requests pass whose Host header names this machine (DNS rebinding). Rejects with HOST_NOT_ALLOWED. */
export function ownHostsOnly(isOwn: (name: string) => boolean): RequestHandler {
  return (request, _response, next) => {
    const authority = request.get('host') ?? '';
    const name = hostOf(authority);
    if (name === undefined || !isOwn(name)) {
      throw new UsherError('HOST_NOT_ALLOWED', { host: printable(authority, 100) });
    }
    next();
  };
}

function sessionTokenOf(request: Request): string | undefined {
  return COOKIE_PATTERN.exec(request.get('cookie') ?? '')?.[1];
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
