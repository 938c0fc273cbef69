import type { Clock } from '../foundation/clock.ts';
import { asUsherError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { SiteCluster } from '../k8s/k3s/cluster.ts';

export interface FollowAddressesOptions {
  /** This machine's addresses on the LAN, as they are now. */
  readonly addresses: () => readonly string[];
  readonly cluster: Pick<SiteCluster, 'moveTo'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const LOOK_MS = 1_000;
/** An address counts when it has stayed this long: while a lease is renewed they come and go. */
const STEADY_LOOKS = 3;

/** Lets the cluster follow this machine's addresses. Returns what ends that. */
export function followAddresses({ addresses, cluster, clock, logger }: FollowAddressesOptions): () => void {
  let last = '';
  let looks = 0;
  let isStopped = false;
  const look = async (): Promise<void> => {
    const now = addresses();
    const text = now.join();
    looks = text === last ? looks + 1 : 1;
    last = text;
    if (looks === STEADY_LOOKS) {
      try {
        await cluster.moveTo(now);
      } catch (error) {
        const { code, message } = asUsherError(error);
        logger.error({ code, detail: message }, 'Kubernetes could not follow the addresses of this machine');
        // The addresses may stay as they are now, so this is the only occasion to try again.
        looks = 0;
      }
    }
    if (!isStopped) cancel = clock.after(LOOK_MS, () => void look());
  };
  let cancel = clock.after(LOOK_MS, () => void look());
  return () => {
    isStopped = true;
    cancel();
  };
}
