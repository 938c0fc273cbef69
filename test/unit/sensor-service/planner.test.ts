import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Node } from '../../../k8s/core/resources.ts';
import {
  CANDIDATES_ANNOTATION,
  TAKEOVER_BY_ANNOTATION,
  UNHELD_ANNOTATION,
  YIELD_REASON_ANNOTATION,
  YIELD_TO_ANNOTATION,
} from '../../../k8s/core/sensor-service/lease.ts';
import type { LeaseWrite } from '../../../k8s/core/sensor-service/lease-plan.ts';
import { type ServicePlan, planService } from '../../../k8s/core/sensor-service/planner.ts';
import { LEAVE_GRACE_MS, LEAVE_LIMIT_MS, type ServiceWorld } from '../../../k8s/core/sensor-service/placement.ts';
import { deviceResource, grantResource } from '../../../k8s/core/sensor-service/resource-names.ts';
import { unitsOf } from '../../../k8s/core/sensor-service/units.ts';
import { daemonSetOf, keptNodesOf } from '../../../k8s/core/sensor-service/workload.ts';
import { claimOf } from '../../site/support/kube-objects.ts';
import { BROKER, leaseFor, nodeFor, NOW, podOn, worldOf } from '../../support/sensor-service/service-world.ts';
import { SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

const A = nodeFor('pi-a', { pair: ['left', 'Primary'] });
const B = nodeFor('pi-b', { pair: ['left', 'Backup'] });
const C = nodeFor('pi-c', { pair: ['right', 'Primary'] });
const D = nodeFor('pi-d', { pair: ['right', 'Backup'] });

const notesOf = (plan: ServicePlan, unit: string): Record<string, string | null | undefined> => {
  const write = plan.leases.find(({ lease }) => lease.metadata.name === `lathe.${unit}`);
  if (write === undefined) return {};
  return { ...(write.verb === 'create' ? write.lease.metadata.annotations : write.annotations) };
};
const createdBy = (plan: ServicePlan): (LeaseWrite & { verb: 'create' })[] =>
  plan.leases.filter((write) => write.verb === 'create');
const verdict = (plan: ServicePlan, type: string): string => {
  const found = plan.status.conditions?.find((condition) => condition.type === type);
  return `${found?.status ?? '?'} ${found?.reason ?? '?'}: ${found?.message ?? ''}`;
};
const evicted = (plan: ServicePlan): (string | undefined)[] => plan.evictions.map(({ spec }) => spec?.nodeName);
const daemonSetKeeping = (world: ServiceWorld, nodes: string[]): ServiceWorld['daemonSet'] =>
  daemonSetOf({ service: world.service, brokerUrl: BROKER, keptOn: nodes });

describe('units', () => {
  it('makes left and right two units, each with its primary first', () => {
    const plan = planService(worldOf({ nodes: [D, B, C, A] }));
    expect(
      createdBy(plan).map(({ lease }) => [lease.metadata.name, lease.metadata.annotations?.[CANDIDATES_ANNOTATION]]),
    ).toEqual([
      ['lathe.left', '["pi-a","pi-b"]'],
      ['lathe.right', '["pi-c","pi-d"]'],
    ]);
    expect(plan.status.unitNames).toBe('left, right');
    expect(keptNodesOf(plan.daemonSet)).toEqual(['pi-a', 'pi-b', 'pi-c', 'pi-d']);
  });

  it('never has a node in two units, nor two units of one name', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd', 'left', 'right');
    const node = fc.record({
      name: names,
      pair: fc.option(fc.tuple(names, fc.constantFrom('Primary' as const, 'Backup' as const)), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(node, { selector: ({ name }) => name, maxLength: 6 }), (some) => {
        const nodes = some.map(({ name, pair }) => nodeFor(name, pair === undefined ? {} : { pair }));
        const { units, ambiguous } = unitsOf(nodes);
        const members = units.flatMap((unit) => unit.nodes.map(({ metadata }) => metadata.name));
        expect(new Set(members).size).toBe(members.length);
        expect(members.length + ambiguous.length).toBe(nodes.length);
        expect(new Set(units.map(({ name }) => name)).size).toBe(units.length);
        const seats = planService(worldOf({ nodes })).placement.seats;
        for (const seat of seats)
          for (const other of seats) {
            if (seat !== other) expect(seat.candidates.some((one) => other.candidates.includes(one))).toBe(false);
          }
      }),
    );
  });

  it('leaves out a lone node that has the name of a pair, and says so', () => {
    const plan = planService(worldOf({ nodes: [A, B, nodeFor('left')] }));
    expect(plan.placement.seats.map(({ candidates }) => candidates)).toEqual([['pi-a', 'pi-b']]);
    expect(verdict(plan, 'PlacementSatisfied')).toContain('node left has the name of a pair');
  });

  it('gives each node a lease of its own where all are active', () => {
    const service = serviceOf('lathe', SENSOR, { failover: { mode: 'ActiveActive' } });
    const { seats } = planService(worldOf({ service, nodes: [A, B] })).placement;
    expect(seats.map(({ leaseName, unit, candidates }) => [leaseName, unit, candidates])).toEqual([
      ['lathe.left.pi-a', 'left', ['pi-a']],
      ['lathe.left.pi-b', 'left', ['pi-b']],
    ]);
  });
});

describe('why it does not run', () => {
  const service = serviceOf('lathe', SENSOR, { devices: [{ name: 'bus', path: '/dev/ttyUSB0' }] });
  const unheard = { ...A, status: { ...A.status, allocatable: nodeFor('x').status?.allocatable ?? {} } };
  const bus = deviceResource({ name: 'bus', path: '/dev/ttyUSB0' });
  const withoutDevice = {
    ...unheard,
    status: { ...A.status, allocatable: { ...unheard.status.allocatable, [bus]: '0' } },
  };
  const unscheduled = (message: string): ReturnType<typeof podOn> => {
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
    const pod = podOn('pi-a', { status: { phase: 'Pending', conditions } });
    const terms = { nodeSelectorTerms: [{ matchFields: [{ values: ['pi-a'] }] }] };
    return { ...pod, spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } } };
  };
  const withAll = nodeFor('pi-a', { pair: ['left', 'Primary'], service });
  const tainted = { ...A, spec: { taints: [{ key: 'dedicated', value: 'press', effect: 'NoSchedule' as const }] } };
  const waiting = (reason: string): ReturnType<typeof podOn> =>
    podOn('pi-a', { status: { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason } } }] } });

  it.each<[string, Partial<ServiceWorld>, string, string]>([
    ['no node', {}, 'PlacementSatisfied', 'no node has machine=lathe: give a claim these labels'],
    [
      'a claim without its device',
      { claims: [claimOf({ match: { serial: '1' }, labels: { machine: 'lathe' } }, 'lathe-1')] },
      'PlacementSatisfied',
      'no node has machine=lathe: claim lathe-1 has them, and waits for its device to join',
    ],
    ['a taint', { nodes: [tainted] }, 'PlacementSatisfied', 'node pi-a has the taint dedicated=press:NoSchedule'],
    ['a missing device', { service, nodes: [withoutDevice] }, 'DevicesAvailable', 'node pi-a has no /dev/ttyUSB0'],
    ['a missing device', { service, nodes: [withoutDevice] }, 'Ready', 'node pi-a has no /dev/ttyUSB0: plug it in'],
    [
      'a plugin that starts',
      { service, nodes: [unheard] },
      'Ready',
      'has not said yet whether node pi-a has /dev/ttyUSB0',
    ],
    [
      'a device of another pod',
      { service, nodes: [withAll], pods: [unscheduled(`0/1 nodes are available: 1 Insufficient ${bus}.`)] },
      'DevicesAvailable',
      'DeviceTaken: node pi-a has no /dev/ttyUSB0 left to give: another pod has it, or it was plugged in just now',
    ],
    [
      'a pod before it that ends, without devices',
      { nodes: [A], pods: [unscheduled(`1 Insufficient ${grantResource('usher-services', 'lathe')}.`)] },
      'Ready',
      'it is starting on node pi-a: the pod before it has not ended, or usher-node offers the service only now',
    ],
    [
      'no memory left',
      { service, nodes: [withAll], pods: [unscheduled('1 Insufficient memory.')] },
      'Ready',
      'it is starting on node pi-a (1 Insufficient memory.)',
    ],
    [
      'a missing image',
      { nodes: [A], pods: [waiting('ErrImageNeverPull')] },
      'Ready',
      'node pi-a cannot get the image usher.internal/lathe:1.2.0: bring it to the site with usher oci load',
    ],
    ['a node that is off', { nodes: [nodeFor('pi-a', { ready: false })] }, 'Ready', 'node pi-a is not ready'],
    ['nobody holds the lease', { nodes: [A], pods: [podOn('pi-a')] }, 'Ready', 'nobody has the lease'],
  ])('%s: %s', (_what, parts, type, message) => {
    const plan = planService(worldOf(parts));
    expect(verdict(plan, type)).toMatch(/^False/);
    expect(verdict(plan, type)).toContain(message);
  });

  it('is ready where every unit has a holder, and degraded without a standby', () => {
    const nodes = [A, nodeFor('pi-b', { pair: ['left', 'Backup'], ready: false })];
    const plan = planService(
      worldOf({ nodes, pods: [podOn('pi-a')], leases: [leaseFor('left', { holderIdentity: 'pi-a' })] }),
    );
    expect(verdict(plan, 'Ready')).toBe('True Active: active in left (pi-a)');
    expect(verdict(plan, 'Degraded')).toBe('True NoStandby: unit left has no standby: node pi-b is not ready');
    expect(plan.status.activeNodes).toBe('left=pi-a');
  });

  it('is not ready when the holder went silent', () => {
    const leases = [leaseFor('left', { holderIdentity: 'pi-a' }, { isStale: true })];
    const plan = planService(worldOf({ nodes: [A, B], pods: [podOn('pi-a'), podOn('pi-b')], leases }));
    expect(verdict(plan, 'Ready')).toMatch(/^False NotActive/);
  });
});

