import { type Clock, sleep } from '../../foundation/clock.ts';
import { fingerprint, type Network } from './adapters/network.ts';

const NETWORK_LOOK_MS = 250;

export interface NetworkWait {
  readonly network: Network;
  readonly clock: Clock;
  /** The fingerprint of the network when it was looked at last. */
  readonly seen: string;
  readonly delayMs: number;
}

/** Waits, but no longer than until the addresses or routes change: then a cable was plugged or a lease has come. */
export async function waitForNetwork({ network, clock, seen, delayMs }: NetworkWait): Promise<'changed' | 'over'> {
  // Counted, not compared with a clock that may be set meanwhile.
  for (let leftMs = delayMs; leftMs > 0; leftMs -= NETWORK_LOOK_MS) {
    await sleep(clock, Math.min(NETWORK_LOOK_MS, leftMs));
    if ((await fingerprint(network)) !== seen) return 'changed';
  }
  return 'over';
}
