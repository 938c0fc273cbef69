import type { ObjectRef } from '../../k8s/core/resources.ts';
import type { TicketNumber } from './actions.ts';

/** Which ticket is meant: all its secrets are derived from the device's uid and the attempt. */
export interface TicketId {
  readonly device: ObjectRef;
  readonly attempt: number;
}

/** A ticket before it is made. */
export interface TicketPlan extends TicketId, TicketNumber {
  readonly expiresAtMs: number;
}

/** A bootstrap token's public id and secret, as Kubernetes fixes them: `[a-z0-9]{6}` and `[a-z0-9]{16}`. */
export const TOKEN_ID_LENGTH = 6;
export const TOKEN_SECRET_LENGTH = 16;
/** Bytes of a node password; it is written as hex. */
export const NODE_PASSWORD_BYTES = 16;
/** Bytes of the salt in k3s' node-password hash. */
export const PASSWORD_SALT_BYTES = 8;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/**
 * `length` characters of `[a-z0-9]` from uniformly random bytes, without bias: bytes that would favour some characters
 * are passed over. Gives undefined when too few bytes are left.
 */
export function toTokenText(bytes: Uint8Array, length: number): string | undefined {
  const fair = 256 - (256 % ALPHABET.length);
  const text = [...bytes]
    .filter((byte) => byte < fair)
    .slice(0, length)
    .map((byte) => ALPHABET.charAt(byte % ALPHABET.length))
    .join('');
  return text.length === length ? text : undefined;
}

/** What a key is derived for; distinct for each use, so that no derived value is ever part of another. */
export function derivationLabel(use: 'token' | 'node-password' | 'password-salt', ticket: TicketId): string {
  return `usher ticket 1/${use}/${ticket.device.uid}/${String(ticket.attempt)}`;
}
