import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { sleep, systemClock } from '../../foundation/clock.ts';
import { crashReport } from '../../foundation/crash.ts';
import { asUsherError, UsherError } from '../../foundation/errors.ts';
import { createKubeClient } from '../../k8s/client/create-kube-client.ts';
import { grantKey } from '../../k8s/core/sensor-service/resource-names.ts';
import { inClusterAccess } from '../in-cluster.ts';
import { jsonLogger } from '../json-logger.ts';
import { HEALTH_FILE, keepHealthFile } from '../health-file.ts';
import { monotonicClock } from '../grant-protocol/monotonic-clock.ts';
import { CgroupKiller } from './process-killer.ts';
import { ServicePods } from './service-directory.ts';
import { Standby } from './standby.ts';
import { StuckMarker } from './stuck-marker.ts';
import { WatchdogDevice } from './watchdog-device.ts';
import { WatchdogKeeper } from './watchdog-keeper.ts';

// usage: standby.mjs [--node NAME] [--kubeconfig PATH] [--grants DIR] [--health PATH]
// USHER_HOST_ROOT: where the machine's /dev and /sys are seen (default /host)
const { values } = parseArgs({
  options: {
    node: { type: 'string' },
    kubeconfig: { type: 'string' },
    grants: { type: 'string', default: '/run/usher/grants' },
    health: { type: 'string', default: HEALTH_FILE },
  },
});
/** Longer than connections take to close; it is killed soon after that anyhow. */
const CLOSE_MS = 5_000;

const logger = jsonLogger((line) => process.stdout.write(line));

await run();

async function run(): Promise<void> {
  /** What is done before it ends by an error. */
  const lastActs: (() => void)[] = [];
  const fail = (): never => {
    for (const act of lastActs) act();
    // Timers would keep it going, and the watchdog petted, with nothing done for it.
    process.exit(1);
  };
  process.on('uncaughtException', (error) => {
    logger.error(crashReport(error), 'the standby crashed');
    fail();
  });
  try {
    const { node, standby, keeper, close } = await compose();
    lastActs.push(() => keeper.crash());
    keeper.start();
    const status = (): object => ({
      ...{ known: standby.unitStates() !== undefined, ...standby.status() },
      watchdog: keeper.status(),
    });
    const stopHealth = keepHealthFile({ path: values.health, clock: monotonicClock, status, logger });
    const stop = async (): Promise<void> => {
      logger.info({ node }, 'the standby stops');
      stopHealth();
      // Before the watchdog is stopped: nothing is granted without it. And both before what may take long.
      standby.halt();
      keeper.stop();
      await Promise.race([close(), sleep(monotonicClock, CLOSE_MS)]);
      process.exit(0);
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
    logger.info({ node }, 'the standby starts');
    await standby.start();
    logger.info({ node, ...standby.status() }, 'the Leases are known');
  } catch (error) {
    const { code, message, remedy } = asUsherError(error);
    logger.error({ code, remedy }, message);
    fail();
  }
}

interface Composed {
  readonly node: string;
  readonly standby: Standby;
  readonly keeper: WatchdogKeeper;
  readonly close: () => Promise<void>;
}

async function compose(): Promise<Composed> {
  const node = values.node ?? process.env['USHER_NODE_NAME'];
  if (node === undefined || node === '') throw new UsherError('CONFIG_INVALID', { detail: 'the node has no name' });
  const { kubeconfig } = values;
  const access = kubeconfig === undefined ? await inClusterAccess(process.env) : { kubeconfigPath: kubeconfig };
  const kube = createKubeClient({ access, logger, clock: systemClock });
  const pods = new ServicePods(kube, node);
  const standby = new Standby({
    node,
    kube,
    pods,
    killer: new CgroupKiller({ clock: monotonicClock, logger }),
    socketPathOf: (namespace, service) => `${values.grants}/${grantKey(namespace, service)}/grant.sock`,
    clock: monotonicClock,
    wallMs: () => Date.now(),
    logger,
  });
  const keeper = new WatchdogKeeper({
    watchdog: new WatchdogDevice(process.env['USHER_HOST_ROOT'] ?? '/host'),
    units: () => standby.unitStates(),
    stuck: () => standby.stuck(),
    marker: new StuckMarker({ path: join(dirname(values.health), 'stuck.json'), logger }),
    clock: monotonicClock,
    logger,
  });
  const close = async (): Promise<void> => {
    await standby.stop();
    await pods.stop();
    await kube.close();
  };
  return { node, standby, keeper, close };
}
