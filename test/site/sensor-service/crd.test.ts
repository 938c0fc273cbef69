import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import type { AdminKubeClient } from '../../../k8s/client/create-kube-client.ts';
import { SENSOR_SERVICE } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { installUsher } from '../../../k8s/install.ts';
import {
  ACTUATOR,
  FULL_SENSOR,
  type Json,
  NAMESPACE,
  SENSOR,
  serviceOf,
} from '../../support/sensor-service/services.ts';
import { hasTestCluster, startTestCluster, type TestCluster } from '../support/cluster.ts';
import { MASTER, outcomeOf } from '../support/kube-objects.ts';
import { BAD_SERVICES } from './bad-services.ts';

const run = promisify(execFile);

describe.skipIf(!hasTestCluster())('what kubectl apply says of a SensorService', { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let admin: AdminKubeClient;
  const dryRun = (spec: object, change: Json = {}, name = 'lathe'): Promise<unknown> =>
    admin.create(SENSOR_SERVICE, serviceOf(name, spec, change), { dryRun: true });

  beforeAll(async () => {
    cluster = await startTestCluster();
    ({ admin } = cluster);
    await installUsher({ admin, logger: silentLogger, clock: systemClock, masterNodeNames: [MASTER] });
  }, 180_000);

  afterAll(async () => {
    await cluster.stop();
  }, 60_000);

  it('has at least 30 bad ones to refuse', () => {
    expect(BAD_SERVICES.length).toBeGreaterThanOrEqual(30);
  });

  it.each(BAD_SERVICES)('refuses $what', async ({ base, change, name, says }) => {
    const outcome = await outcomeOf(dryRun(base, change, name));
    expect(outcome).toMatch(/^KUBE_INVALID|^KUBE_FAILED/);
    for (const part of says) expect(outcome).toContain(part);
  });

  it.each([
    ['the least', SENSOR],
    ['all', FULL_SENSOR],
    ['an actuator', ACTUATOR],
  ])('takes %s', async (_what, spec) => {
    expect(await outcomeOf(dryRun(spec))).toBe('ok');
  });

  it.each<[string, object, Json]>([
    ['quantities as numbers', SENSOR, { container: { resources: { limits: { cpu: 1, memory: '128Mi' } } } }],
    ['an image by its digest', SENSOR, { container: { image: `usher.internal/lathe@sha256:${'a'.repeat(64)}` } }],
    ['a registry with a port', SENSOR, { container: { image: 'registry.example:5000/a/b:v1' } }],
    ['one pair', SENSOR, { nodeSelector: { 'usher.internal/pair': 'left' } }],
    ['the fast profile', SENSOR, { failover: { profile: 'Fast', failback: { policy: 'Auto', afterSeconds: 0 } } }],
    ['active on all nodes', SENSOR, { failover: { mode: 'ActiveActive' } }],
    ['a similar node', SENSOR, { failover: { takeover: 'SimilarNode' } }],
    [
      'a similar node with the device',
      SENSOR,
      { devices: [{ name: 'bus', path: '/dev/i2c-1' }], failover: { takeover: 'SimilarNode' } },
    ],
    ['a holder that holds', ACTUATOR, { failover: { onControlPlaneLoss: 'HoldLast' } }],
    [
      'a hazard with all that it needs',
      ACTUATOR,
      { actuator: { hazard: 'High', interlockAcknowledged: true }, failover: { fencing: 'Watchdog' } },
    ],
    ['a 1-Wire sensor', SENSOR, { devices: [{ name: 'a', path: '/sys/bus/w1/devices/28-0316a2795bff' }] }],
    ['all of a family', SENSOR, { devices: [{ name: 'a', path: '/sys/bus/w1/devices/28-*', access: 'ReadOnly' }] }],
    ['a stable name of a device', SENSOR, { devices: [{ name: 'a', path: '/dev/serial/by-id/usb-FTDI_FT232R-if00' }] }],
  ])('takes %s', async (_what, base, change) => {
    expect(await outcomeOf(dryRun(base, change))).toBe('ok');
  });

  it('fills in what is left open', async () => {
    const { spec } = (await dryRun(SENSOR, { mqtt: { publish: [{ topic: 'a/{unit}' }] } })) as { spec: unknown };
    expect(spec).toMatchObject({
      container: { resources: { limits: { memory: '256Mi' } } },
      mqtt: { publish: [{ qos: 1, retain: false }] },
      failover: {
        mode: 'Lease',
        profile: 'Default',
        takeover: 'PairOnly',
        fencing: 'SelfFence',
        onControlPlaneLoss: 'Safe',
        failback: { policy: 'Manual', afterSeconds: 300 },
      },
      update: { order: 'StandbyFirst', minReadySeconds: 5 },
    });
  });

  it.runIf(process.env['USHER_K3S'] !== undefined)('explains itself, and lists itself in columns', async () => {
    const kubectl = async (...args: string[]): Promise<string> => {
      const kubeconfig = cluster.k3s?.kubeconfigPath ?? '';
      const words = ['kubectl', '--kubeconfig', kubeconfig, ...args];
      return (await run(process.env['USHER_K3S'] ?? '', words, { timeout: 20_000 })).stdout;
    };
    const manual = await kubectl('explain', 'sensorservice.spec', '--recursive');
    for (const field of ['nodeSelector', 'safeState', 'renewDeadlineSeconds', 'kafkaTopic']) {
      expect(manual).toContain(field);
    }
    expect(await kubectl('explain', 'sensorservice.spec.failover.takeover')).toMatch(/all the\s+labels of the unit/);
    await admin.create(SENSOR_SERVICE, serviceOf('listed'));
    const [head, line] = (await kubectl('get', 'sensorsvc', '-n', NAMESPACE)).split('\n');
    expect(head?.split(/\s+/)).toEqual(['NAME', 'TYPE', 'UNITS', 'ACTIVE', 'STANDBY', 'READY', 'AGE']);
    expect(line).toMatch(/^listed +Sensor/);
    await admin.delete(SENSOR_SERVICE, { name: 'listed', namespace: NAMESPACE });
  });
});
