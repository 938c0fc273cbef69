import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { ClaimCodeView, NewClaimCode } from '../../core/schemas/claim-codes.ts';
import { operation, parameter } from './operation.ts';

const EXAMPLE = {
  device: 'qk4t7m2c0ffee0000000000000',
  shortId: 'qk4t7m',
  expiresAt: '2026-01-01T00:15:00.000Z',
  state: 'waiting',
} as const;

/** Claim codes. */
export function claimCodePaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/claim-codes': {
      post: operation({
        operationId: 'enterClaimCode',
        role: 'claimer',
        summary: 'Enter the claim code of a device, so that it can prove it; claims nothing by itself',
        description: 'A code is remembered for fifteen minutes, in memory only, and dies with its proof.',
        status: '202',
        request: NewClaimCode,
        requestExample: { code: 'QK4T7M-K7QF-2M9X-TR4C-8WHD' },
        reply: ClaimCodeView,
        replyExample: EXAMPLE,
        errors: [
          ...(['CLAIM_CODE_INVALID', 'CLAIM_CODE_USED', 'CLAIM_CODE_LOCKED'] as const),
          ...(['DEVICE_UNKNOWN', 'DEVICE_AMBIGUOUS', 'DEVICE_WITHOUT_KEY'] as const),
        ],
      }),
    },
    '/api/v1/claim-codes/{device}': {
      parameters: [parameter('device', 'Full id of the device')],
      get: operation({
        operationId: 'getClaimCode',
        role: 'viewer',
        summary: 'How the claim code stands that was entered last for a device',
        reply: ClaimCodeView,
        replyExample: { ...EXAMPLE, state: 'proven' },
        errors: ['CLAIM_CODE_NONE'],
      }),
    },
  };
}
