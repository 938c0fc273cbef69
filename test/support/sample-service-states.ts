import type { ServiceView, UnitView } from '../../k8s/core/sensor-service/service-view.ts';

const SINCE = '2026-01-01T00:00:00Z';

const SENSOR: Omit<ServiceView, 'namespace' | 'name' | 'image' | 'nodeSelector' | 'message' | 'units'> = {
  ...{ type: 'Sensor', mode: 'Lease', onControlPlaneLoss: 'Safe', isReady: true, warnings: [] },
  ...{ devices: [], deviceRules: [], publishes: [], subscribes: [], outside: [] },
};

/** Of two nodes, the first one active. */
function pair(name: string, service: string, [node, other]: readonly [string, string]): UnitView {
  return {
    ...{ name, active: { node, epoch: 9, since: SINCE }, problems: [] },
    instances: [
      { node, unit: name, state: 'Active' },
      { node: other, unit: name, state: 'Standby' },
    ],
    lease: {
      ...{ name: `${service}.${name}`, holder: node, epoch: 9 },
      candidates: [node, other].map((each) => ({ node: each, isReady: true })),
    },
  };
}

/** A pair that runs as it should. */
const TEMPERATURE: ServiceView = {
  ...SENSOR,
  ...{ namespace: 'hall', name: 'temperature', image: 'usher.internal/temperature:1' },
  ...{ nodeSelector: { machine: 'press' }, message: 'active in presses (press-2)' },
  ...{ devices: ['/dev/i2c-1'], publishes: ['hall/{unit}/temperature'] },
  units: [
    {
      ...pair('presses', 'temperature', ['press-2', 'press-3']),
      lastHandover: { time: SINCE, from: 'press-3', to: 'press-2', reason: 'Released' },
    },
  ],
};

/** Its holder went silent, and the other one took over. */
const SPINDLE: ServiceView = {
  ...SENSOR,
  ...{ namespace: 'hall', name: 'spindle', image: 'usher.internal/spindle:3' },
  ...{ nodeSelector: { machine: 'mill' }, message: 'active in mills (mill-2)' },
  warnings: ['unit mills has no standby: node mill-1 is not ready'],
  ...{ devices: ['USB 1a86:7523'], publishes: ['hall/{unit}/spindle'] },
  units: [
    {
      ...pair('mills', 'spindle', ['mill-2', 'mill-1']),
      lastHandover: { time: SINCE, from: 'mill-1', to: 'mill-2', reason: 'Expired' },
      instances: [
        { node: 'mill-2', unit: 'mills', state: 'Active' },
        {
          ...{ node: 'mill-1', unit: 'mills', state: 'NotRunning', reason: 'NodeNotReady' },
          why: 'node mill-1 is not ready',
        },
      ],
      lease: {
        ...{ name: 'spindle.mills', holder: 'mill-2', epoch: 9 },
        candidates: [
          { node: 'mill-2', isReady: true },
          { node: 'mill-1', isReady: false },
        ],
      },
    },
  ],
};

/** The backup has it, and the primary is ready again. */
const NOISE: ServiceView = {
  ...SENSOR,
  ...{ namespace: 'hall', name: 'noise', image: 'usher.internal/noise:1' },
  ...{ nodeSelector: { machine: 'press' }, message: 'active in presses (press-3)' },
  units: [{ ...pair('presses', 'noise', ['press-3', 'press-2']), handBackTo: 'press-2' }],
};

/** A node without a pair: nobody could take over. */
const ALONE: ServiceView = {
  ...SENSOR,
  ...{ namespace: 'hall', name: 'alone', image: 'usher.internal/alone:1' },
  ...{ nodeSelector: { machine: 'saw' }, message: 'active in pi-e (pi-e)' },
  units: [
    {
      ...{ name: 'pi-e', active: { node: 'pi-e', epoch: 1, since: SINCE }, problems: [] },
      instances: [{ node: 'pi-e', unit: 'pi-e', state: 'Active' }],
      lease: { name: 'alone.pi-e', holder: 'pi-e', epoch: 1, candidates: [{ node: 'pi-e', isReady: true }] },
    },
  ],
};

/** A claim has its labels, and no board for it is there. */
const HUMIDITY: ServiceView = {
  ...SENSOR,
  ...{ namespace: 'greenhouse', name: 'humidity', image: 'usher.internal/humidity:1', isReady: false },
  ...{ nodeSelector: { zone: 'greenhouse' }, units: [] },
  message: 'no node has zone=greenhouse: claim gh-01 has them, and waits for its device to join',
};

const NO_IMAGE = (node: string): string =>
  `node ${node} cannot get the image usher.internal/lathe-speed:2: bring it to the site with usher oci load`;

/** Nobody has brought its image. */
const SPEED: ServiceView = {
  ...SENSOR,
  ...{ namespace: 'hall', name: 'lathe-speed', image: 'usher.internal/lathe-speed:2', isReady: false },
  ...{ nodeSelector: { machine: 'lathe', location: 'hall-4' }, message: `unit lathes: ${NO_IMAGE('lathe-1')}` },
  warnings: [],
  units: [
    {
      ...{ name: 'lathes', problems: [NO_IMAGE('lathe-1'), NO_IMAGE('lathe-2')] },
      instances: ['lathe-1', 'lathe-2'].map((node) => ({
        ...{ node, unit: 'lathes', state: 'NotRunning' as const, reason: 'ImageMissing' as const },
        why: NO_IMAGE(node),
      })),
      lease: {
        ...{ name: 'lathe-speed.lathes', epoch: 0 },
        candidates: ['lathe-1', 'lathe-2'].map((node) => ({ node, isReady: false })),
      },
    },
  ],
};

/** One service for each other state that people meet, beside the sample services. */
export const SERVICE_STATES: readonly ServiceView[] = [ALONE, HUMIDITY, NOISE, SPEED, SPINDLE, TEMPERATURE];
