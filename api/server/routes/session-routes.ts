import { Router, type Request, type Response } from 'express';
import { toRfc3339 } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { printable } from '../../../foundation/text.ts';
import { mayDo } from '../../core/people/role.ts';
import {
  PasskeySignIn,
  SignIn as SignInRequest,
  type SessionList,
  type SessionView,
  type SignedInView,
  type SignInCode,
  type SignInWay,
} from '../../core/schemas.ts';
import { checkOrigin, SESSION_COOKIE } from '../access.ts';
import { addressKey, requestAddress } from '../client-address.ts';
import { placeOf, waysOf } from '../people/page-place.ts';
import type { People } from '../people/open-people.ts';
import { actorOf, auditDetails, FRESH_MS, localsOf } from '../people/request-actor.ts';
import { bodyOf } from '../request-body.ts';
import type { Session, SignedIn } from '../sessions.ts';

const MAX_BROWSER = 160;
const COOKIE_FLAGS = 'Path=/; Secure; HttpOnly; SameSite=Strict';

/** Signing in and out, and who is signed in. */
export function sessionRoutes(people: People): Router {
  const { access, sessions, signIn, users, passkeys } = people;
  const router = Router();
  router.get('/session', (request, response) => {
    const caller = access.callerOf(request);
    const session = caller?.by === 'session' ? caller.session : undefined;
    const user = caller === undefined ? undefined : userOf(access.actorOf(caller, ''));
    reply(response, { ...viewOf(people, request, session), signedIn: caller !== undefined, ...(user && { user }) });
  });
  router.post('/session', async (request, response) => {
    checkOrigin(request, false);
    const { code, name, password } = bodyOf(request, SignInRequest);
    const address = addressKey(request.socket.remoteAddress);
    if (code !== undefined && name === undefined && password === undefined) {
      signIn.redeem(code, address);
      begin(people, { request, response, user: { name: 'console', role: 'admin' }, way: 'code' });
    } else if (code === undefined && name !== undefined && password !== undefined) {
      auditDetails(response, { target: printable(name, 63) });
      begin(people, { request, response, user: await users.signIn(name, password, address), way: 'password' });
    } else throw new UsherError('REQUEST_INVALID', { detail: 'give either code, or name and password' });
  });
  router.post('/session/passkey/options', async (request, response) => {
    checkOrigin(request, false);
    response.json(await passkeys.requestOptions(placeOf(request)));
  });
  router.post('/session/passkey', async (request, response) => {
    checkOrigin(request, false);
    const address = addressKey(request.socket.remoteAddress);
    const shown = bodyOf(request, PasskeySignIn);
    people.addresses.begin(address);
    const user = await passkeys.signIn(shown, placeOf(request));
    people.addresses.succeed(address);
    begin(people, { request, response, user, way: 'passkey' });
  });
  router.delete('/session', (request, response) => {
    const caller = access.callerOf(request);
    if (caller?.by === 'session') sessions.end(caller.token);
    response.setHeader('set-cookie', `${SESSION_COOKIE}=; ${COOKIE_FLAGS}; Max-Age=0`);
    response.status(204).end();
  });
  router.post('/sign-in-codes', (_request, response) => {
    if (actorOf(response).type !== 'cli') throw new UsherError('API_TOKEN_NEEDED');
    const { code, expiresAtMs } = signIn.newCode();
    response.status(201).json({ code: code.reveal(), expiresAt: toRfc3339(expiresAtMs) } satisfies SignInCode);
  });
  addSessionList(router, people);
  return router;
}

function addSessionList(router: Router, { access, sessions }: People): void {
  const maySee = (request: Request, response: Response, session: Session): boolean => {
    const caller = access.callerOf(request);
    if (mayDo(actorOf(response).role, 'admin')) return true;
    // Names are told apart by the way: somebody of the organisation may have the name of a user.
    return (
      caller?.by === 'session' &&
      session.user.name === caller.session.user.name &&
      (session.way === 'oidc') === (caller.session.way === 'oidc')
    );
  };
  router.get('/sessions', (request, response) => {
    const caller = access.callerOf(request);
    const current = caller?.by === 'session' ? caller.session.id : undefined;
    const items = sessions.list().filter((session) => maySee(request, response, session));
    const list: SessionList = {
      items: items.map((session): SignedInView => ({
        ...{ id: session.id, user: session.user, way: session.way, ip: session.ip, browser: session.browser },
        createdAt: toRfc3339(session.createdAtMs),
        lastUsedAt: toRfc3339(session.usedAtMs),
        expiresAt: toRfc3339(sessions.endsAtMs(session)),
        current: session.id === current,
      })),
    };
    response.json(list);
  });
  router.delete('/sessions/:id', (request, response) => {
    const { id } = request.params;
    if (sessions.endAll((session) => session.id === id && maySee(request, response, session)) === 0) {
      throw new UsherError('SESSION_UNKNOWN');
    }
    response.status(204).end();
  });
}

interface Begin {
  request: Request;
  response: Response;
  user: SignedIn['user'];
  way: SignInWay;
  /** See {@link SignedIn}. */
  provenAtMs?: number;
}

/** Signs a browser in: a new session, whatever cookie it came with. */
export function beginSession(
  { access, sessions }: People,
  { request, response, user, way, provenAtMs }: Begin,
): Session {
  const browser = printable(request.get('user-agent') ?? '', MAX_BROWSER);
  const signedIn: SignedIn = { user, way, browser, ip: requestAddress(request), provenAtMs };
  const { token, session } = sessions.begin(signedIn, access.cookieOf(request));
  response.append('set-cookie', `${SESSION_COOKIE}=${token}; ${COOKIE_FLAGS}`);
  const actor = access.actorOf({ by: 'session', session, token }, signedIn.ip);
  localsOf(response).known = { actor, isFresh: provenAtMs === undefined };
  auditDetails(response, { target: user.name, to: way });
  return session;
}

function begin(people: People, wanted: Begin): void {
  const session = beginSession(people, wanted);
  reply(wanted.response, { ...viewOf(people, wanted.request, session), signedIn: true });
}

function viewOf(people: People, request: Request, session: Session | undefined): Omit<SessionView, 'signedIn'> {
  const { users, oidc } = people;
  return {
    ...(session === undefined
      ? {}
      : {
          csrfToken: session.csrfToken,
          user: { name: session.user.name, role: session.user.role },
          way: session.way,
          freshUntil: toRfc3339(session.provenAtMs + FRESH_MS),
          ...(session.way === 'code' ? { needsUser: !users.hasAdmin() } : {}),
        }),
    ways: waysOf(people, request),
    ...(oidc === undefined ? {} : { oidcName: oidc.name }),
  };
}

function userOf({ id, role }: { id: string; role: SignedIn['user']['role'] }): SignedIn['user'] {
  return { name: id, role };
}

function reply(response: Response, session: SessionView): void {
  response.json(session);
}
