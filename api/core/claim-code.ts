import { UsherError } from '../../foundation/errors.ts';
import { isDeviceId, shortIdOf } from '../../join/protocol/device-id.ts';
import type { EnteredCode } from '../../join/protocol/claim-code.ts';
import { findDevice } from './device-lookup.ts';
import type { DeviceView } from './schemas.ts';

/** What is known when a code is entered. */
export interface CodeQuestion {
  entered: EnteredCode;
  /** The device that the operator named beside it. */
  named: string | undefined;
  rows: readonly DeviceView[];
  /** Ids of the devices that wait for a code. */
  waiting: readonly string[];
}

/**
 * The device (its id) that a code is for. A full id need not have been seen yet. A short one may be met by a stranger who
 * made a key for it: then more characters are asked for. Whichever it is, only the device that knows the code can prove it.
 * @throws UsherError CLAIM_CODE_INVALID, DEVICE_UNKNOWN, DEVICE_AMBIGUOUS, DEVICE_WITHOUT_KEY
 */
export function deviceOfCode({ entered, named, rows, waiting }: CodeQuestion): string {
  const byCode = idInCode(entered, rows);
  if (named === undefined) return byCode ?? onlyOneOf(waiting);
  const row = findDevice(rows, named);
  if (!isDeviceId(row.id)) throw new UsherError('DEVICE_WITHOUT_KEY', { id: row.shortId });
  if (byCode !== undefined && byCode !== row.id) throw invalid(`it is that of device ${shortIdOf(byCode)}`);
  return row.id;
}

function idInCode({ device }: EnteredCode, rows: readonly DeviceView[]): string | undefined {
  if (device === '') return undefined;
  if (isDeviceId(device)) return device;
  // Only by their ids: a stranger chooses its host name and its serial itself.
  const meant = rows.filter(({ id }) => id.startsWith(device));
  return findDevice(meant, device).id;
}

function onlyOneOf(waiting: readonly string[]): string {
  const [only] = waiting;
  if (only === undefined) throw invalid('it names no device, and none waits for a code');
  if (waiting.length > 1) throw invalid('it names no device, and several wait for a code: put the short id before it');
  return only;
}

function invalid(detail: string): UsherError {
  return new UsherError('CLAIM_CODE_INVALID', { detail });
}
