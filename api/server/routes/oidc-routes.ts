import { Router, type Request } from 'express';
import { asUsherError, UsherError } from '../../../foundation/errors.ts';
import type { People } from '../people/open-people.ts';
import { placeOf } from '../people/page-place.ts';
import { localsOf } from '../people/request-actor.ts';
import { beginSession } from './session-routes.ts';

/** Lax, not Strict: the browser comes back from the provider's site. It gives access to nothing. */
const COOKIE = '__Host-usher-oidc';
const COOKIE_FLAGS = 'Path=/; Secure; HttpOnly; SameSite=Lax';
const COOKIE_PATTERN = new RegExp(`(?:^|; ?)${COOKIE}=([\\w-]{1,128})(?:;|$)`);

/** Signing in through the organisation: out to its provider, and back. */
export function oidcRoutes(people: People): Router {
  const { access, oidc, logger } = people;
  /** The session's cookie is sent only when the page itself sends the browser here. */
  const isSignedIn = (request: Request): boolean => access.callerOf(request)?.by === 'session';
  const router = Router();
  router.get('/session/oidc', async (request, response) => {
    if (oidc === undefined) throw new UsherError('OIDC_NOT_SET_UP');
    const { url, cookie, maxAgeSec } = await oidc.begin(placeOf(request).origin, isSignedIn(request));
    response.append('set-cookie', `${COOKIE}=${cookie}; ${COOKIE_FLAGS}; Max-Age=${maxAgeSec}`);
    response.redirect(302, url);
  });
  router.get('/session/oidc/callback', async (request, response) => {
    if (oidc === undefined) throw new UsherError('OIDC_NOT_SET_UP');
    response.append('set-cookie', `${COOKIE}=; ${COOKIE_FLAGS}; Max-Age=0`);
    const [, cookie] = COOKIE_PATTERN.exec(request.get('cookie') ?? '') ?? [];
    const back = { origin: placeOf(request).origin, query: request.originalUrl.split('?')[1] ?? '' };
    try {
      const { name, role, provenAtMs } = await oidc.finish(cookie, back);
      beginSession(people, { request, response, user: { name, role }, way: 'oidc', provenAtMs });
      response.redirect(302, '/');
    } catch (error) {
      // A person looks at this, not a program: the page says it.
      const { code, message } = asUsherError(error);
      logger.info({ code, reason: message }, 'signing in through the organisation was refused');
      localsOf(response).errorCode = code;
      response.redirect(302, `/?signInError=${code}`);
    }
  });
  return router;
}
