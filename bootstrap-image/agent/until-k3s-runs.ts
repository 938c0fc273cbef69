import { type Clock, sleep } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { K3sNode } from './adapters/k3s-node.ts';

const LOOK_MS = 1_000;
const LOOKS = 15;

/**
 * Waits for k3s-agent. systemd starts it anew five seconds after it has ended, and once is no fault: telling of one costs
 * the ticket.
 * @throws UsherError K3S_AGENT_DOWN after 15 s, or what {@link K3sNode.checkRoom} finds
 */
export async function untilK3sRuns(k3s: K3sNode, clock: Clock): Promise<void> {
  for (let look = 1; !(await k3s.isActive()); look += 1) {
    if (look >= LOOKS) {
      await k3s.checkRoom();
      throw new UsherError('K3S_AGENT_DOWN');
    }
    await sleep(clock, LOOK_MS);
  }
}
