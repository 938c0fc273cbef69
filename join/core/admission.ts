import type { DeviceEvidence, DeviceHardware, EvidenceKind } from '../../k8s/core/resources.ts';
import type { Hardware } from '../protocol/messages.ts';
import type { ShownError } from './actions.ts';

/** How much each kind of evidence says about one single device. */
const STRENGTH: Readonly<Record<EvidenceKind, number>> = { None: 0, BatchToken: 1, CardToken: 2, Key: 2, ClaimCode: 2 };

/** The evidence to keep when a known device shows some again: never the weaker, and of equals the first; withdrawn is weakest. */
export function keptEvidence(known: DeviceEvidence, shown: DeviceEvidence): DeviceEvidence {
  const strength = known.withdrawnAt === undefined ? STRENGTH[known.kind] : 0;
  const kept = STRENGTH[shown.kind] > strength ? shown : known;
  // Whatever ties the device to the site: a code that it proved stays used.
  const codeFingerprint = shown.codeFingerprint ?? known.codeFingerprint;
  return codeFingerprint === kept.codeFingerprint || codeFingerprint === undefined
    ? kept
    : { ...kept, codeFingerprint };
}

/** What a hello says of the hardware, as a Device records it. */
export function recordedHardware(hw: Hardware): DeviceHardware {
  const said = Object.entries(hw).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(said) as Partial<DeviceHardware>), macs: hw.macs };
}

/** The hardware to record: a hello that cannot tell its board's serial takes nothing back of what is known of it. */
export function keptHardware(known: DeviceHardware | undefined, seen: DeviceHardware): DeviceHardware {
  const serial = seen.serial ?? known?.serial;
  return serial === undefined ? seen : { ...seen, serial };
}

/** What a check-in may tell anew: its health, and what is plugged in. */
const CHECKED_IN = ['power', 'card', 'devices', 'usb'] as const;
export type CheckedIn = Pick<Hardware, (typeof CHECKED_IN)[number]>;

/** The hardware to record after a check-in that told of it; undefined when all of it is known already. */
export function checkedInHardware(known: DeviceHardware | undefined, said: CheckedIn): DeviceHardware | undefined {
  if (known === undefined) return undefined;
  const fresh = CHECKED_IN.filter((key) => said[key] !== undefined && !sameFacts(said[key], known[key]));
  return fresh.length === 0 ? undefined : { ...known, ...Object.fromEntries(fresh.map((key) => [key, said[key]])) };
}

/** Fields in whatever order: the API server has one of its own. What is not recorded is as good as empty. */
function sameFacts(one: unknown, other: unknown = Array.isArray(one) ? [] : {}): boolean {
  return JSON.stringify(one, inOrder) === JSON.stringify(other, inOrder);
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The error when a known key comes from another board. Network adapters come and go; the board's serial does not. */
export function hardwareChange(known: DeviceHardware | undefined, seen: DeviceHardware): ShownError | undefined {
  if (known?.serial === undefined || seen.serial === undefined || known.serial === seen.serial) return undefined;
  return { code: 'HARDWARE_CHANGED', params: { expected: known.serial, actual: seen.serial } };
}
