import { type Clock, toRfc3339 } from '../../../foundation/clock.ts';
import { printable } from '../../../foundation/text.ts';
import type { DeviceHello, JoinRequest } from '../../../join/protocol/messages.ts';
import type { DevicePaths } from '../core/device-paths.ts';
import { AGENT_VERSION } from '../core/version.ts';
import type { Secret } from '../../../foundation/secret.ts';
import { readHardware } from './hardware.ts';
import { readFact } from './read-file.ts';

export interface HelloOptions {
  readonly paths: DevicePaths;
  readonly deviceId: string;
  readonly token: Secret | undefined;
  /** It has a claim code to prove, once an operator has entered that. */
  readonly hasCode: boolean;
  readonly clock: Clock;
  readonly clockSynchronised: boolean;
}

/** Everything the device says of itself. The token in it goes only over a connection that the pinned CA vouches for. */
export async function readHello(options: HelloOptions): Promise<DeviceHello> {
  const { paths, deviceId, token, hasCode, clock, clockSynchronised } = options;
  return {
    ...(await readBootFacts(paths)),
    id: deviceId,
    agent: AGENT_VERSION,
    hw: await readHardware(paths),
    clock: { now: toRfc3339(clock.nowMs()), synced: clockSynchronised },
    evidence: token === undefined ? { type: hasCode ? 'code' : 'none' } : { type: 'token', token: token.reveal() },
  };
}

/** Which boot of which installation this is. */
export async function readBootFacts(paths: DevicePaths): Promise<JoinRequest> {
  const bootId = printable((await readFact(paths.bootId)) ?? '', 64);
  const machineId = printable((await readFact(paths.machineId)) ?? '', 64);
  return { v: 1, bootId, ...(machineId === '' ? {} : { machineId }) };
}
