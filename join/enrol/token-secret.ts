import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { UsherError } from '../../foundation/errors.ts';
import { MANAGED_BY, USHER_NAMESPACE, type KubeSecret } from '../../k8s/core/resources.ts';
import type { EnrolTokenView } from '../core/ports.ts';

/** Selects the Secrets of enrol tokens among all Secrets of the namespace. */
export const TOKEN_LABEL = 'usher.internal/enrol-token';

const timestamp = z.iso.datetime();

/** A token as its Secret keeps it: the hash only, never the secret itself. */
const TokenRecord = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  kind: z.enum(['card', 'batch']),
  usesLeft: z.coerce.number().pipe(z.int().nonnegative()),
  createdAt: timestamp,
  expiresAt: timestamp,
  note: z.string().optional(),
  revoked: z.enum(['true', 'false']).transform((text) => text === 'true'),
  /** Who used it, and when: the same key again is then told from a second one, across any crash. */
  boundTo: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.array(z.object({ device: z.string(), at: timestamp }))),
});
export type TokenRecord = z.infer<typeof TokenRecord>;

/** Name of the token's Secret. */
export function secretNameOf(tokenId: string): { name: string; namespace: string } {
  return { name: `enrol-token-${tokenId}`, namespace: USHER_NAMESPACE };
}

/** The Secret of a new token. */
export function toSecret(tokenId: string, record: TokenRecord): KubeSecret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...secretNameOf(tokenId), labels: { ...MANAGED_BY, [TOKEN_LABEL]: record.kind } },
    type: 'Opaque',
    data: toData(record),
  };
}

/** The Secret's data (base64) for a record. */
export function toData(record: TokenRecord): Record<string, string> {
  const { note, ...rest } = record;
  const fields = {
    ...rest,
    usesLeft: String(record.usesLeft),
    revoked: String(record.revoked),
    boundTo: JSON.stringify(record.boundTo),
    ...(note === undefined ? {} : { note }),
  };
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, Buffer.from(text).toString('base64')]));
}

/**
 * The record in a token's Secret.
 * @throws UsherError INTERNAL when somebody else wrote the Secret so that it no longer holds a token
 */
export function fromSecret(secret: KubeSecret): TokenRecord {
  const fields = Object.entries(secret.data ?? {}).map(([name, data]) => [
    name,
    Buffer.from(data, 'base64').toString(),
  ]);
  try {
    return TokenRecord.parse(Object.fromEntries(fields));
  } catch (error) {
    throw new UsherError(
      'INTERNAL',
      { detail: `Secret ${secret.metadata.name} holds no enrol token` },
      { cause: error },
    );
  }
}

/** The public id in a token Secret's name. */
export function tokenIdOf(secret: KubeSecret): string {
  return secret.metadata.name.slice('enrol-token-'.length);
}

/** What operators may see of a token. */
export function viewOf(tokenId: string, record: TokenRecord, nowMs: number): EnrolTokenView {
  const { kind, usesLeft, createdAt, expiresAt, note, boundTo } = record;
  const view: EnrolTokenView = {
    tokenId,
    kind,
    usesLeft,
    createdAt,
    expiresAt,
    boundTo: boundTo.map(({ device }) => device),
    state: stateOf(record, nowMs),
  };
  return note === undefined ? view : { ...view, note };
}

/** Compares two hashes (hex) without telling by its duration how much of them agrees. */
export function sameHash(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one, 'hex'), Buffer.from(other, 'hex'));
}

function stateOf(record: TokenRecord, nowMs: number): EnrolTokenView['state'] {
  if (record.revoked) return 'revoked';
  if (record.usesLeft === 0) return 'used';
  return Date.parse(record.expiresAt) <= nowMs ? 'expired' : 'usable';
}
