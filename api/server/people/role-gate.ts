import type { RequestHandler } from 'express';
import type { Clock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { mayDo } from '../../core/people/role.ts';
import type { RoleTable } from '../../core/people/role-table.ts';
import { checkChange, type Caller } from '../access.ts';
import { requestAddress } from '../client-address.ts';
import type { People } from './open-people.ts';
import { smallBodies } from '../json-bodies.ts';
import { auditDetails, FRESH_MS, localsOf } from './request-actor.ts';
import { triedOn, type DeviceOf } from './tried-on.ts';

export interface RoleGateOptions {
  clock: Clock;
  /** What the audit log tells of the device that a text means; nothing when there is none. */
  deviceOf: DeviceOf;
}

/**
 * Decides, before any route and before the body of any stranger is read, who may call what. Only what the OpenAPI document names passes,
 * with the role that it names. A change by a browser must come from the page itself and carry its session's CSRF token.
 * Rejects with ROUTE_UNKNOWN, SIGN_IN_NEEDED, ORIGIN_NOT_ALLOWED, CSRF_TOKEN_INVALID, ROLE_NEEDED, PERSON_NEEDED,
 * FRESH_SIGN_IN_NEEDED or AUDIT_NOT_WRITTEN.
 */
export function roleGate(
  table: RoleTable,
  people: Pick<People, 'access' | 'audit'>,
  options: RoleGateOptions,
): RequestHandler {
  const { access, audit } = people;
  const { clock, deviceOf } = options;
  const read = smallBodies();
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
      const isFresh = caller.by !== 'session' || clock.nowMs() - caller.session.provenAtMs <= FRESH_MS;
      locals.known = { actor, isFresh };
    }
    if (!rule.open) {
      if (caller === undefined || locals.known === undefined) throw new UsherError('SIGN_IN_NEEDED');
      if (caller.by === 'session') checkChange(request, caller.session);
      const { actor, isFresh } = locals.known;
      if (!mayDo(actor.role, rule.role)) {
        const refusal = new UsherError('ROLE_NEEDED', { role: rule.role, yours: actor.role });
        // The audit log is to say what was tried; whatever is wrong with the body, it is the role that is missing.
        read(request, response, () => {
          auditDetails(response, triedOn(request.body, operation.params, deviceOf));
          next(refusal);
        });
        return;
      }
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

/** Nobody gets more rights, or vouches for a machine, without a trace. Rights are taken away all the same, and devices are claimed and revoked. */
function checkAudit({ isWritable }: Pick<People['audit'], 'isWritable'>): void {
  if (!isWritable) throw new UsherError('AUDIT_NOT_WRITTEN', { detail: 'its disk takes nothing' });
}
