import type { ErrorCode } from '../../foundation/error-catalogue.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Refusal } from '../protocol/messages.ts';

/** When it is worth asking again, for the refusals that time or an operator can lift. */
const RETRY_AFTER_SEC: Partial<Record<ErrorCode, number>> = {
  INTERNAL: 10,
  QUEUE_FULL: 5,
  NOT_APPROVED: 5,
  EVIDENCE_MISSING: 30,
  TICKET_FAILED: 10,
  TICKET_TIMED_OUT: 10,
  TOKEN_UNKNOWN: 60,
  TOKEN_USED: 60,
  TOKEN_EXPIRED: 60,
  TOKEN_REVOKED: 60,
  CLAIM_CODE_LOCKED: 60,
  DEVICE_REJECTED: 300,
  DEVICE_REVOKED: 300,
};

/** True for errors of the appliance's own works, whose details are not a device's business. */
export function isInternal({ code }: UsherError): boolean {
  return code === 'INTERNAL' || code.startsWith('KUBE_');
}

/** A refusal as it is sent: HTTP status and body. */
export function refusalOf(error: UsherError): { status: number; body: Refusal } {
  const shown = isInternal(error) ? new UsherError('INTERNAL', { detail: 'see the log of the appliance' }) : error;
  const wanted = shown.params['retryAfterSec'];
  const retryAfterSec = typeof wanted === 'number' ? wanted : RETRY_AFTER_SEC[shown.code];
  const body: Refusal = { error: shown.toBody() };
  return {
    status: isInternal(error) ? 503 : shown.http,
    body: retryAfterSec === undefined ? body : { ...body, retryAfterSec },
  };
}