describe('status', () => {
  it('is the same when nothing happened, and counts handovers', () => {
    const world = worldOf({
      nodes: [A, B],
      pods: [podOn('pi-a'), podOn('pi-b')],
      leases: [leaseFor('left', { holderIdentity: 'pi-a', leaseTransitions: 3 })],
    });
    const { status } = planService(world);
    const service = { ...world.service, status };
    expect(planService({ ...world, service, nowMs: NOW + 60_000 }).status).toEqual(status);
    const leases = [leaseFor('left', { holderIdentity: 'pi-b', leaseTransitions: 4 })];
    expect(planService({ ...world, service, leases }).status.units?.[0]).toMatchObject({
      active: { node: 'pi-b', epoch: 4 },
      handovers: 1,
      lastHandover: { from: 'pi-a', to: 'pi-b', reason: 'Expired' },
      standby: [{ node: 'pi-a', ready: true }],
    });
  });
});

describe('updates', () => {
  const old = (node: string): ReturnType<typeof podOn> => podOn(node, { version: 'old' });
  const held = [leaseFor('left', { holderIdentity: 'pi-a' })];
  const nodes = [A, B];

  it('goes standby, handover, then the other', () => {
    const first = planService(worldOf({ nodes, pods: [old('pi-a'), old('pi-b')], leases: held }));
    expect([evicted(first), notesOf(first, 'left')[YIELD_TO_ANNOTATION]]).toEqual([['pi-b'], undefined]);
    const fresh = podOn('pi-b', { readySince: new Date(NOW - 1000).toISOString() });
    const second = planService(worldOf({ nodes, pods: [old('pi-a'), fresh], leases: held }));
    expect([evicted(second), notesOf(second, 'left')[YIELD_TO_ANNOTATION]]).toEqual([[], undefined]);
    expect(second.wakeAtMs).toBe(NOW + 4000);
    const third = planService(worldOf({ nodes, pods: [old('pi-a'), fresh], leases: held, nowMs: NOW + 4000 }));
    expect([evicted(third), notesOf(third, 'left')]).toMatchObject([
      [],
      { [YIELD_TO_ANNOTATION]: 'pi-b', [YIELD_REASON_ANNOTATION]: 'Update' },
    ]);
    const now = [leaseFor('left', { holderIdentity: 'pi-b' }, { annotations: { ...asNotes(third) } })];
    const fourth = planService(worldOf({ nodes, pods: [old('pi-a'), fresh], leases: now, nowMs: NOW + 5000 }));
    expect([evicted(fourth), notesOf(fourth, 'left')]).toMatchObject([['pi-a'], { [YIELD_TO_ANNOTATION]: null }]);
  });

  const asNotes = (plan: ServicePlan): Record<string, string> =>
    Object.fromEntries(Object.entries(notesOf(plan, 'left')).map(([key, value]) => [key, value ?? '']));

  it('never hands over to a version that does not run, and says what to do', () => {
    const status = { phase: 'Running', containerStatuses: [{ restartCount: 3, ready: false }] };
    const plan = planService(worldOf({ nodes, pods: [old('pi-a'), podOn('pi-b', { status })], leases: held }));
    expect([evicted(plan), notesOf(plan, 'left')[YIELD_TO_ANNOTATION]]).toEqual([[], undefined]);
    expect(verdict(plan, 'Progressing')).toMatch(/^False UpdateStuck: .*pi-b.*pi-a goes on with the old version; put/);
  });

  it('replaces what is broken at once, a lone node too, and all if so asked', () => {
    const broken = podOn('pi-b', { version: 'old', status: { phase: 'Pending' } });
    expect(evicted(planService(worldOf({ nodes, pods: [old('pi-a'), broken], leases: held })))).toEqual(['pi-b']);
    const alone = worldOf({ nodes: [A], pods: [old('pi-a')], leases: held });
    expect(evicted(planService(alone))).toEqual(['pi-a']);
    const service = serviceOf('lathe', SENSOR, { update: { order: 'AllAtOnce' } });
    const all = planService(worldOf({ service, nodes, pods: [old('pi-a'), old('pi-b')], leases: held }));
    expect(evicted(all)).toEqual(['pi-a', 'pi-b']);
  });
});

