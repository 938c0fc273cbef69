import type { ServiceSource } from '../../api/server/routes/service-routes.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { LEASE } from '../../k8s/core/sensor-service/lease.ts';
import type { ServiceView, UnitView } from '../../k8s/core/sensor-service/service-view.ts';

const SINCE = '2026-01-01T00:00:00Z';

function unit(name: string, service: string, nodes: readonly [string, string]): UnitView {
  const [node, other] = nodes;
  return {
    name,
    active: { node, epoch: 4, since: SINCE },
    lastHandover: { time: SINCE, from: other, to: node, reason: 'Released' },
    instances: [
      { node, unit: name, state: 'Active' },
      { node: other, unit: name, state: 'Standby' },
    ],
    problems: [],
    lease: {
      ...{ name: `${service}.${name}`, holder: node, epoch: 4 },
      candidates: nodes.map((each) => ({ node: each, isReady: true })),
    },
  };
}

/** hall/vibration: a sensor on a pair that runs, and on one of which the standby lacks its device. */
const VIBRATION: ServiceView = {
  ...{ namespace: 'hall', name: 'vibration', type: 'Sensor', image: 'usher.internal/lathe-vibration:1' },
  ...{ nodeSelector: { machine: 'lathe' }, isReady: true, message: 'active in left (pi-a), right (pi-c)' },
  warnings: ['unit right has no standby: node pi-d has no /dev/ttyUSB0: plug it in'],
  ...{ mode: 'Lease', onControlPlaneLoss: 'Safe', devices: ['/dev/ttyUSB0'] },
  deviceRules: [{ path: '/dev/ttyUSB0' }],
  ...{ publishes: ['hall/{unit}/vibration'], subscribes: [] },
  outside: [],
  units: [
    unit('left', 'vibration', ['pi-a', 'pi-b']),
    {
      ...unit('right', 'vibration', ['pi-c', 'pi-d']),
      instances: [
        { node: 'pi-c', unit: 'right', state: 'Active' },
        {
          ...{ node: 'pi-d', unit: 'right', state: 'NotRunning', reason: 'DeviceMissing' },
          why: 'node pi-d has no /dev/ttyUSB0: plug it in',
        },
      ],
      lease: {
        ...{ name: 'vibration.right', holder: 'pi-c', epoch: 4 },
        candidates: [
          { node: 'pi-c', isReady: true },
          { node: 'pi-d', isReady: false },
        ],
      },
    },
  ],
};

const SILENT = 'node pi-c went silent and may drive on (HoldLast): make sure that it is off, then take the unit over';

/** hall/valve: an actuator whose holder went silent and may still drive. */
const VALVE: ServiceView = {
  ...{ namespace: 'hall', name: 'valve', type: 'Actuator', image: 'usher.internal/valve:2', safeState: 'closed' },
  ...{ nodeSelector: { machine: 'tank' }, isReady: false, warnings: [] },
  message: `unit right: ${SILENT}`,
  ...{ mode: 'Lease', onControlPlaneLoss: 'HoldLast', devices: [], deviceRules: [], publishes: [] },
  subscribes: ['hall/{unit}/valve'],
  outside: [],
  units: [
    {
      ...{ name: 'right', problems: [SILENT, 'node pi-c is not ready'] },
      instances: [
        ...[{ node: 'pi-c', unit: 'right', state: 'NotRunning' as const, why: 'node pi-c is not ready' }],
        { node: 'pi-d', unit: 'right', state: 'Standby' },
      ],
      lease: {
        ...{ name: 'valve.right', holder: 'pi-c', epoch: 7 },
        candidates: [
          { node: 'pi-c', isReady: false },
          { node: 'pi-d', isReady: true },
        ],
      },
    },
  ],
};

/** hall/heat: nobody has its labels. */
const HEAT: ServiceView = {
  ...{ namespace: 'hall', name: 'heat', type: 'Sensor', image: 'usher.internal/heat:1', warnings: [] },
  ...{ nodeSelector: { machine: 'oven' }, isReady: false, mode: 'Lease', onControlPlaneLoss: 'Safe' },
  message: 'no node has machine=oven: give a claim these labels',
  ...{ devices: [], deviceRules: [], publishes: [], subscribes: [], units: [], outside: [] },
};

/** A source of sensor services that does what the test says. */
export class SampleServices implements ServiceSource {
  readonly #handlers = new Set<() => void>();
  services: readonly ServiceView[];

  /** @param more stand behind the sample services */
  constructor(more: readonly ServiceView[] = []) {
    this.services = [HEAT, VALVE, VIBRATION, ...more];
  }

  serviceViews(): readonly ServiceView[] {
    return this.services;
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Puts others in their place, and tells so. */
  become(services: readonly ServiceView[]): void {
    this.services = services;
    for (const handler of this.#handlers) handler();
  }

  /** The left unit of vibration goes to `pi-b`, as after a handover. */
  handLeftOver(): void {
    const left = { ...unit('left', 'vibration', ['pi-b', 'pi-a']), handBackTo: 'pi-a' };
    const [, right] = VIBRATION.units;
    this.become([HEAT, VALVE, { ...VIBRATION, units: right === undefined ? [left] : [left, right] }]);
  }
}

/** The Leases of the sample services. */
export async function putLeases(kube: Pick<KubeClient, 'create'>): Promise<void> {
  for (const name of ['vibration.left', 'vibration.right', 'valve.right']) {
    await kube.create(LEASE, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'hall' },
    });
  }
}
