import type { RequestHandler } from 'express';
import type { Clock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { mayDo } from '../../core/people/role.ts';
import type { RoleTable } from '../../core/people/role-table.ts';
import { checkChange, type Caller } from '../access.ts';
import { requestAddress } from '../client-address.ts';
import type { People } from './open-people.ts';
import { FRESH_MS, localsOf } from './request-actor.ts';

/**
 * Decides, before any route and before any body is read, who may call what. Only what the OpenAPI document names passes,
 * with the role that it names. A change by a browser must come from the page itself and carry its session's CSRF token.
 * Rejects with ROUTE_UNKNOWN, SIGN_IN_NEEDED, ORIGIN_NOT_ALLOWED, CSRF_TOKEN_INVALID, ROLE_NEEDED, PERSON_NEEDED,
 * FRESH_SIGN_IN_NEEDED or AUDIT_NOT_WRITTEN.
 */
export function roleGate(table: RoleTable, people: Pick<People, 'access' | 'audit'>, clock: Clock): RequestHandler {
  const { access, audit } = people;
  return (request, response, next) => {
    const path = `${request.baseUrl}${request.path}`;
    const operation = table.find(request.method, path);
    const caller = access.callerOf(request);
    if (operation === undefined)
      throw new UsherError(caller === undefined ? 'SIGN_IN_NEEDED' : 'ROUTE_UNKNOWN', { path });
    const locals = localsOf(response);
    locals.operation = operation;
    const { rule } = operation;
    if (caller !== undefined) {
      const actor = access.actorOf(caller, requestAddress(request));
      const isFresh = caller.by !== 'session' || clock.nowMs() - caller.session.createdAtMs <= FRESH_MS;
      locals.known = { actor, isFresh };
    }
    if (!rule.open) {
      if (caller === undefined || locals.known === undefined) throw new UsherError('SIGN_IN_NEEDED');
      if (caller.by === 'session') checkChange(request, caller.session);
      const { actor, isFresh } = locals.known;
      if (!mayDo(actor.role, rule.role)) throw new UsherError('ROLE_NEEDED', { role: rule.role, yours: actor.role });
      if (rule.fresh) checkFresh(caller, isFresh);
      if (rule.fresh && caller.by !== 'cli' && request.method !== 'DELETE') checkAudit(audit);
    }
    next();
  };
}

function checkFresh({ by }: Caller, isFresh: boolean): void {
  if (by === 'api-token') throw new UsherError('PERSON_NEEDED');
  if (!isFresh) throw new UsherError('FRESH_SIGN_IN_NEEDED', { minutes: FRESH_MS / 60_000 });
}

/** Nobody gets more rights without a trace. Rights are taken away all the same, and devices are claimed and revoked. */
function checkAudit({ isWritable }: Pick<People['audit'], 'isWritable'>): void {
  if (!isWritable) throw new UsherError('AUDIT_NOT_WRITTEN', { detail: 'its disk takes nothing' });
}
