import type { ZodOpenApiPathsObject } from 'zod-openapi';
import * as schemas from '../../core/schemas.ts';
import { CLAIM, DEVICE_ID } from './examples.ts';
import { operation, parameter } from './operation.ts';

const IF_MATCH = '`version` of the claim as you saw it: 412 when somebody changed it since';

/** What operators want devices to become. */
export function claimPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/claims': {
      get: operation({
        operationId: 'listClaims',
        role: 'viewer',
        summary: 'All claims, by name',
        query: schemas.PageQuery,
        reply: schemas.ClaimList,
        replyExample: { items: [CLAIM] },
      }),
      post: operation({
        operationId: 'createClaim',
        role: 'claimer',
        summary: 'Claim a device',
        description:
          'A browser that claims by `device` must send If-Match, so that no other device is approved than the one its reader looked at.',
        status: '201',
        request: schemas.NewClaim,
        requestExample: { name: 'lathe-left', device: DEVICE_ID, labels: { machine: 'lathe' } },
        reply: schemas.ClaimView,
        replyExample: { ...CLAIM, phase: 'Waiting' },
        ifMatch: '`version` of the device that `device` names, as you saw it',
        errors: [
          ...(['CLAIM_INVALID', 'CLAIM_EXISTS', 'DEVICE_UNKNOWN', 'DEVICE_AMBIGUOUS', 'DEVICE_CLAIMED'] as const),
          ...(['NODE_NAME_TAKEN', 'EVIDENCE_MISSING', 'PRECONDITION_NEEDED', 'ROLE_NEEDED_TO_REPLACE'] as const),
        ],
      }),
    },
    ...onePath(),
  };
}

function onePath(): ZodOpenApiPathsObject {
  return {
    '/api/v1/claims/{name}': {
      parameters: [parameter('name', 'Name of the claim')],
      get: operation({
        operationId: 'getClaim',
        role: 'viewer',
        summary: 'One claim',
        reply: schemas.ClaimView,
        replyExample: CLAIM,
        etag: true,
        errors: ['CLAIM_UNKNOWN', 'KUBE_UNREACHABLE', 'KUBE_FAILED'],
      }),
      patch: operation({
        operationId: 'changeClaim',
        role: 'claimer',
        summary: 'Change labels, taints, pair or policy; each given field replaces what was there',
        request: schemas.ClaimChange,
        requestExample: { labels: { machine: 'lathe', location: 'left' } },
        reply: schemas.ClaimView,
        replyExample: { ...CLAIM, version: '4a7c90d1e2f3.2', labels: { machine: 'lathe', location: 'left' } },
        ifMatch: IF_MATCH,
        errors: ['CLAIM_UNKNOWN', 'CLAIM_INVALID', 'ROLE_NEEDED_TO_REPLACE'],
      }),
      delete: operation({
        operationId: 'deleteClaim',
        role: 'claimer',
        summary: 'Delete a claim',
        status: '204',
        ifMatch: IF_MATCH,
        errors: ['CLAIM_UNKNOWN'],
      }),
    },
  };
}
