import { Router } from 'express';
import { UsherError } from '../../../foundation/errors.ts';
import {
  NewApiToken,
  NewPasskey,
  NewUser,
  OwnPassword,
  UserChange,
  type ApiTokenList,
  type CreatedApiToken,
  type PasskeyList,
  type UserList,
} from '../../core/schemas.ts';
import type { Actor } from '../../core/people/actor.ts';
import { addressKey } from '../client-address.ts';
import type { People } from '../people/open-people.ts';
import { placeOf } from '../people/page-place.ts';
import { actorOf, auditDetails } from '../people/request-actor.ts';
import { bodyOf } from '../request-body.ts';
import { isOfUser } from '../sessions.ts';

const LONGEST_OIDC_LIFE_SEC = 90 * 86_400;

/** Users, and what each may change of his own. */
export function userRoutes({ users, sessions, access }: People): Router {
  const router = Router();
  router.get('/users', (_request, response) => {
    response.json({ items: users.list() } satisfies UserList);
  });
  router.post('/users', async (request, response) => {
    const wanted = bodyOf(request, NewUser);
    auditDetails(response, { target: wanted.name, to: wanted.role });
    const user = await users.create(wanted);
    response.status(201).location(`/api/v1/users/${user.name}`).json(user);
  });
  router.patch('/users/:name', async (request, response) => {
    const { name } = request.params;
    const change = bodyOf(request, UserChange);
    const from = users.list().find((user) => user.name === name)?.role;
    const user = await users.change(name, change);
    if (from !== undefined && change.role !== undefined) auditDetails(response, { from, to: change.role });
    sessions.endAll((session) => isOfUser(session, name));
    response.json(user);
  });
  router.delete('/users/:name', async (request, response) => {
    const { name } = request.params;
    await users.remove(name);
    sessions.endAll((session) => isOfUser(session, name));
    response.status(204).end();
  });
  router.post('/own-password', async (request, response) => {
    const { present, next } = bodyOf(request, OwnPassword);
    const name = ownNameOf(actorOf(response));
    const caller = access.callerOf(request);
    await users.changeOwnPassword(name, present, next, addressKey(request.socket.remoteAddress));
    const mine = caller?.by === 'session' ? caller.session.id : undefined;
    sessions.endAll((session) => isOfUser(session, name) && session.id !== mine);
    response.status(204).end();
  });
  return router;
}

/** The passkeys of whoever asks. */
export function passkeyRoutes({ passkeys }: People): Router {
  const router = Router();
  router.get('/passkeys', (_request, response) => {
    response.json({ items: passkeys.list(ownNameOf(actorOf(response))) } satisfies PasskeyList);
  });
  router.post('/passkeys/options', async (request, response) => {
    response.json(await passkeys.creationOptions(ownNameOf(actorOf(response)), placeOf(request)));
  });
  router.post('/passkeys', async (request, response) => {
    const wanted = bodyOf(request, NewPasskey);
    const key = await passkeys.add(ownNameOf(actorOf(response)), wanted, placeOf(request));
    auditDetails(response, { target: key.id });
    response.status(201).json(key);
  });
  router.delete('/passkeys/:id', async (request, response) => {
    await passkeys.remove(ownNameOf(actorOf(response)), request.params.id);
    response.status(204).end();
  });
  return router;
}

/** Tokens for programs. */
export function apiTokenRoutes({ apiTokens, users }: People): Router {
  const router = Router();
  router.get('/api-tokens', (_request, response) => {
    response.json({ items: apiTokens.list() } satisfies ApiTokenList);
  });
  router.post('/api-tokens', async (request, response) => {
    const wanted = bodyOf(request, NewApiToken);
    const { type, id: name } = actorOf(response);
    if (type === 'oidc') checkLife(wanted);
    const { token, view } = await apiTokens.create(wanted, {
      name,
      owner: type === 'user' ? users.ownerOf(name) : undefined,
    });
    auditDetails(response, { target: view.id, to: view.role });
    response.status(201).json({ token: token.reveal(), view } satisfies CreatedApiToken);
  });
  router.delete('/api-tokens/:id', async (request, response) => {
    await apiTokens.revoke(request.params.id);
    response.status(204).end();
  });
  return router;
}

/** What the organisation's people may do is known at their sign-ins only: a token of theirs cannot be told to end. */
function checkLife({ expiresInSec = 0 }: NewApiToken): void {
  if (expiresInSec <= LONGEST_OIDC_LIFE_SEC) return;
  const days = LONGEST_OIDC_LIFE_SEC / 86_400;
  throw new UsherError('REQUEST_INVALID', {
    detail: `expiresInSec: at most ${days} days for whoever signed in through the organisation`,
  });
}

/** The user of this appliance who asks. @throws UsherError OWN_USER_NEEDED */
function ownNameOf({ type, id }: Actor): string {
  if (type !== 'user') throw new UsherError('OWN_USER_NEEDED');
  return id;
}
