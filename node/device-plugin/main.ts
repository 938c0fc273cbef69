import { join } from 'node:path';
import { systemClock } from '../../foundation/clock.ts';
import { asUsherError } from '../../foundation/errors.ts';
import { createKubeClient } from '../../k8s/client/create-kube-client.ts';
import { SENSOR_SERVICE } from '../../k8s/core/sensor-service/sensor-service.ts';
import { monotonicClock } from '../grant-protocol/monotonic-clock.ts';
import { inClusterAccess } from '../in-cluster.ts';
import { jsonLogger } from '../json-logger.ts';
import { DevicePlugin } from './device-plugin.ts';
import { HostDevices } from './host-devices.ts';
import { offeredResources } from './offered-resources.ts';
import { WatchdogResource, watchdogSeen } from './watchdog-resource.ts';

/** The kubelet's, on every distribution: k3s does not move it. */
const DEVICE_PLUGINS = '/var/lib/kubelet/device-plugins';
/** The standby's, in which it tells of the watchdog. */
const HEALTH = '/run/usher/standby/health.json';
const LOOK_AT_WATCHDOG_MS = 1_000;

/**
 * The device plugin of one node, as a container of `usher-node`. Environment: `USHER_HOST_ROOT`, where the host's /dev,
 * /sys, /run/usher and /var/lib/kubelet/device-plugins are seen (default `/host`), and that of any pod.
 */
async function main(): Promise<void> {
  const root = process.env['USHER_HOST_ROOT'] ?? '/host';
  const logger = jsonLogger((line) => process.stdout.write(line), { part: 'device-plugin' });
  const kube = createKubeClient({ access: await inClusterAccess(process.env), logger, clock: systemClock });
  const services = kube.inform(SENSOR_SERVICE);
  const folders = { folder: join(root, DEVICE_PLUGINS), devFolder: join(root, 'dev') };
  const plugin = new DevicePlugin({ ...folders, clock: systemClock, logger });
  const host = new HostDevices(root);
  let watchdog = watchdogSeen(join(root, HEALTH), monotonicClock);
  const offer = (): void => {
    const told = watchdog === undefined ? [] : [new WatchdogResource(watchdog)];
    plugin.offer([...offeredResources(services.list(), host, root), ...told]);
  };
  plugin.start();
  // Until the first list is in, nothing is offered: resources that come and go would be taken from their pods.
  await services.synced();
  services.onChange(offer);
  offer();
  const lookAtWatchdog = setInterval(() => {
    const seen = watchdogSeen(join(root, HEALTH), monotonicClock);
    if (seen === watchdog) return;
    watchdog = seen;
    offer();
  }, LOOK_AT_WATCHDOG_MS);
  const stop = async (): Promise<void> => {
    clearInterval(lookAtWatchdog);
    await plugin.stop();
    await services.stop();
    await kube.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
}

main().catch((error: unknown) => {
  const { code, message } = asUsherError(error);
  process.stderr.write(`${code}: ${message}\n`);
  process.exitCode = 1;
});
