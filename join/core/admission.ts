import type { DeviceEvidence, DeviceHardware, EvidenceKind } from '../../k8s/core/resources.ts';
import type { Hardware } from '../protocol/messages.ts';
import type { ShownError } from './actions.ts';

/** How much each kind of evidence says about one single device. */
const STRENGTH: Readonly<Record<EvidenceKind, number>> = { None: 0, BatchToken: 1, CardToken: 2, Key: 2, ClaimCode: 2 };

/** The evidence to keep when a known device shows some again: never the weaker, and of equals the first. */
export function keptEvidence(known: DeviceEvidence, shown: DeviceEvidence): DeviceEvidence {
  return STRENGTH[shown.kind] > STRENGTH[known.kind] ? shown : known;
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

/** The error when a known key comes from another board. Network adapters come and go; the board's serial does not. */
export function hardwareChange(known: DeviceHardware | undefined, seen: DeviceHardware): ShownError | undefined {
  if (known?.serial === undefined || seen.serial === undefined || known.serial === seen.serial) return undefined;
  return { code: 'HARDWARE_CHANGED', params: { expected: known.serial, actual: seen.serial } };
}
