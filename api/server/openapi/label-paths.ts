import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { LabelSheetRequest } from '../../core/schemas/labels.ts';
import { operation } from './operation.ts';

/** Labels to print. */
export function labelPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/label-sheets': {
      post: operation({
        operationId: 'printLabels',
        role: 'claimer',
        summary: 'Labels with name, short id and QR code, as PDF or SVG',
        request: LabelSheetRequest,
        requestExample: { items: [{ claim: 'lathe-left' }, { device: 'k4t7m2' }], format: 'pdf', paper: 'A4' },
        files: ['application/pdf', 'image/svg+xml'],
        errors: ['CLAIM_UNKNOWN', 'DEVICE_UNKNOWN', 'DEVICE_AMBIGUOUS', 'TOKEN_UNKNOWN', 'CLAIM_CODE_INVALID'],
        reads: true,
      }),
    },
  };
}
