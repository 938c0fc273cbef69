import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { UsherError } from '../../foundation/errors.ts';
import { printable } from '../../foundation/text.ts';
import type { Actor, ActorType } from '../core/people/actor.ts';
import type { SignInWay } from '../core/schemas.ts';
import type { ApiToken } from './api-token.ts';
import { hostOf } from './machine-names.ts';
import type { KnownToken, TokenSource } from './people/api-tokens.ts';
import type { Session, Sessions } from './sessions.ts';

/** Who asks: the command line, a program with an API token, or a browser that signed in. */
export type Caller =
  { by: 'cli' } | { by: 'api-token'; token: KnownToken } | { by: 'session'; session: Session; token: string };

/** `__Host-`: only this very host may set it, only over TLS, for all paths (RFC 6265bis, section 4.1.3.2). */
export const SESSION_COOKIE = '__Host-usher';
const CSRF_HEADER = 'x-usher-csrf';

const COOKIE_PATTERN = new RegExp(`(?:^|; ?)${SESSION_COOKIE}=([\\w-]{1,128})(?:;|$)`);
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);
const ACTOR_OF_WAY: Readonly<Record<SignInWay, ActorType>> = {
  code: 'console',
  password: 'user',
  passkey: 'user',
  oidc: 'oidc',
};

/** Finds out who asks. */
export class Access {
  readonly #cli: ApiToken;
  readonly #apiTokens: TokenSource;
  readonly #sessions: Sessions;

  constructor(cli: ApiToken, apiTokens: TokenSource, sessions: Sessions) {
    this.#cli = cli;
    this.#apiTokens = apiTokens;
    this.#sessions = sessions;
  }

  /** Who asks, or undefined. Whoever shows a token is judged by it alone: a cookie beside it counts for nothing. */
  callerOf(request: Request): Caller | undefined {
    const authorization = request.get('authorization');
    if (authorization !== undefined) {
      if (this.#cli.isIn(authorization)) return { by: 'cli' };
      const token = this.#apiTokens.find(authorization);
      return token === undefined ? undefined : { by: 'api-token', token };
    }
    const token = sessionTokenOf(request);
    const session = token === undefined ? undefined : this.#sessions.find(token);
    return token === undefined || session === undefined ? undefined : { by: 'session', session, token };
  }

  /** The command line's token; limits on requests do not count for it. */
  isCommandLine(request: Request): boolean {
    return this.#cli.isIn(request.get('authorization'));
  }

  actorOf(caller: Caller, ip: string): Actor {
    if (caller.by === 'cli') return { type: 'cli', id: 'cli', role: 'admin', ip };
    if (caller.by === 'api-token') return { type: 'token', id: caller.token.id, role: caller.token.role, ip };
    const { user, way } = caller.session;
    return { type: ACTOR_OF_WAY[way], id: user.name, role: user.role, ip };
  }

  /** Whether the caller still may listen. Does not count as use of a session. */
  isStillAllowed(caller: Caller): boolean {
    if (caller.by === 'cli') return true;
    return caller.by === 'session' ? this.#sessions.isAlive(caller.session) : this.#apiTokens.isAlive(caller.token.id);
  }

  /** The session that this browser has, whether it is alive or not: a new sign-in ends it. */
  cookieOf(request: Request): string | undefined {
    return sessionTokenOf(request);
  }
}

/**
 * Lets a browser's change pass only when it comes from the page itself and carries its session's CSRF token.
 * @throws UsherError ORIGIN_NOT_ALLOWED, CSRF_TOKEN_INVALID
 */
export function checkChange(request: Request, { csrfToken }: Session): void {
  if (READING.has(request.method)) return;
  checkOrigin(request, true);
  if (!sameText(request.get(CSRF_HEADER) ?? '', csrfToken)) throw new UsherError('CSRF_TOKEN_INVALID');
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
