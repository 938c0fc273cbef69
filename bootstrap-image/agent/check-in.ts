import { type Clock, sleep } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import type { CheckInReply } from '../../join/protocol/messages.ts';
import type { DeviceIdentity } from './adapters/device-key.ts';
import { findAppliance } from './adapters/finder.ts';
import { readAttached } from './adapters/attached.ts';
import { readHealth } from './adapters/health.ts';
import { readBootFacts } from './adapters/hello.ts';
import type { K3sNode } from './adapters/k3s-node.ts';
import type { EnrolClient } from './adapters/enrol-client.ts';
import { fingerprint, type Network } from './adapters/network.ts';
import { pointToRegistry } from './adapters/registry.ts';
import type { Services } from './adapters/services.ts';
import { readState, writeState } from './adapters/state-file.ts';
import type { DeviceTime } from './adapters/system-time.ts';
import type { DevicePaths } from './core/device-paths.ts';
import type { LocalState, Site } from './core/local-state.ts';
import { retryDelayMs } from './core/retry-schedule.ts';

const AGENT_UNIT = 'usher-agent.service';
const MOST_ADDRESSES = 16;
const NETWORK_WAIT_MS = 8_000;
const NETWORK_LOOK_MS = 250;
/** After a power cut the appliance may be overrun; k3s-agent waits for the first check-in, so there are not many. */
const TRIES = 3;

export interface CheckInOptions {
  readonly paths: DevicePaths;
  readonly identity: DeviceIdentity;
  readonly k3s: K3sNode;
  readonly services: Services;
  readonly network: Network;
  readonly time: DeviceTime;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What a check-in came to: the appliance's order, or why there was none. */
export type CheckInOutcome = CheckInReply['order'] | 'not-a-node' | 'appliance-away';

/**
 * Asks the appliance whether this node stays, and obeys. A device that has not finished joining is the agent's, not
 * ours; an appliance that is away changes nothing.
 * @throws UsherError only when an order could not be carried out
 */
export async function checkIn(options: CheckInOptions): Promise<CheckInOutcome> {
  const { paths, time, services, logger } = options;
  const local = await readState(paths.state, logger);
  if (local.phase !== 'done' || local.site === undefined) {
    // Its work is not finished; should it have ended all the same, it goes on now.
    if (!(await services.isActive(AGENT_UNIT))) await services.startSoon(AGENT_UNIT);
    return 'not-a-node';
  }
  await time.raiseTo(local.site.issuedAt);
  const reply = await ask(options, local, local.site);
  if (reply === undefined) return 'appliance-away';
  await time.follow({ serverTime: reply.serverTime, authenticated: true });
  await obey(options, local, reply);
  return reply.order;
}

async function ask(options: CheckInOptions, local: LocalState, site: Site): Promise<CheckInReply | undefined> {
  const { clock, random, logger } = options;
  for (let failures = 1; ; failures += 1) {
    try {
      return await askOnce(options, local, site);
    } catch (error) {
      const isLast = failures >= TRIES;
      const what = isLast
        ? 'no order from the appliance: nothing changes'
        : 'no order yet: the appliance is asked again';
      logger.info({ detail: messageOf(error) }, what);
      if (isLast) return undefined;
      await sleep(clock, retryDelayMs(failures, false, random));
    }
  }
}

async function askOnce(options: CheckInOptions, local: LocalState, site: Site): Promise<CheckInReply> {
  const { paths, network, k3s } = options;
  const client = await findInTime(options, local, site);
  try {
    if (client.origin !== local.applianceUrl) await writeState(paths.state, { ...local, applianceUrl: client.origin });
    await pointToRegistry(options, site, client.origin);
    const ips = network.links().map(({ ip }) => ip);
    return await client.checkIn({
      v: 1,
      bootId: (await readBootFacts(paths)).bootId,
      k3sActive: await k3s.isActive(),
      ips: ips.slice(0, MOST_ADDRESSES),
      ...(local.nodeName === undefined ? {} : { nodeName: local.nodeName }),
      ...(await readHealth(paths)),
      ...(await readAttached(paths)),
    });
  } finally {
    client.close();
  }
}

/** At boot the lease may still be on its way: a failed search is repeated when the network has changed meanwhile. */
export async function findInTime(options: CheckInOptions, local: LocalState, site: Site): Promise<EnrolClient> {
  const { identity, network, clock, logger } = options;
  for (let leftMs = NETWORK_WAIT_MS; ; leftMs -= NETWORK_LOOK_MS) {
    const before = await fingerprint(network);
    try {
      return await findAppliance({ site, lastUrl: local.applianceUrl, identity, network, logger });
    } catch (error) {
      while (leftMs > 0 && network.links().length === 0) {
        await sleep(clock, NETWORK_LOOK_MS);
        leftMs -= NETWORK_LOOK_MS;
      }
      if (leftMs <= 0 || (await fingerprint(network)) === before) throw error;
    }
  }
}

async function obey(options: CheckInOptions, local: LocalState, { order, server }: CheckInReply): Promise<void> {
  const { paths, k3s, services, logger } = options;
  switch (order) {
    case 'stay':
      await k3s.follow(server, 'no-wait');
      return;
    case 'stop':
      logger.warn({}, 'this device is to be no node any more: k3s stops');
      return k3s.stopForGood();
    case 'rejoin':
      logger.info({}, 'the appliance asks for a new join');
      // Nobody knows when the next ticket comes; until then k3s must not start with the board.
      await k3s.stopForGood();
      await k3s.removeKubeletCredentials();
      // The agent makes the join; this program is waited for at boot and must not take long.
      await writeState(paths.state, { ...local, phase: 'new', ticketId: undefined });
      return services.startSoon(AGENT_UNIT);
  }
}
