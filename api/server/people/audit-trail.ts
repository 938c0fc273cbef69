import type { RequestHandler, Response } from 'express';
import { toRfc3339, type Clock } from '../../../foundation/clock.ts';
import { RateLimiter } from '../../../join/enrol/rate-limiter.ts';
import type { AuditEvent } from '../../core/people/audit-chain.ts';
import { requestAddress } from '../client-address.ts';
import type { AuditLog } from './audit-log.ts';
import { localsOf } from './request-actor.ts';

/** Refusals come from outside, in any number: so many are written, the rest is in the log of the appliance. */
const REFUSALS = { uses: 60, perSec: 60 };
const MAX_TEXT = 512;
/** Codes that say nothing of who asked. */
const NOT_TOLD = new Set([
  ...['RATE_LIMITED', 'SIGN_IN_LIMITED', 'SIGN_IN_NEEDED', 'ROUTE_UNKNOWN', 'REQUEST_INVALID', 'REQUEST_TOO_LARGE'],
]);

/**
 * Writes one entry for every change that was made, and for those that were refused. It stands before all routes: what they
 * do not tell by `auditDetails` it knows from the OpenAPI document.
 */
export function auditTrail(log: AuditLog, clock: Clock): RequestHandler {
  const refusals = new RateLimiter(clock, REFUSALS);
  return (request, response, next) => {
    const end = response.end.bind(response) as (...args: unknown[]) => Response;
    let isTold = false;
    // Not on 'finish': a browser that went away meanwhile has made the change all the same.
    response.end = (...args: unknown[]): Response => {
      const event = isTold ? undefined : eventOf(response, requestAddress(request), clock);
      isTold = true;
      if (event !== undefined && (event.result === 'ok' || refusals.take('all') === 0)) log.append(event);
      return end(...args);
    };
    next();
  };
}

function eventOf(response: Response, ip: string, clock: Clock): AuditEvent | undefined {
  const { operation, known, audit, errorCode } = localsOf(response);
  if (operation === undefined || operation.rule.reads) return undefined;
  const isRefused = errorCode !== undefined || response.statusCode >= 400;
  if (isRefused && (errorCode === undefined || NOT_TOLD.has(errorCode))) return undefined;
  const target = Object.values(operation.params).join(' ');
  const { type, id } = known?.actor ?? { type: 'unknown' as const, id: '' };
  return {
    ts: toRfc3339(clock.nowMs()),
    actor: { type, id, ip },
    action: operation.rule.operationId,
    ...(target === '' ? {} : { target: tame(target) }),
    ...Object.fromEntries(Object.entries(audit ?? {}).map(([name, text]) => [name, tame(String(text))])),
    result: isRefused ? 'refused' : 'ok',
    ...(isRefused && errorCode !== undefined ? { code: errorCode } : {}),
  };
}

/** A lone surrogate has no canonical JSON. */
function tame(text: string): string {
  return text.toWellFormed().slice(0, MAX_TEXT).toWellFormed();
}
