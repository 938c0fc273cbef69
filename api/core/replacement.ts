import { UsherError } from '../../foundation/errors.ts';
import type { DeviceClaim } from '../../k8s/core/resources.ts';
import type { DeviceView } from './schemas.ts';

/**
 * Whether a device may take another's place: it has a key that ties it to this site, or a genuine token that another one
 * used, and nobody turned it away.
 * @throws UsherError CLAIM_INVALID, DEVICE_WITHOUT_KEY, EVIDENCE_MISSING, DEVICE_REJECTED, DEVICE_REVOKED, NODE_NAME_TAKEN
 */
export function checkSuccessor(old: DeviceView, row: DeviceView): void {
  if (old.id === row.id) throw new UsherError('CLAIM_INVALID', { detail: 'a device cannot take its own place' });
  if (old.stage === 'Revoked') {
    const owner = `revoked device ${old.shortId}`;
    throw new UsherError('NODE_NAME_TAKEN', { nodeName: old.nodeName ?? '', owner });
  }
  switch (row.stage) {
    case 'Seen':
      throw new UsherError('DEVICE_WITHOUT_KEY', { id: row.shortId });
    case 'Rejected':
    case 'Ignored':
      throw new UsherError('DEVICE_REJECTED');
    case 'Revoked':
      throw new UsherError('DEVICE_REVOKED');
    case 'NoEvidence':
      if (isSpentToken(row.failure?.code)) return;
      throw new UsherError('EVIDENCE_MISSING', { id: row.shortId });
    default:
  }
}

/** The claim after the operator's word that `newcomer` takes the place of `old`. */
export function replacementOf(claim: DeviceClaim, old: string, newcomer: string): DeviceClaim {
  return { ...claim, spec: { ...claim.spec, match: { device: newcomer }, replaces: old } };
}

function isSpentToken(code: string | undefined): boolean {
  return code === 'TOKEN_USED' || code === 'TOKEN_EXPIRED';
}
