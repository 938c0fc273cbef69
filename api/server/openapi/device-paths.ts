import type { ZodOpenApiPathsObject } from 'zod-openapi';
import type { ErrorCode } from '../../../foundation/error-catalogue.ts';
import * as schemas from '../../core/schemas.ts';
import { DEVICE, DEVICE_ID, NEWCOMER_ID } from './examples.ts';
import { operation, parameter } from './operation.ts';

const LOOKUP: readonly ErrorCode[] = ['DEVICE_UNKNOWN', 'DEVICE_AMBIGUOUS'];
const IF_MATCH = '`version` of the device as you saw it: 412 when it has become another one since';

/** What is or could become a node. */
export function devicePaths(): ZodOpenApiPathsObject {
  const id = parameter('id', 'Full or shortened id, mac:…, MAC address, serial, node name or host name');
  return {
    '/api/v1/devices': {
      get: operation({
        operationId: 'listDevices',
        role: 'viewer',
        summary: 'Everything that is or could become a node, first seen first',
        query: schemas.PageQuery,
        reply: schemas.DeviceList,
        replyExample: { items: [DEVICE] },
      }),
    },
    '/api/v1/devices/{id}': {
      parameters: [id],
      get: operation({
        operationId: 'getDevice',
        role: 'viewer',
        summary: 'One device',
        reply: schemas.DeviceView,
        replyExample: DEVICE,
        etag: true,
        errors: LOOKUP,
      }),
    },
    '/api/v1/devices/{id}/story': {
      parameters: [id],
      get: operation({
        operationId: 'getStory',
        role: 'viewer',
        summary: 'What happened to a device, oldest first',
        reply: schemas.StoryView,
        replyExample: {
          device: DEVICE_ID,
          entries: [
            { at: '2026-03-01T07:58:03Z', from: 'lan', type: 'Normal', reason: 'Seen', message: 'DHCP DISCOVER' },
            {
              ...{ at: '2026-03-01T08:01:12Z', from: 'device', type: 'Normal', reason: 'Ready' },
              ...{ message: 'Node lathe-left is Ready with its labels', tookMs: 8120 },
            },
          ],
        },
        errors: LOOKUP,
      }),
    },
    ...decisionPaths(id),
  };
}

function decisionPaths(id: ReturnType<typeof parameter>): ZodOpenApiPathsObject {
  return {
    '/api/v1/devices/{id}/replacement': {
      parameters: [id],
      post: operation({
        operationId: 'replaceDevice',
        role: 'claimer',
        summary: 'Let another device take the place of this one: its claim, node name and labels',
        request: schemas.ReplacementRequest,
        requestExample: { with: NEWCOMER_ID },
        reply: schemas.DeviceView,
        replyExample: { ...DEVICE, id: NEWCOMER_ID, shortId: 'Q8W3R5', stage: 'Pending' },
        ifMatch: IF_MATCH,
        errors: [
          ...[...LOOKUP, 'DEVICE_WITHOUT_KEY' as const, 'REPLACE_UNCLAIMED' as const, 'DEVICE_CLAIMED' as const],
          ...(['EVIDENCE_MISSING', 'CLAIM_INVALID', 'CLAIM_UNKNOWN', 'ROLE_NEEDED_TO_REPLACE'] as const),
        ],
      }),
    },
    '/api/v1/devices/{id}/revocation': {
      parameters: [id],
      get: operation({
        operationId: 'previewRevocation',
        role: 'viewer',
        summary: 'What revoking this device would stop, and what would be left to whoever holds it',
        reply: schemas.RevocationView,
        replyExample: {
          ...{ device: DEVICE_ID, nodeName: 'lathe-left', secrets: [{ namespace: 'hall', name: 'mqtt' }] },
          pods: [{ namespace: 'hall', name: 'reader-7c9f', owner: 'ReplicaSet reader-7c9f', movable: true }],
          afterwards: ['It holds a certificate of the cluster until the CA is rotated.'],
        },
        errors: [...LOOKUP, 'DEVICE_WITHOUT_KEY', 'KUBE_UNREACHABLE', 'KUBE_FAILED'],
      }),
    },
    '/api/v1/devices/{id}/decision': {
      parameters: [id],
      post: operation({
        operationId: 'decideDevice',
        role: 'claimer',
        summary:
          'Reject, ignore, revoke, reconsider or retry a device; what has shown no key can be ignored by its MAC address',
        request: schemas.DecisionRequest,
        requestExample: { decision: 'Ignored' },
        reply: schemas.DeviceView,
        replyExample: { ...DEVICE, stage: 'Ignored' },
        ifMatch: IF_MATCH,
        errors: [...LOOKUP, 'DEVICE_WITHOUT_KEY', 'DEVICE_CLAIMED', 'IGNORED_MACS_FULL'],
      }),
    },
  };
}
