import type { ZodOpenApiPathsObject } from 'zod-openapi';
import * as schemas from '../../core/schemas.ts';
import { TOKEN } from './examples.ts';
import { operation, parameter } from './operation.ts';

/** Enrol tokens. */
export function tokenPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/enrol-tokens': {
      get: operation({
        operationId: 'listEnrolTokens',
        role: 'viewer',
        summary: 'All enrol tokens, oldest first, without their secrets',
        query: schemas.PageQuery,
        reply: schemas.TokenList,
        replyExample: { items: [TOKEN] },
        errors: ['KUBE_UNREACHABLE', 'KUBE_FAILED'],
      }),
      post: operation({
        operationId: 'createEnrolToken',
        role: 'admin',
        summary: 'Make an enrol token; its reply is the only time the token is shown',
        status: '201',
        request: schemas.NewToken,
        requestExample: { kind: 'batch', uses: 20, note: 'hall 3' },
        reply: schemas.CreatedToken,
        replyExample: {
          token: 'ush1.4t7m2c0ffe.00000000000000000000000000',
          view: TOKEN,
          card: { v: 1, issuedAt: '2026-03-01T08:00:00Z', urls: ['https://192.168.8.1:7443'], caPem: '…', token: '…' },
        },
      }),
    },
    '/api/v1/enrol-tokens/{tokenId}': {
      parameters: [parameter('tokenId', 'Public part of the token')],
      delete: operation({
        operationId: 'revokeEnrolToken',
        role: 'admin',
        summary: 'Revoke an enrol token',
        status: '204',
        errors: ['TOKEN_UNKNOWN'],
      }),
    },
  };
}
