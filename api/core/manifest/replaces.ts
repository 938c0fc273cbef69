import { UsherError } from '../../../foundation/errors.ts';
import { printable } from '../../../foundation/text.ts';
import { matchKey, namesKey } from '../../../join/core/claim-match.ts';
import { isDeviceId } from '../../../join/protocol/device-id.ts';
import type { ClaimMatch } from '../../../k8s/core/resources.ts';

const MAX_SHOWN = 64;

/**
 * The id of the device whose place the matched one takes.
 * @throws UsherError CLAIM_INVALID unless it is a full id, and the newcomer is named by its key
 */
export function readReplaces(text: string, match: ClaimMatch | undefined): string {
  const id = text.trim().toLowerCase();
  if (!isDeviceId(id)) throw invalid(`${printable(text, MAX_SHOWN)} is no full device id`);
  if (match === undefined) return id;
  if (!namesKey(match)) throw invalid('the newcomer must be named by its device id or key fingerprint');
  if (matchKey(match) === `device ${id}`) throw invalid('a device cannot take its own place');
  return id;
}

function invalid(detail: string): UsherError {
  return new UsherError('CLAIM_INVALID', { detail: `replaces: ${detail}` });
}
