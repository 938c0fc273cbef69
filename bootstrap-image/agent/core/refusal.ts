import { UsherError } from '../../../foundation/errors.ts';
import { printable } from '../../../foundation/text.ts';
import { shortIdOf } from '../../../join/protocol/device-id.ts';
import { Refusal } from '../../../join/protocol/messages.ts';
import type { Problem } from './console-text.ts';

const LONGEST_TEXT = 300;
const LONGEST_WAIT_SEC = 300;

/** A refusal of the device API as an error that keeps the appliance's own code, words and waiting time. */
export function refused(httpStatus: number, body: unknown): UsherError {
  const parsed = Refusal.safeParse(body);
  if (!parsed.success) {
    const params = { what: 'a request', detail: `HTTP status ${httpStatus} without a reason` };
    return new UsherError('APPLIANCE_REPLY_INVALID', params, { cause: parsed.error });
  }
  const { error, retryAfterSec } = parsed.data;
  return new UsherError('APPLIANCE_REFUSED', {
    refusal: printable(error.code, 64),
    detail: printable(error.message, LONGEST_TEXT),
    remedy: printable(error.remedy, LONGEST_TEXT),
    ...(retryAfterSec === undefined ? {} : { retryAfterSec: Math.min(retryAfterSec, LONGEST_WAIT_SEC) }),
  });
}

/** The appliance's own code when `error` is a refusal of it, for instance QUEUE_FULL. */
export function refusalCodeOf(error: UsherError): string | undefined {
  return error.code === 'APPLIANCE_REFUSED' ? String(error.params['refusal']) : undefined;
}

/** How long the appliance asks to wait, in milliseconds, if it does. */
export function askedDelayMs(error: UsherError): number | undefined {
  const seconds = error.params['retryAfterSec'];
  return typeof seconds === 'number' ? seconds * 1_000 : undefined;
}

const CODE_REFUSALS = ['CLAIM_CODE_WRONG', 'CLAIM_CODE_LOCKED', 'CLAIM_CODE_RELAYED', 'RATE_LIMITED'] as const;

/** What the console shows of an error as long as nobody at the other end has proved to be an appliance: no word of theirs. */
export function problemInOwnWords(error: UsherError | undefined, deviceId: string): Problem {
  if (error !== undefined && error.code !== 'APPLIANCE_REFUSED') return error.toBody();
  const refusal = error === undefined ? undefined : refusalCodeOf(error);
  const code = CODE_REFUSALS.find((known) => known === refusal) ?? 'CLAIM_CODE_AWAITED';
  return new UsherError(code, { id: shortIdOf(deviceId), waitMin: 15, retryAfterSec: 60 }).toBody();
}

/** What the console shows of an error: a refusal in the appliance's words. */
export function problemOf(error: UsherError): Problem {
  const code = refusalCodeOf(error);
  if (code === undefined) return error.toBody();
  return { code, message: String(error.params['detail']), remedy: String(error.params['remedy']) };
}
