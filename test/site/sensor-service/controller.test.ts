import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, toRfc3339 } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import type { AdminKubeClient } from '../../../k8s/client/create-kube-client.ts';
import type { Informer } from '../../../k8s/client/kube-client.ts';
import { RequestCounts } from '../../../k8s/client/request-counts.ts';
import { POD, type Pod } from '../../../k8s/core/pods.ts';
import { DEVICE_CLAIM, type DeviceClaim, NODE, type Node } from '../../../k8s/core/resources.ts';
import { EVENT } from '../../../k8s/core/kube-event.ts';
import { isEnding } from '../../../k8s/core/sensor-service/instances.ts';
import { LEASE, SERVICE_LABEL, YIELD_TO_ANNOTATION } from '../../../k8s/core/sensor-service/lease.ts';
import { deviceResource, grantResource } from '../../../k8s/core/sensor-service/resource-names.ts';
import { SENSOR_SERVICE, type SensorService } from '../../../k8s/core/sensor-service/sensor-service.ts';
import type { InstanceView } from '../../../k8s/core/sensor-service/service-view.ts';
import { DAEMON_SET } from '../../../k8s/core/sensor-service/workload.ts';
import { EventRecorder } from '../../../k8s/events.ts';
import { installUsher } from '../../../k8s/install.ts';
import { applyNodeClaim } from '../../../k8s/nodes.ts';
import { runNodePrograms } from '../../../k8s/sensor-services/node-programs.ts';
import { ServiceController } from '../../../k8s/sensor-services/service-controller.ts';
import { serviceAccountClient } from '../../../k8s/service-account.ts';
import { NAMESPACE, SENSOR, serviceOf } from '../../support/sensor-service/services.ts';
import { hasTestCluster, startTestCluster, type TestCluster } from '../support/cluster.ts';
import { DEVICE_ID, MASTER, nodeOf } from '../support/kube-objects.ts';

const run = promisify(execFile);
const NAME = { name: 'lathe', namespace: NAMESPACE };
const BUS = { name: 'bus', path: '/dev/ttyUSB0' };
const POLL = { timeout: 10_000, interval: 50 };
/** Several times in the 6 s after which a lease is stale. */
const RENEW_MS = 500;

