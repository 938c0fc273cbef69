import type { ClaimMatch, DeviceEvidence, EvidenceKind } from '../../k8s/core/resources.ts';

/** What the claim binder knows when it asks whether a device may be approved. */
export interface ApprovalQuestion {
  /** Evidence of the device, as its object records it. */
  evidence: DeviceEvidence;
  /** How the claim names the device. */
  match: ClaimMatch;
  /** True when no other device with verified evidence fits `match`. */
  isUnique: boolean;
}

const TIES_TO_SITE: Readonly<Record<EvidenceKind, boolean>> = {
  CardToken: true,
  BatchToken: true,
  ClaimCode: true,
  Key: true,
  None: false,
};

/** Whether the evidence ties the device to this site at all, and still does; without it a device is neither approved nor in conflict. */
export function isVerified(evidence: DeviceEvidence): boolean {
  return TIES_TO_SITE[evidence.kind] && evidence.withdrawnAt === undefined;
}

/**
 * Whether a claim bound to a device may approve it. A device id or a key fingerprint names one key: an operator meant
 * just this device, which also lifts a batch token ("one of ours") to "this one of ours". A serial, MAC or duid can be
 * copied: it only chooses among devices with evidence, so it must fit exactly one of them. Without evidence no claim
 * is sufficient.
 */
export function isSufficient({ evidence, match, isUnique }: ApprovalQuestion): boolean {
  if (!isVerified(evidence)) return false;
  if (match.device !== undefined || match.keyFingerprint !== undefined) return true;
  const namesBoard = match.serial !== undefined || match.mac !== undefined || match.duid !== undefined;
  return namesBoard && isUnique;
}
