import { Router } from 'express';
import { UsherError } from '../../../foundation/errors.ts';
import type { Secret } from '../../../foundation/secret.ts';
import type { EnrolTokens } from '../../../join/core/ports.ts';
import type { CardFile } from '../../../join/protocol/messages.ts';
import { pageOf } from '../../core/page-of.ts';
import { NewToken, PageQuery, type CreatedToken, type TokenList, type TokenView } from '../../core/schemas.ts';
import { auditDetails } from '../people/request-actor.ts';
import { bodyOf, queryOf } from '../request-body.ts';

/** Enrol tokens: made, listed, revoked. */
export function tokenRoutes(tokens: EnrolTokens, makeCard: (token: Secret) => CardFile | Promise<CardFile>): Router {
  const router = Router();
  router.get('/enrol-tokens', async (request, response) => {
    const byAge = ({ createdAt, tokenId }: TokenView): string => `${createdAt} ${tokenId}`;
    response.json(pageOf(await tokens.list(), byAge, queryOf(request, PageQuery)) satisfies TokenList);
  });
  router.post('/enrol-tokens', async (request, response) => {
    const { kind, uses, expiresInSec, note } = bodyOf(request, NewToken);
    if (kind === 'card' && (uses ?? 1) !== 1) {
      throw new UsherError('REQUEST_INVALID', { detail: 'uses: a card token has one use' });
    }
    const { token, view } = await tokens.create({
      kind,
      ...(uses === undefined ? {} : { uses }),
      ...(expiresInSec === undefined ? {} : { expiresInSec }),
      ...(note === undefined ? {} : { note }),
    });
    auditDetails(response, { target: view.tokenId, to: `${kind} for ${view.usesLeft}` });
    const card = await makeCard(token);
    response.status(201).json({ token: token.reveal(), view, card } satisfies CreatedToken);
  });
  router.delete('/enrol-tokens/:tokenId', async (request, response) => {
    await tokens.revoke(request.params.tokenId);
    response.status(204).end();
  });
  return router;
}