/** Nodes without kubelets: what these would report, the test writes. */
describe.skipIf(!hasTestCluster())('the service controller on a real API server', { timeout: 90_000 }, () => {
  let cluster: TestCluster;
  let admin: AdminKubeClient;
  let usher: AdminKubeClient;
  let controller: ServiceController;
  let nodes: Informer<Node>;
  let claims: Informer<DeviceClaim>;
  const requests = new RequestCounts();
  const service = serviceOf('lathe', SENSOR, { devices: [BUS], update: { minReadySeconds: 0 } });

  const current = async (): Promise<SensorService> => {
    const found = await admin.get(SENSOR_SERVICE, NAME);
    if (found === undefined) expect.unreachable('the service is gone');
    return found;
  };
  const says = async (type: string): Promise<string> => {
    const found = (await current()).status?.conditions?.find((condition) => condition.type === type);
    return `${found?.status ?? ''} ${found?.message ?? ''}`;
  };
  const pods = async (): Promise<Pod[]> =>
    (await admin.list(POD, { namespace: NAMESPACE, labelSelector: SERVICE_LABEL })).filter((pod) => !isEnding(pod));
  const podOn = async (node: string): Promise<Pod | undefined> =>
    (await pods()).find(({ spec }) => spec?.nodeName === node);
  const report = async (node: string, allocatable: Record<string, string>): Promise<void> => {
    const now = toRfc3339(systemClock.nowMs());
    const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: now, lastTransitionTime: now };
    const all = { cpu: '4', memory: '4Gi', pods: '110', ...allocatable };
    await admin.mergePatch(
      NODE,
      { name: node },
      { status: { conditions: [ready], capacity: all, allocatable: all } },
      'status',
    );
  };
  const grants = { [grantResource(NAMESPACE, 'lathe')]: '1' };
  const device = { [deviceResource(BUS)]: '1' };
  /** What the kubelet of a node would say once the container is up. */
  const startPodOn = async (node: string): Promise<void> => {
    await expect.poll(() => podOn(node).then((pod) => pod?.metadata.name), POLL).toBeDefined();
    const name = (await podOn(node))?.metadata.name ?? '';
    const ready = { type: 'Ready', status: 'True', lastTransitionTime: toRfc3339(systemClock.nowMs() - 1000) };
    await admin.mergePatch(
      POD,
      { name, namespace: NAMESPACE },
      { status: { phase: 'Running', conditions: [ready] } },
      'status',
    );
  };
  /** What the kubelet of a node would do once its containers are gone. */
  const removeEndedPods = async (): Promise<void> => {
    for (const pod of await admin.list(POD, { namespace: NAMESPACE })) {
      if (pod.metadata.deletionTimestamp === undefined) continue;
      const words = [
        'delete',
        'pod',
        pod.metadata.name,
        '-n',
        NAMESPACE,
        '--force',
        '--grace-period=0',
        '--wait=false',
      ];
      const kubeconfig = cluster.k3s?.kubeconfigPath ?? process.env['USHER_KUBECONFIG'] ?? '';
      await run(process.env['USHER_K3S'] ?? 'k3s', ['kubectl', '--kubeconfig', kubeconfig, ...words], {
        timeout: 20_000,
      });
    }
  };
  /** What the standby of a node would write. */
  const hold = (unit: string, node: string, epoch: number): Promise<unknown> => {
    const now = toRfc3339(systemClock.nowMs()).replace('Z', '000Z');
    const spec = { holderIdentity: node, leaseTransitions: epoch, acquireTime: now, renewTime: now };
    return admin.mergePatch(LEASE, { name: `lathe.${unit}`, namespace: NAMESPACE }, { spec });
  };
  /** As a standby that is active: renews until it is stopped, and with that no renewal is on its way any more. */
  const keepHolding = async (unit: string, node: string, epoch: number): Promise<() => Promise<void>> => {
    let latest = hold(unit, node, epoch);
    await latest;
    const renewals = setInterval(() => {
      latest = latest.then(() => hold(unit, node, epoch));
    }, RENEW_MS);
    return async () => {
      clearInterval(renewals);
      await latest;
    };
  };
  const instances = (): InstanceView[] =>
    controller
      .serviceViews()
      .flatMap(({ units }) => units)
      .flatMap((unit) => unit.instances);
  /** Events of the services, with their reasons. */
  const notes = async (): Promise<string[]> =>
    (await admin.list(EVENT, { namespace: NAMESPACE })).map(({ reason, note }) => `${reason}: ${note ?? ''}`);
  const claim = async (name: string, labels: Record<string, string>, pair?: 'Primary' | 'Backup'): Promise<void> => {
    const node = (await admin.get(NODE, { name })) ?? (await admin.create(NODE, nodeOf(name)));
    const paired = pair === undefined ? {} : { pair: { name: 'left', role: pair } };
    await applyNodeClaim(usher, node, { deviceId: DEVICE_ID, labels, taints: [], ...paired });
  };

  const startController = async (): Promise<void> => {
    const logger = silentLogger;
    const events = new EventRecorder({ kube: usher, clock: systemClock, logger, instance: 'test' });
    const brokerUrl = (): string => 'mqtt://10.0.0.1:1883';
    controller = new ServiceController({ kube: usher, nodes, claims, brokerUrl, events, clock: systemClock, logger });
    await controller.start();
  };

  beforeAll(async () => {
    cluster = await startTestCluster();
    ({ admin } = cluster);
    await installUsher({ admin, logger: silentLogger, clock: systemClock, masterNodeNames: [MASTER] });
    usher = serviceAccountClient({ admin, clock: systemClock, logger: silentLogger, counts: requests });
    nodes = usher.inform(NODE);
    claims = usher.inform(DEVICE_CLAIM);
    await startController();
  }, 180_000);

  afterAll(async () => {
    await controller.stop();
    await Promise.all([nodes.stop(), claims.stop()]);
    await usher.close();
    await cluster.stop();
  }, 60_000);

  it('says what is missing, one thing after the other', async () => {
    await admin.create(SENSOR_SERVICE, service);
    await expect.poll(() => says('PlacementSatisfied'), POLL).toContain('no node has machine=lathe: give a claim');
    await claim('pi-a', { machine: 'lathe' }, 'Primary');
    await claim('pi-b', { machine: 'lathe' }, 'Backup');
    for (const node of ['pi-a', 'pi-b']) await report(node, {});
    await expect.poll(() => says('Ready'), POLL).toContain('usher-node does not offer this service on node pi-a yet');
    for (const node of ['pi-a', 'pi-b']) await report(node, grants);
    await expect
      .poll(() => says('DevicesAvailable'), POLL)
      .toContain('usher-node has not said yet whether node pi-a has');
    const none = Object.fromEntries(Object.keys(device).map((resource) => [resource, '0']));
    for (const node of ['pi-a', 'pi-b']) await report(node, { ...grants, ...none });
    await expect.poll(() => says('DevicesAvailable'), POLL).toContain('node pi-a has no /dev/ttyUSB0');
    await expect.poll(async () => (await current()).status?.unitNames, POLL).toBe('left');
    await expect
      .poll(() => instances().map(({ node, why }) => [node, why]), POLL)
      .toEqual([
        ['pi-a', 'node pi-a has no /dev/ttyUSB0: plug it in'],
        ['pi-b', 'node pi-b has no /dev/ttyUSB0: plug it in'],
      ]);
  });

  it('runs on both nodes of the pair once they have the device, and is ready when one is active', async () => {
    for (const node of ['pi-a', 'pi-b']) await report(node, { ...grants, ...device });
    for (const node of ['pi-a', 'pi-b']) await startPodOn(node);
    await expect.poll(() => says('Ready'), POLL).toContain('nobody has the lease');
    const stopHolding = await keepHolding('left', 'pi-a', 1);
    try {
      await expect.poll(() => says('Ready'), POLL).toBe('True active in left (pi-a)');
      await expect.poll(() => says('Degraded'), POLL).toBe('False nothing is missing');
      const said = { activeNodes: 'left=pi-a', standbyNodes: 'pi-b' };
      await expect.poll(async () => (await current()).status, POLL).toMatchObject(said);
      await expect.poll(() => instances().map(({ state }) => state), POLL).toEqual(['Active', 'Standby']);
    } finally {
      await stopHolding();
    }
  });

  it('writes nothing while leases are renewed', async () => {
    const writes = (): number =>
      requests.list().reduce((sum, { verb, count }) => sum + (verb === 'get' ? 0 : count), 0);
    const stopHolding = await keepHolding('left', 'pi-a', 1);
    try {
      // What happened is told after the status says it.
      await expect.poll(notes, POLL).toContain('Active: active in left (pi-a)');
      let before = NaN;
      const isAtRest = (): boolean => {
        const last = before;
        before = writes();
        return before === last;
      };
      await expect.poll(isAtRest, { ...POLL, interval: 300 }).toBe(true);
      const { resourceVersion } = (await current()).metadata;
      for (let round = 0; round < 10; round += 1) {
        await hold('left', 'pi-a', 1);
      }
      await admin.mergePatch(NODE, { name: 'pi-a' }, { metadata: { annotations: { unrelated: 'x' } } });
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect([(await current()).metadata.resourceVersion, writes() - before]).toEqual([resourceVersion, 0]);
    } finally {
      await stopHolding();
    }
  });

  it('tells of a takeover', async () => {
    await hold('left', 'pi-b', 2);
    await expect.poll(async () => (await current()).status?.activeNodes, POLL).toBe('left=pi-b');
    expect((await current()).status?.units?.[0]).toMatchObject({ handovers: 1, lastHandover: { reason: 'Expired' } });
    await expect
      .poll(notes, POLL)
      .toContain('TakenOver: unit left: pi-b took over from pi-a, which went silent (epoch 2)');
  });

  it('updates the standby first, hands over, then updates the other; a restart in between is no matter', async () => {
    const image = 'usher.internal/lathe:1.3.0';
    const old = new Map((await pods()).map((pod) => [pod.spec?.nodeName, pod.metadata.uid]));
    let stopHolding = await keepHolding('left', 'pi-b', 2);
    try {
      await admin.mergePatch(SENSOR_SERVICE, NAME, { spec: { container: { image } } });
      await expect.poll(() => podOn('pi-a'), POLL).toBeUndefined();
      expect((await podOn('pi-b'))?.metadata.uid).toBe(old.get('pi-b'));
      await controller.stop();
      await removeEndedPods();
      await startController();
      await startPodOn('pi-a');
      const lease = (): Promise<string | undefined> =>
        admin
          .get(LEASE, { name: 'lathe.left', namespace: NAMESPACE })
          .then((found) => found?.metadata.annotations?.[YIELD_TO_ANNOTATION]);
      await expect.poll(lease, POLL).toBe('pi-a');
      expect((await podOn('pi-b'))?.metadata.uid).toBe(old.get('pi-b'));
      await stopHolding();
      stopHolding = await keepHolding('left', 'pi-a', 3);
      await expect.poll(lease, POLL).toBeUndefined();
      await expect.poll(() => podOn('pi-b'), POLL).toBeUndefined();
      await removeEndedPods();
      await startPodOn('pi-b');
      await expect.poll(() => says('Progressing'), POLL).toContain('nothing is being changed');
      expect((await pods()).map(({ spec }) => spec?.containers?.[0]?.image)).toEqual([image, image]);
    } finally {
      await stopHolding();
    }
  });

  it('starts on the new node before it stops on the old ones when labels move', async () => {
    for (const node of ['pi-a', 'pi-b']) await report(node, { ...grants, ...device });
    await claim('pi-c', { machine: 'lathe' });
    await report('pi-c', { ...grants, ...device });
    const stops = [await keepHolding('left', 'pi-a', 3)];
    try {
      await claim('pi-a', { machine: 'press' }, 'Primary');
      await claim('pi-b', { machine: 'press' }, 'Backup');
      await startPodOn('pi-c');
      const running = async (): Promise<string[]> => (await pods()).map(({ spec }) => spec?.nodeName ?? '').sort();
      expect(await running()).toEqual(['pi-a', 'pi-b', 'pi-c']);
      await new Promise((resolve) => setTimeout(resolve, 6000));
      expect(await running()).toContain('pi-a');
      stops.push(await keepHolding('pi-c', 'pi-c', 1));
      await expect.poll(running, POLL).toEqual(['pi-c']);
    } finally {
      for (const stop of stops) await stop();
    }
  });

  it('goes with its service, and leaves nothing', async () => {
    await admin.delete(SENSOR_SERVICE, NAME);
    const left = async (): Promise<number> => {
      const all = await Promise.all([
        admin.list(DAEMON_SET, { namespace: NAMESPACE }),
        admin.list(LEASE, { namespace: NAMESPACE }),
      ]);
      return all.flat().length;
    };
    // The garbage collector of a young cluster learns of new kinds every 30 s.
    await expect.poll(left, { timeout: 60_000 }).toBe(0);
  });

  it('puts standby and device plugin on every node, and the same again is no change', async () => {
    const image = 'usher.internal/usher-node:0.1.0';
    await runNodePrograms(admin, image);
    const found = await admin.get(DAEMON_SET, { name: 'usher-node', namespace: 'usher-system' });
    expect(found?.spec.template.spec).toMatchObject({ containers: [{ image }, { image }], hostPID: true });
    const started = async (): Promise<number> =>
      (await admin.list(POD, { namespace: 'usher-system', labelSelector: 'app.kubernetes.io/name=usher-node' })).length;
    await admin.create(NODE, nodeOf('pi-z', { 'kubernetes.io/os': 'linux' }));
    await expect.poll(started, POLL).toBe(1);
    await runNodePrograms(admin, image);
    const again = await admin.get(DAEMON_SET, { name: 'usher-node', namespace: 'usher-system' });
    expect(again?.metadata.generation).toBe(found?.metadata.generation);
  });

  it('says so where a service may not run', async () => {
    const misplaced: SensorService = {
      ...serviceOf('lathe', SENSOR),
      metadata: { name: 'lathe', namespace: 'usher-system' },
    };
    await admin.create(SENSOR_SERVICE, misplaced);
    const progress = async (): Promise<string | undefined> =>
      (await admin.get(SENSOR_SERVICE, misplaced.metadata))?.status?.conditions?.find(
        ({ type }) => type === 'Progressing',
      )?.message;
    await expect.poll(progress, POLL).toContain('use usher-services, or one of your own');
    await admin.delete(SENSOR_SERVICE, misplaced.metadata);
  });
});