describe('failback', () => {
  const leases = [leaseFor('left', { holderIdentity: 'pi-b' })];
  const auto = serviceOf('lathe', SENSOR, { failover: { failback: { policy: 'Auto', afterSeconds: 60 } } });
  const since = (ms: number): string => new Date(NOW - ms).toISOString();

  it.each([
    ['Auto, long enough', auto, 60_000, 'pi-a'],
    ['Auto, too early', auto, 59_000, undefined],
    ['Manual', serviceOf('lathe', SENSOR), 600_000, undefined],
  ])('%s', (_what, service, readyForMs, to) => {
    const pods = [podOn('pi-a', { readySince: since(readyForMs) }), podOn('pi-b')];
    const plan = planService(worldOf({ service, nodes: [A, B], pods, leases }));
    expect(notesOf(plan, 'left')[YIELD_TO_ANNOTATION]).toBe(to);
    expect(plan.wakeAtMs).toBe(readyForMs === 59_000 ? NOW + 1000 : undefined);
  });

  it('not to a node that was ready before the takeover: it may be silent, and Kubernetes has not noticed yet', () => {
    const taken = leaseFor('left', { holderIdentity: 'pi-b' }, { heldSinceMs: NOW - 1000 });
    const pods = [podOn('pi-a', { readySince: since(600_000) }), podOn('pi-b')];
    const plan = planService(worldOf({ service: auto, nodes: [A, B], pods, leases: [taken] }));
    expect(notesOf(plan, 'left')).not.toHaveProperty(YIELD_TO_ANNOTATION);
    expect(plan.wakeAtMs).toBe(NOW + 59_000);
  });

  it("keeps a person's wish until it is fulfilled, and takes back its own when it is void", () => {
    const plan = (holderIdentity: string, annotations: Record<string, string>): Record<string, unknown> =>
      notesOf(
        planService(worldOf({ nodes: [A, B], leases: [leaseFor('left', { holderIdentity }, { annotations })] })),
        'left',
      );
    expect(plan('pi-b', { [YIELD_TO_ANNOTATION]: 'pi-a' })).not.toHaveProperty(YIELD_TO_ANNOTATION);
    expect(plan('pi-a', { [YIELD_TO_ANNOTATION]: 'pi-a' })).toHaveProperty(YIELD_TO_ANNOTATION, null);
    expect(plan('pi-b', { [YIELD_TO_ANNOTATION]: 'pi-a', [YIELD_REASON_ANNOTATION]: 'Failback' })).toHaveProperty(
      YIELD_TO_ANNOTATION,
      null,
    );
    expect(plan('pi-a', { [TAKEOVER_BY_ANNOTATION]: 'pi-b@1' })).not.toHaveProperty(TAKEOVER_BY_ANNOTATION);
    expect(plan('pi-a', { [TAKEOVER_BY_ANNOTATION]: 'pi-b@0' })).toHaveProperty(TAKEOVER_BY_ANNOTATION, null);
  });
});

