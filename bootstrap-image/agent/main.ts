import { parseArgs } from 'node:util';
import { systemClock } from '../../foundation/clock.ts';
import { crashReport } from '../../foundation/crash.ts';
import { asUsherError } from '../../foundation/errors.ts';
import { systemRandom } from '../../foundation/random.ts';
import { ArtifactStore } from './adapters/artifacts.ts';
import { ScreenConsole } from './adapters/console.ts';
import { loadIdentity, loadOrMakeIdentity } from './adapters/device-key.ts';
import { journalLogger } from './adapters/journal-logger.ts';
import { K3sNode } from './adapters/k3s-node.ts';
import { encodeQr } from './adapters/qr.ts';
import { Led } from './adapters/led.ts';
import { systemNetwork } from './adapters/network.ts';
import { systemd } from './adapters/services.ts';
import { DeviceTime, setSystemClock } from './adapters/system-time.ts';
import { Agent } from './agent.ts';
import { beforeK3s } from './before-k3s.ts';
import { checkIn, type CheckInOptions } from './check-in.ts';
import { devicePaths } from './core/device-paths.ts';
import { showIdentity } from './identify.ts';

// usage: agent.mjs [checkin | before-k3s | identify] [--root DIR] [--debug]
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { root: { type: 'string', default: '' }, debug: { type: 'boolean', default: false } },
});
const logger = journalLogger((line) => process.stdout.write(line), values.debug);
const paths = devicePaths(values.root);
const network = systemNetwork(paths.routes);
const k3s = new K3sNode({ paths, services: systemd, network, logger });
const time = new DeviceTime({
  clock: systemClock,
  setClock: setSystemClock,
  synchronisedPath: paths.clockSynchronised,
  logger,
});
const led = new Led(paths, logger);
process.once('SIGTERM', () => {
  // It then ends by the signal, as it would have without this.
  void led.giveBack().finally(() => process.kill(process.pid, 'SIGTERM'));
});
// What an error that nobody expected holds may be a secret: only where it happened is told.
process.on('uncaughtException', (error) => {
  logger.error(crashReport(error), 'the agent crashed');
  process.exit(1);
});
// The clock's timers do not keep a process alive; this one does, until all is done.
const alive = setInterval(() => undefined, 60_000);

try {
  if (positionals[0] === 'checkin') await runOnce(checkIn);
  else if (positionals[0] === 'before-k3s') await runOnce(beforeK3s);
  else if (positionals[0] === 'identify') await runIdentify();
  else await runAgent();
} catch (error) {
  const { code, message, remedy } = asUsherError(error);
  logger.error({ code, remedy }, message);
  process.exitCode = 1;
}
clearInterval(alive);

async function runOnce(work: (options: CheckInOptions) => Promise<string>): Promise<void> {
  const identity = await loadIdentity(paths.deviceKey, logger);
  if (identity === undefined) return;
  const random = systemRandom;
  const device = { paths, identity, k3s, services: systemd, network, time, clock: systemClock, random, logger };
  const outcome = await work(device);
  logger.debug({ outcome }, `${work.name} is over`);
}

async function runIdentify(): Promise<void> {
  const identity = await loadIdentity(paths.deviceKey, logger);
  if (identity === undefined) return;
  const console = new ScreenConsole(paths, logger);
  await showIdentity({ paths, deviceId: identity.deviceId, led, console, clock: systemClock, logger });
}

async function runAgent(): Promise<void> {
  await led.giveBack();
  const identity = await loadOrMakeIdentity(paths.deviceKey, logger);
  const agent = new Agent({
    paths,
    identity,
    k3s,
    artifacts: new ArtifactStore({ paths, logger }),
    network,
    time,
    console: new ScreenConsole(paths, logger),
    encodeQr,
    led,
    clock: systemClock,
    random: systemRandom,
    logger,
  });
  await agent.run();
}
