import type { Response } from 'express';
import { UsherError } from '../../../foundation/errors.ts';
import type { Actor } from '../../core/people/actor.ts';
import { mayDo, type Role } from '../../core/people/role.ts';
import type { FoundOperation } from '../../core/people/role-table.ts';

/** What a route tells the audit log beside who, what and when. */
export interface AuditDetails {
  deviceId?: string;
  target?: string;
  evidence?: string;
  from?: string;
  to?: string;
}

/** How long after a sign-in what needs a fresh one may be done. */
export const FRESH_MS = 10 * 60_000;

interface Known {
  actor: Actor;
  /** Whether the actor proved who it is a moment ago, or needs not. */
  isFresh: boolean;
}

/** What the gate found out about a request, in `response.locals`. */
interface Locals {
  known?: Known;
  operation?: FoundOperation;
  audit?: AuditDetails;
  errorCode?: string;
}

/** The locals of a response, typed. */
export function localsOf(response: Response): Locals {
  return response.locals;
}

/**
 * Who asks. Set for every request that passed the gate and whose operation is not open to anybody.
 * @throws UsherError SIGN_IN_NEEDED
 */
export function actorOf(response: Response): Actor {
  const { known } = localsOf(response);
  if (known === undefined) throw new UsherError('SIGN_IN_NEEDED');
  return known.actor;
}

/**
 * For operations of which only a part needs more than their role, as deciding that a device is revoked.
 * @throws UsherError ROLE_NEEDED
 */
export function requireRole(response: Response, role: Role): void {
  const actor = actorOf(response);
  if (!mayDo(actor.role, role)) throw new UsherError('ROLE_NEEDED', { role, yours: actor.role });
}

/** As the operation's own `fresh`, for a part of it; programs pass. @throws UsherError FRESH_SIGN_IN_NEEDED */
export function requireFreshSignIn(response: Response): void {
  const { known } = localsOf(response);
  if (known?.isFresh !== true) throw new UsherError('FRESH_SIGN_IN_NEEDED', { minutes: FRESH_MS / 60_000 });
}

/** Adds to the audit entry of this request. */
export function auditDetails(response: Response, details: AuditDetails): void {
  const locals = localsOf(response);
  locals.audit = { ...locals.audit, ...details };
}
