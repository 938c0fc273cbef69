import { z } from 'zod';

const timestamp = z.iso.datetime();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * One line of the audit log: who did what to which device, with which evidence. `hash` is the SHA-256 of `prevHash`
 * followed by the canonical JSON (RFC 8785) of all other fields.
 */
export const AuditEntry = z.object({
  seq: z.int().min(1),
  ts: timestamp,
  actor: z.object({
    type: z.enum(['user', 'oidc', 'console', 'token', 'cli', 'system', 'unknown']),
    id: z.string(),
    ip: z.string(),
  }),
  /** The operation of the API (`operationId`), or what happened to a device by itself. */
  action: z.string(),
  deviceId: z.string().optional(),
  /** What was acted on: the parameters of the path. */
  target: z.string().optional(),
  /** What tied the device to the site. */
  evidence: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  result: z.enum(['ok', 'refused']),
  /** Why it was refused. */
  code: z.string().optional(),
  prevHash: sha256,
  hash: sha256,
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** GET /api/v1/audit, newest first. */
export const AuditQuery = z.object({
  actor: z.string().max(256).optional(),
  action: z.string().max(64).optional(),
  /** The whole device id or its beginning. */
  device: z.string().max(64).optional(),
  from: timestamp.optional(),
  to: timestamp.optional(),
  limit: z.coerce.number().pipe(z.int().min(1).max(1000)).default(100),
  /** `nextCursor` of the page before. */
  cursor: z.coerce.number().pipe(z.int().min(1)).optional(),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

export const AuditPage = z.object({ items: z.array(AuditEntry), nextCursor: z.string().optional() });
export type AuditPage = z.infer<typeof AuditPage>;

/** What is wrong with the log, and where. */
export const AuditProblem = z.object({
  kind: z.enum(['Changed', 'Missing', 'CutOff', 'OutOfOrder', 'Unreadable', 'Torn']),
  /** Entry at or behind which it is. */
  seq: z.int(),
  file: z.string().optional(),
  line: z.int().optional(),
  message: z.string(),
});
export type AuditProblem = z.infer<typeof AuditProblem>;

/** GET /api/v1/audit/verification */
export const AuditVerification = z.object({
  /** Nothing was changed, removed, cut off or swapped. A line that a crash tore is no tampering. */
  intact: z.boolean(),
  entries: z.int(),
  head: z.object({ seq: z.int(), hash: sha256 }).optional(),
  /** What the ConfigMap usher-system/audit-head says; entries behind it are not anchored yet. */
  anchor: z.object({ seq: z.int(), hash: sha256 }).optional(),
  problems: z.array(AuditProblem),
});
export type AuditVerification = z.infer<typeof AuditVerification>;