describe('a label that moves', () => {
  const bare = nodeFor('pi-a', { labels: { machine: 'press' } });
  const next = nodeFor('pi-c');
  const heldByOld = leaseFor('pi-a', { holderIdentity: 'pi-a' });
  const base = worldOf({});
  const at = (elapsedMs: number, parts: Partial<ServiceWorld>): ServicePlan => {
    const first = planService(worldOf({ ...parts, daemonSet: daemonSetKeeping(base, ['pi-a']) }));
    return planService(worldOf({ ...parts, daemonSet: first.daemonSet, nowMs: NOW + elapsedMs }));
  };

  it('goes on on the old node until the new one is active, then stops there', () => {
    const nodes = [bare, next];
    const starting = at(60_000, { nodes, pods: [podOn('pi-a')], leases: [heldByOld] });
    expect(keptNodesOf(starting.daemonSet)).toEqual(['pi-a', 'pi-c']);
    expect(verdict(starting, 'Progressing')).toContain('moving: it goes on on pi-a');
    const pods = [podOn('pi-a'), podOn('pi-c')];
    const waiting = at(60_000, { nodes, pods, leases: [heldByOld, leaseFor('pi-c', {})] });
    expect(keptNodesOf(waiting.daemonSet)).toContain('pi-a');
    const done = at(60_000, { nodes, pods, leases: [heldByOld, leaseFor('pi-c', { holderIdentity: 'pi-c' })] });
    expect(keptNodesOf(done.daemonSet)).toEqual(['pi-c']);
    expect(notesOf(done, 'pi-a')).toEqual({});
  });

  it('hands the lease over where the unit stays', () => {
    const held = leaseFor('left', { holderIdentity: 'pi-a' });
    const plan = at(60_000, { nodes: [bare, B], pods: [podOn('pi-a'), podOn('pi-b')], leases: [held] });
    expect(notesOf(plan, 'left')).toMatchObject({
      [CANDIDATES_ANNOTATION]: '["pi-b","pi-a"]',
      [YIELD_TO_ANNOTATION]: 'pi-b',
      [YIELD_REASON_ANNOTATION]: 'Move',
    });
    expect(keptNodesOf(plan.daemonSet)).toEqual(['pi-a', 'pi-b']);
  });

  it('waits a moment for the label to turn up elsewhere, and not for ever', () => {
    const alone = { nodes: [bare], pods: [podOn('pi-a')], leases: [heldByOld] };
    expect(keptNodesOf(at(LEAVE_GRACE_MS - 1, alone).daemonSet)).toEqual(['pi-a']);
    expect(keptNodesOf(at(LEAVE_GRACE_MS, alone).daemonSet)).toEqual([]);
    const slow = { ...alone, nodes: [bare, next] };
    expect(keptNodesOf(at(LEAVE_LIMIT_MS - 1, slow).daemonSet)).toContain('pi-a');
    expect(keptNodesOf(at(LEAVE_LIMIT_MS, slow).daemonSet)).toEqual(['pi-c']);
  });
});

