import { messageOf } from '../../foundation/errors.ts';
import { readState } from './adapters/state-file.ts';
import { findInTime, type CheckInOptions } from './check-in.ts';

/** What was found, for the log and the tests. */
export type BeforeK3sOutcome = 'nothing-to-do' | 'kept' | 'removed' | 'appliance-away';

/**
 * Runs before every start of k3s-agent that finds a kubelet certificate. A certificate whose Node was never made (power
 * cut or crash between the two) keeps k3s out for ever; with the ticket still out, k3s simply gets a new one. Only the
 * appliance knows which it is: `approved` means that no Node exists, and none can appear while k3s is down. Without an
 * answer nothing changes: the ticket then ends by itself, and the next one clears the certificate.
 */
export async function beforeK3s(options: CheckInOptions): Promise<BeforeK3sOutcome> {
  const { paths, k3s, logger } = options;
  await k3s.rememberAddresses();
  const local = await readState(paths.state, logger);
  const isJoining = local.phase === 'applying' || local.phase === 'started';
  if (!isJoining || local.site === undefined) return 'nothing-to-do';
  try {
    const client = await findInTime(options, local, local.site);
    try {
      if ((await client.status(0)).state !== 'approved') return 'kept';
    } finally {
      client.close();
    }
  } catch (error) {
    logger.info({ detail: messageOf(error) }, 'nobody says whether the node exists: its certificate is kept');
    return 'appliance-away';
  }
  await k3s.removeKubeletCredentials();
  logger.warn({}, 'a kubelet certificate without a node was removed');
  return 'removed';
}
