import { Router, type Response } from 'express';
import { toRfc3339 } from '../../../foundation/clock.ts';
import { SignIn as SignInRequest, type SessionView, type SignInCode } from '../../core/schemas.ts';
import { checkOrigin, SESSION_COOKIE, type Access } from '../access.ts';
import { addressKey } from '../client-address.ts';
import { bodyOf } from '../request-body.ts';
import type { Sessions } from '../sessions.ts';
import type { SignIn } from '../sign-in.ts';

/** Signing in and out. */
export function sessionRoutes(access: Access, sessions: Sessions, signIn: SignIn): Router {
  const router = Router();
  router.get('/session', (request, response) => {
    const caller = access.callerOf(request);
    if (caller === undefined) reply(response, { signedIn: false });
    else if (caller.by === 'token') reply(response, { signedIn: true });
    else reply(response, { signedIn: true, csrfToken: caller.session.csrfToken });
  });
  router.post('/session', (request, response) => {
    checkOrigin(request, false);
    signIn.redeem(bodyOf(request, SignInRequest).code, addressKey(request.socket.remoteAddress));
    const { token, session } = sessions.begin();
    response.setHeader('set-cookie', `${SESSION_COOKIE}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict`);
    reply(response, { signedIn: true, csrfToken: session.csrfToken });
  });
  router.delete('/session', access.operatorsOnly, (request, response) => {
    const caller = access.callerOf(request);
    if (caller?.by === 'session') sessions.end(caller.token);
    response.setHeader('set-cookie', `${SESSION_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`);
    response.status(204).end();
  });
  router.post('/sign-in-codes', access.apiTokenOnly, (_request, response) => {
    const { code, expiresAtMs } = signIn.newCode();
    response.status(201).json({ code: code.reveal(), expiresAt: toRfc3339(expiresAtMs) } satisfies SignInCode);
  });
  return router;
}

function reply(response: Response, session: SessionView): void {
  response.json(session);
}
