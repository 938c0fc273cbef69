import { UsherError } from '../../foundation/errors.ts';
import { normaliseMac, printable } from '../../foundation/text.ts';
import { DEVICE_ID_LENGTH } from '../../join/protocol/device-id.ts';
import { DEVICE_CLAIM, MANAGED_BY, type ClaimMatch, type DeviceClaim } from '../../k8s/core/resources.ts';
import { keyOfMatch } from './claim-index.ts';
import { checkClaim } from './claim-rules.ts';
import { conditionViews } from './condition-view.ts';
import type { ClaimChange, ClaimView, DeviceView, NewClaim } from './schemas.ts';

const FINGERPRINT = /^[0-9a-f]{64}$/;
const DEVICE_ID = new RegExp(`^[0-9a-hjkmnp-tv-z]{${DEVICE_ID_LENGTH}}$`);
const MAX_SHOWN = 64;
/** Enough of a uid to tell a claim from a later one of the same name. */
const UID_DIGITS = 12;
const DUID = /^[0-9a-f]+(:[0-9a-f]+)*$/;

/**
 * The DeviceClaim that an operator's request asks for.
 * @param row the row that `claim.device` names, when it names one
 * @throws UsherError CLAIM_INVALID, EVIDENCE_MISSING or CLAIM_CODE_AWAITED (the device has a key but showed no evidence)
 */
export function toDeviceClaim(claim: NewClaim, row: DeviceView | undefined): DeviceClaim {
  checkClaim(claim);
  const match = row === undefined ? toMatch(claim.match ?? {}) : matchOf(row);
  return {
    apiVersion: DEVICE_CLAIM.apiVersion,
    kind: DEVICE_CLAIM.kind,
    metadata: { name: claim.name, labels: { ...MANAGED_BY } },
    spec: {
      match,
      ...(claim.nodeName === undefined ? {} : { nodeName: claim.nodeName }),
      ...(claim.labels === undefined ? {} : { labels: claim.labels }),
      ...(claim.taints === undefined ? {} : { taints: claim.taints.map(plainTaint) }),
      ...(claim.pair === undefined ? {} : { pair: claim.pair }),
      ...(claim.replaces === undefined ? {} : { replaces: replacedId(claim.replaces, match) }),
      ...(claim.reclaimPolicy === undefined ? {} : { reclaimPolicy: claim.reclaimPolicy }),
    },
  };
}

/** The claim as the change says; what it does not mention stays. @throws UsherError CLAIM_INVALID */
export function changedClaim(claim: DeviceClaim, change: ClaimChange): DeviceClaim {
  const { pair, ...others } = change;
  checkClaim({ ...others, ...(pair === undefined || pair === null ? {} : { pair }) });
  const spec = { ...claim.spec };
  if (change.labels !== undefined) spec.labels = change.labels;
  if (change.taints !== undefined) spec.taints = change.taints.map(plainTaint);
  if (pair === null) delete spec.pair;
  else if (pair !== undefined) spec.pair = pair;
  if (change.reclaimPolicy !== undefined) spec.reclaimPolicy = change.reclaimPolicy;
  if (change.match !== undefined) spec.match = toMatch(change.match);
  if (change.replaces === null) delete spec.replaces;
  else if (change.replaces !== undefined) spec.replaces = replacedId(change.replaces, spec.match);
  return { ...claim, spec };
}

/** A DeviceClaim as operators see it. */
export function claimView({ metadata, spec, status }: DeviceClaim): ClaimView {
  return {
    name: metadata.name,
    ...versionOf(metadata),
    phase: status?.phase ?? 'Waiting',
    match: { ...spec.match },
    nodeName: spec.nodeName ?? metadata.name,
    labels: spec.labels ?? {},
    taints: spec.taints ?? [],
    ...(spec.pair === undefined ? {} : { pair: spec.pair }),
    ...(status?.deviceRef === undefined ? {} : { device: status.deviceRef.name }),
    ...(spec.replaces === undefined ? {} : { replaces: spec.replaces }),
    reclaimPolicy: spec.reclaimPolicy ?? 'Retain',
    conditions: conditionViews(status?.conditions),
  };
}

/** Only what is wanted counts: the binder writes the status all the time. */
function versionOf({ uid, generation }: DeviceClaim['metadata']): { version?: string } {
  return uid === undefined || generation === undefined
    ? {}
    : { version: `${uid.slice(-UID_DIGITS)}.${String(generation)}` };
}

/** How a claim names the thing of a row: by its key if it has one, else by its MAC address. */
function matchOf(row: DeviceView): ClaimMatch {
  if (row.stage === 'NoEvidence') {
    throw new UsherError(row.codeAwaited === true ? 'CLAIM_CODE_AWAITED' : 'EVIDENCE_MISSING', { id: row.shortId });
  }
  if (row.stage !== 'Seen') return { device: row.id };
  const [mac] = row.macs;
  if (mac === undefined) throw new UsherError('CLAIM_INVALID', { detail: `${row.id} has no MAC address` });
  return { mac };
}

/** The full id of a device that another one takes the place of. */
function replacedId(id: string, match: ClaimMatch): string {
  if (!DEVICE_ID.test(id)) throw invalid(`replaces: ${printable(id, MAX_SHOWN)} is no full id of a known device`);
  if (keyOfMatch(match) === `device:${id}`) throw invalid('a device cannot take its own place');
  return id;
}

function toMatch(match: NonNullable<NewClaim['match']>): ClaimMatch {
  const given = Object.entries(match).flatMap(([key, value = '']) =>
    value.trim() === '' ? [] : [{ key: key as keyof ClaimMatch, value: value.trim() }],
  );
  const [only] = given;
  if (only === undefined || given.length > 1) {
    const detail = 'name exactly one of device, serial, mac, duid and keyFingerprint';
    throw new UsherError('CLAIM_INVALID', { detail });
  }
  return { [only.key]: normalisedMatch(only.key, only.value) };
}

function normalisedMatch(key: keyof ClaimMatch, value: string): string {
  const lower = value.toLowerCase();
  const mac = normaliseMac(value);
  if (key === 'mac' && mac === undefined) throw invalid(`${value} is not a MAC address`);
  if (key === 'mac') return mac ?? value;
  if (key === 'keyFingerprint' && !FINGERPRINT.test(lower))
    throw invalid('a key fingerprint has 64 hexadecimal digits');
  if (key === 'duid' && !DUID.test(lower)) throw invalid(`${value} is not a DUID in hexadecimal`);
  return key === 'serial' ? value : lower;
}

function invalid(detail: string): UsherError {
  return new UsherError('CLAIM_INVALID', { detail });
}

function plainTaint(
  taint: NonNullable<NewClaim['taints']>[number],
): NonNullable<DeviceClaim['spec']['taints']>[number] {
  return { key: taint.key, ...(taint.value === undefined ? {} : { value: taint.value }), effect: taint.effect };
}
