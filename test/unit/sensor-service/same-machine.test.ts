import { describe, expect, it } from 'vitest';
import type { Node } from '../../../k8s/core/resources.ts';
import {
  CANDIDATES_ANNOTATION,
  leaseTermsOf,
  TERMS_ANNOTATION,
  YIELD_TO_ANNOTATION,
} from '../../../k8s/core/sensor-service/lease.ts';
import {
  LEAVE_GRACE_MS,
  leavingNote,
  type SeenLease,
  type ServiceWorld,
} from '../../../k8s/core/sensor-service/placement.ts';
import { type ServicePlan, planService } from '../../../k8s/core/sensor-service/planner.ts';
import { deviceResource } from '../../../k8s/core/sensor-service/resource-names.ts';
import type { SensorService } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { daemonSetOf } from '../../../k8s/core/sensor-service/workload.ts';
import { BROKER, leaseFor, nodeFor, NOW, podOn, worldOf } from '../../support/sensor-service/service-world.ts';
import { SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

const RULE = { name: 'bus', path: '/dev/ttyUSB0' };
const LABELS = { machine: 'lathe', location: 'left' };

function serviceWith(failover: SensorService['spec']['failover'] = {}): SensorService {
  return serviceOf('lathe', SENSOR, { devices: [RULE], failover: { takeover: 'SimilarNode', ...failover } });
}
const SERVICE = serviceWith();
const HOLD_LAST = serviceWith({ onControlPlaneLoss: 'HoldLast' });

function lease(
  unit: string,
  holder: string,
  over: { candidates?: string[]; isStale?: boolean; isSpent?: boolean; service?: SensorService } = {},
): SeenLease {
  const { candidates = [], service = SERVICE, ...rest } = over;
  const annotations = {
    [CANDIDATES_ANNOTATION]: JSON.stringify(candidates),
    [TERMS_ANNOTATION]: JSON.stringify(leaseTermsOf(service.spec)),
  };
  return leaseFor(unit, { holderIdentity: holder }, { ...rest, annotations });
}

/** The plan for a world in which the service runs on all these nodes. */
function planWith(
  nodes: Node[],
  leases: SeenLease[],
  over: { service?: SensorService; leaving?: Map<string, number> } = {},
): ServicePlan {
  const { service = SERVICE, leaving = new Map<string, number>() } = over;
  const keptOn = nodes.map(({ metadata }) => metadata.name);
  const pods = nodes.map(({ metadata }) => podOn(metadata.name, { service }));
  const daemonSet: ServiceWorld['daemonSet'] = daemonSetOf({
    ...{ service, brokerUrl: BROKER, keptOn },
    leaving: leavingNote(leaving),
  });
  return planService(worldOf({ service, nodes, pods, leases, daemonSet }));
}

const written = (plan: ServicePlan): string[] =>
  plan.leases.map(({ verb, lease: { metadata } }) => `${verb} ${metadata.name}`);
const lone = (name = 'pi-s', labels: Record<string, string> = LABELS): Node =>
  nodeFor(name, { labels, service: SERVICE });
const member = (name: string, role: 'Primary' | 'Backup', labels: Record<string, string> = LABELS): Node =>
  nodeFor(name, { labels, pair: ['left', role], service: SERVICE });
/** It was of the pair, and is of none now. */
const gone = (name: string): Node => nodeFor(name, { labels: { machine: 'none' }, service: SERVICE });

/** Nodes at one machine, of a service whose similar nodes have a device of their own, never act side by side. */
describe('at one machine', () => {
  it('a pair begins only when a node of which it is unclear has stopped, which it does at once', () => {
    const pair = [member('pi-a', 'Primary'), member('pi-b', 'Backup', { ...LABELS, rack: '1' })];
    const before = lease('pi-s', 'pi-s', { candidates: ['pi-s'] });
    const plan = planWith([lone(), ...pair], [before]);
    expect(plan.placement.unclear).toHaveLength(1);
    expect(plan.placement.leaving.size).toBe(0);
    expect(written(plan)).toEqual(['annotate lathe.pi-s']);
    expect(written(planWith([lone(), ...pair], [lease('pi-s', 'pi-s')]))).toEqual([]);
    expect(written(planWith([lone(), ...pair], [lease('pi-s', '')]))).toEqual(['create lathe.left']);
  });

  it('a pair begins only when a similar node without its device has stopped', () => {
    const similar = lone();
    const allocatable = { ...similar.status?.allocatable, [deviceResource(RULE)]: '0' };
    const nodes = [{ ...similar, status: { ...similar.status, allocatable } }, member('pi-a', 'Primary')];
    const before = lease('pi-s', 'pi-s', { candidates: ['pi-s'] });
    expect(written(planWith(nodes, [before]))).toEqual(['annotate lathe.pi-s']);
    expect(written(planWith(nodes, [lease('pi-s', '')]))).toEqual(['create lathe.left']);
  });

  it('a lone node waits for a node of the pair that is no more, also when it was never listed', () => {
    const nodes = [gone('pi-a'), lone()];
    const held = planWith(nodes, [lease('left', 'pi-a', { candidates: ['pi-a'] })]);
    expect(held.placement.leaving.has('pi-a')).toBe(true);
    expect(written(held)).toEqual([]);
    expect(written(planWith(nodes, [lease('left', '', { candidates: ['pi-a'] })]))).toContain('annotate lathe.left');
    expect(written(planWith(nodes, [lease('left', '')]))).toEqual(['create lathe.pi-s']);
    // A lone node that was at another machine keeps nobody from beginning.
    expect(written(planWith(nodes, [lease('pi-a', 'pi-a', { candidates: ['pi-a'] })]))).toEqual(['create lathe.pi-s']);
  });

  it('nobody is admitted to a Lease whose holder was struck off, as long as another acts by its own', () => {
    const pair = [member('pi-a', 'Primary'), member('pi-b', 'Backup')];
    const closed = lease('left', 'pi-a');
    const acts = lease('pi-s', 'pi-s', { candidates: ['pi-s'] });
    expect(written(planWith([lone(), ...pair], [closed, acts]))).toEqual(['annotate lathe.pi-s']);
    expect(written(planWith([lone(), ...pair], [closed, lease('pi-s', '')]))).toEqual(['annotate lathe.left']);
    // Whoever is admitted goes on meanwhile.
    const goesOn = planWith([lone(), ...pair], [lease('left', 'pi-a', { candidates: ['pi-a', 'pi-b'] }), acts]);
    expect(written(goesOn)).toEqual(['annotate lathe.pi-s']);
  });

  it('a node of the pair that is no more does not wait for the lone one in turn', () => {
    const held = [lease('left', 'pi-a', { candidates: ['pi-a'] })];
    const later = planWith([gone('pi-a'), lone()], held, { leaving: new Map([['pi-a', NOW - LEAVE_GRACE_MS]]) });
    expect(later.placement.leaving.size).toBe(0);
  });

  it('a lone node that was never listed waits beside one that inherits', () => {
    const nodes = [gone('pi-a'), lone('pi-t'), lone()];
    const held = planWith(nodes, [lease('left', 'pi-a', { candidates: ['pi-a', 'pi-t'] })]);
    expect(written(held)).toEqual(['annotate lathe.left']);
    const silent = lease('left', 'pi-a', { candidates: ['pi-a', 'pi-t'], isStale: true, service: HOLD_LAST });
    const last = planWith(nodes, [silent], { service: HOLD_LAST });
    const own = last.leases.filter(({ verb }) => verb === 'create');
    expect(own.map((write) => [write.lease.metadata.name, write.lease.spec?.holderIdentity])).toEqual([
      ['lathe.pi-s', 'pi-a'],
    ]);
  });

  it('keeps nobody elsewhere from beginning', () => {
    const right = nodeFor('pi-r', { labels: { machine: 'lathe' }, pair: ['right', 'Primary'], service: SERVICE });
    const held = lease('left', 'pi-a', { candidates: ['pi-a'] });
    expect(written(planWith([gone('pi-a'), right], [held]))).toEqual(['create lathe.right']);
    // The pair was renamed: its node is at its machine still, and not at that of a lone one.
    const renamed = nodeFor('pi-a', { labels: LABELS, pair: ['new', 'Primary'], service: SERVICE });
    const far = lone('pi-z', { machine: 'lathe', location: 'far' });
    expect(written(planWith([renamed, far], [lease('left', 'pi-a')]))).toEqual(['create lathe.pi-z']);
  });

  it('a silent one that may drive on is not forgotten: only a person lets another begin', () => {
    const silent = lease('left', 'pi-a', { isStale: true, service: HOLD_LAST });
    const plan = planWith([gone('pi-a'), lone()], [silent], { service: HOLD_LAST });
    const [own] = plan.leases.filter(({ verb }) => verb === 'create');
    expect(own?.lease.metadata.name).toBe('lathe.pi-s');
    expect(own?.lease.spec?.holderIdentity).toBe('pi-a');
    const unclaimed = planWith([lone()], [silent], { service: HOLD_LAST });
    expect(unclaimed.leases.find(({ verb }) => verb === 'create')?.lease.spec).toEqual({});
  });

  it('nobody inherits without the device', () => {
    const heir = lone();
    const allocatable = { ...heir.status?.allocatable, [deviceResource(RULE)]: '0' };
    const nodes = [gone('pi-a'), { ...heir, status: { ...heir.status, allocatable } }];
    const held = lease('left', 'pi-a', { candidates: ['pi-a', 'pi-s'] });
    const plan = planWith(nodes, [held]);
    expect(JSON.stringify(plan.leases)).not.toContain(YIELD_TO_ANNOTATION);
    expect(plan.placement.seats.find(({ unit }) => unit === 'left')?.candidates).toEqual(['pi-a']);
    expect(written(plan)).not.toContain('create lathe.pi-s');
    const withDevice = planWith([gone('pi-a'), lone()], [held]);
    expect(JSON.stringify(withDevice.leases)).toContain('"usher.internal/yield-to":"pi-s"');
  });

  it('a node that has lost the labels goes on while the one that has them lacks the device', () => {
    const next = member('pi-b', 'Primary');
    const allocatable = { ...next.status?.allocatable, [deviceResource(RULE)]: '0' };
    const without = { ...next, status: { ...next.status, allocatable } };
    const held = [lease('left', 'pi-a', { candidates: ['pi-b', 'pi-a'] })];
    const leaving = new Map([['pi-a', NOW - LEAVE_GRACE_MS]]);
    expect(planWith([gone('pi-a'), without], held, { leaving }).placement.leaving.has('pi-a')).toBe(true);
  });

  it('a hung node is waited for until its watchdog has reset it', () => {
    const service = serviceWith({ fencing: 'Watchdog' });
    const nodes = [member('pi-a', 'Primary'), lone()];
    const free = lease('left', '', { service });
    const hung = (isSpent: boolean): SeenLease => lease('pi-s', 'pi-s', { isStale: true, isSpent, service });
    expect(written(planWith(nodes, [free, hung(false)], { service }))).toEqual([]);
    expect(written(planWith(nodes, [free, hung(true)], { service }))).toEqual(['annotate lathe.left']);
  });
});
