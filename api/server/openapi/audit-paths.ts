import type { ZodOpenApiPathsObject } from 'zod-openapi';
import * as schemas from '../../core/schemas.ts';
import { operation } from './operation.ts';

const HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

/** Who did what to which device. */
export function auditPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/audit': {
      get: operation({
        operationId: 'listAudit',
        role: 'admin',
        summary: 'Who did what to which device with which evidence, newest first',
        query: schemas.AuditQuery,
        reply: schemas.AuditPage,
        replyExample: {
          items: [
            {
              ...{ seq: 42, ts: '2026-03-01T08:00:00Z', action: 'createClaim', result: 'ok', target: 'lathe-left' },
              actor: { type: 'user', id: 'anna', ip: '10.0.0.7' },
              ...{ deviceId: 'k4t7m2c0ffee00000000000000', evidence: 'CardToken 4tz1k0m2q9' },
              ...{ prevHash: HASH, hash: HASH },
            },
          ],
        },
      }),
    },
    '/api/v1/audit/verification': {
      get: operation({
        operationId: 'verifyAudit',
        role: 'admin',
        summary: 'Whether the audit log is as it was written',
        reply: schemas.AuditVerification,
        replyExample: {
          ...{ intact: true, entries: 42, problems: [] },
          ...{ head: { seq: 42, hash: HASH }, anchor: { seq: 42, hash: HASH } },
        },
      }),
    },
    '/api/v1/audit/export': {
      get: operation({
        operationId: 'exportAudit',
        role: 'admin',
        summary: 'The whole audit log, oldest first: one JSON object a line',
        files: ['application/x-ndjson'],
      }),
    },
  };
}
