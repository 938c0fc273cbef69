import type { ZodOpenApiPathsObject } from 'zod-openapi';
import * as schemas from '../../core/schemas.ts';
import { operation, parameter } from './operation.ts';

const TEXT = 'name,serial,labels\ntank,10000000abcdef01,machine=tank\nlathe,,machine=lathe\n';
const ROWS: schemas.ManifestPreview['rows'] = [
  {
    line: 2,
    name: 'tank',
    match: 'serial 10000000abcdef01',
    outcome: 'new',
    changes: [
      { field: 'match', to: 'serial 10000000abcdef01' },
      { field: 'labels.machine', to: 'tank' },
    ],
  },
  {
    line: 3,
    column: 1,
    name: 'lathe',
    outcome: 'invalid',
    code: 'CLAIM_INVALID',
    message: 'The claim is not valid: the row names no device: fill one of device, key_fp, serial, mac, duid',
    remedy: 'Correct what the message names.',
  },
];
const DIGEST = '5a1c6b1d1b1f6e9a4f8a0f2d8a0d8c4b9d1f4c1c9d4d3ef0c9f6a9f1e0b7c2d3';
const RULE = {
  name: 'greenhouse',
  tokenId: '4t7m2c0ffe',
  nameTemplate: 'gh-{n:2}',
  labels: { zone: 'a', serial: '{serial}' },
} as const;

/** Files of claims, and rules that claim by themselves. */
export function manifestPaths(): ZodOpenApiPathsObject {
  return { ...filePaths(), ...rulePaths() };
}

function filePaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/claims/preview': {
      post: operation({
        operationId: 'previewClaims',
        reads: true,
        role: 'claimer',
        summary: 'Compare a file of claims with those that exist; changes nothing',
        request: schemas.ManifestText,
        requestExample: { format: 'csv', text: TEXT },
        reply: schemas.ManifestPreview,
        replyExample: {
          digest: DIGEST,
          rows: ROWS,
          counts: { new: 1, changed: 0, unchanged: 0, conflict: 0, invalid: 1 },
        },
        errors: ['MANIFEST_TOO_LARGE', 'MANIFEST_MALFORMED', 'MANIFEST_COLUMN_UNKNOWN'],
      }),
    },
    '/api/v1/claims/import': {
      post: operation({
        operationId: 'importClaims',
        role: 'claimer',
        summary: 'Import a file as it was previewed: all of it or nothing, or the good rows',
        request: schemas.ManifestImport,
        requestExample: { format: 'csv', text: TEXT, digest: DIGEST, take: 'good' },
        reply: schemas.ManifestOutcome,
        replyExample: { created: 1, changed: 0, unchanged: 0, left: ROWS.slice(1) },
        errors: [
          ...(['MANIFEST_TOO_LARGE', 'MANIFEST_MALFORMED', 'MANIFEST_COLUMN_UNKNOWN', 'MANIFEST_OUTDATED'] as const),
          ...(['MANIFEST_HAS_FAULTS', 'MANIFEST_REFUSED', 'MANIFEST_UNDONE', 'MANIFEST_HALF_DONE'] as const),
          'ROLE_NEEDED_TO_REPLACE',
        ],
      }),
    },
    '/api/v1/claims/export': {
      get: operation({
        operationId: 'exportClaims',
        role: 'viewer',
        summary: 'All claims as a file that import takes',
        query: schemas.ExportQuery,
        files: ['text/csv', 'application/yaml'],
      }),
    },
  };
}

function rulePaths(): ZodOpenApiPathsObject {
  const view = { ...RULE, labels: { ...RULE.labels }, isOn: false, createdAt: '2026-01-01T00:00:00Z' };
  return {
    '/api/v1/approval-rules': {
      get: operation({
        operationId: 'listApprovalRules',
        role: 'viewer',
        summary: 'The rules that claim devices of a batch by themselves',
        reply: schemas.ApprovalRuleList,
        replyExample: { items: [view] },
      }),
      post: operation({
        operationId: 'createApprovalRule',
        role: 'admin',
        summary: 'Make a rule; it is off unless isOn says otherwise',
        status: '201',
        request: schemas.NewApprovalRule,
        requestExample: { ...RULE, labels: { ...RULE.labels } },
        reply: schemas.ApprovalRuleView,
        replyExample: view,
        errors: ['RULE_INVALID', 'RULE_EXISTS'],
      }),
    },
    ...rulePreviewPath(),
    '/api/v1/approval-rules/{name}': {
      parameters: [parameter('name', 'Name of the rule')],
      patch: operation({
        operationId: 'changeApprovalRule',
        role: 'admin',
        summary: 'Change a rule, or switch it on or off',
        request: schemas.ApprovalRuleChange,
        requestExample: { isOn: true },
        reply: schemas.ApprovalRuleView,
        replyExample: { ...view, isOn: true },
        errors: ['RULE_INVALID', 'RULE_UNKNOWN'],
      }),
      delete: operation({
        operationId: 'deleteApprovalRule',
        role: 'admin',
        summary: 'Delete a rule; the claims it made stay',
        status: '204',
        errors: ['RULE_UNKNOWN'],
      }),
    },
  };
}

function rulePreviewPath(): ZodOpenApiPathsObject {
  return {
    '/api/v1/approval-rules/preview': {
      post: operation({
        operationId: 'previewApprovalRule',
        reads: true,
        role: 'admin',
        summary: 'What a rule would do to the devices that are there now; changes nothing',
        request: schemas.NewApprovalRule,
        requestExample: { ...RULE, labels: { ...RULE.labels } },
        reply: schemas.ApprovalRulePreview,
        replyExample: {
          items: [
            {
              ...{ device: 'k4t7m2c0ffee00000000000000', shortId: 'k4t7m2', serial: '10000000abcdef01' },
              ...{ outcome: 'claim', name: 'gh-01', labels: { zone: 'a', serial: '10000000abcdef01' } },
            },
          ],
        },
        errors: ['RULE_INVALID'],
      }),
    },
  };
}