describe('new leases', () => {
  it('are free only where nobody can hold what was there before', () => {
    const created = (parts: Partial<ServiceWorld>): object | undefined =>
      createdBy(planService(worldOf(parts)))[0]?.lease;
    expect(created({ nodes: [A] })).toMatchObject({
      spec: {},
      metadata: { annotations: { [UNHELD_ANNOTATION]: 'true' } },
    });
    const service = {
      ...worldOf({}).service,
      status: { units: [{ name: 'left', lastActive: { node: 'pi-b', epoch: 7 } }] },
    };
    const spec = { holderIdentity: 'pi-b', leaseTransitions: 7 };
    expect(created({ service, nodes: [A] })).toMatchObject({ spec });
    const ending = podOn('pi-b');
    ending.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(created({ nodes: [A], pods: [ending] })).toMatchObject({ spec: { holderIdentity: 'pi-b' } });
    for (const parts of [{ service }, { pods: [ending] }, { goneLeases: ['lathe.left'] }]) {
      expect(created({ nodes: [A], ...parts })).not.toHaveProperty(['metadata', 'annotations', UNHELD_ANNOTATION]);
    }
  });
});

describe('a device that is unplugged', () => {
  const service = serviceOf('lathe', SENSOR, { devices: [{ name: 'bus', path: '/dev/ttyUSB0' }] });
  const node = (name: string, role: 'Primary' | 'Backup', count: string, ready = true): Node => {
    const made = nodeFor(name, { pair: ['left', role], service, ready });
    const bus = deviceResource({ name: 'bus', path: '/dev/ttyUSB0' });
    return { ...made, status: { ...made.status, allocatable: { ...made.status?.allocatable, [bus]: count } } };
  };
  const running = { running: {} };
  const ended = { waiting: { reason: 'CrashLoopBackOff' } };
  const pod = (name: string, state: object): ReturnType<typeof podOn> =>
    podOn(name, { service, status: { phase: 'Running', containerStatuses: [{ restartCount: 1, state }] } });
  const world = (nodes: Node[], states: [object, object]): ServiceWorld =>
    worldOf({
      service,
      nodes,
      pods: [pod('pi-a', states[0]), pod('pi-b', states[1])],
      leases: [leaseFor('left', { holderIdentity: 'pi-b' })],
    });

  it.each<[string, [string, string], [object, object], string[]]>([
    ['ends the program of a standby: a new pod waits for it', ['0', '1'], [ended, running], ['pi-a']],
    ['ends the program of the active one', ['1', '0'], [running, { terminated: {} }], ['pi-b']],
    ['ends both', ['0', '0'], [ended, ended], ['pi-a', 'pi-b']],
    ['leaves alone what still runs: the kubelet may only have been started anew', ['0', '0'], [running, running], []],
    ['has nothing to do with a program that ends by itself', ['1', '1'], [ended, ended], []],
  ])('%s', (_what, [a, b], states, gone) => {
    const nodes = [node('pi-a', 'Primary', a), node('pi-b', 'Backup', b)];
    expect(evicted(planService(world(nodes, states)))).toEqual(gone);
  });

  it('is not told by a node that is silent, and a pod is evicted once though it is outdated too', () => {
    const silent = [node('pi-a', 'Primary', '0', false), node('pi-b', 'Backup', '1')];
    expect(evicted(planService(world(silent, [ended, running])))).toEqual([]);
    const made = world([node('pi-a', 'Primary', '0'), node('pi-b', 'Backup', '1')], [ended, running]);
    const old = made.pods.map((one) => ({ ...one, metadata: { ...one.metadata, annotations: {} } }));
    expect(evicted(planService({ ...made, pods: old }))).toEqual(['pi-a']);
  });
});
