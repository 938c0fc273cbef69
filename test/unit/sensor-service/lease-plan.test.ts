import { describe, expect, it } from 'vitest';
import type { Node } from '../../../k8s/core/resources.ts';
import {
  CANDIDATES_ANNOTATION,
  type Lease,
  leaseTermsOf,
  SAFE_NEXT_ANNOTATION,
  TERMS_ANNOTATION,
  termsOf,
  UNHELD_ANNOTATION,
} from '../../../k8s/core/sensor-service/lease.ts';
import type { SeenLease, ServiceWorld } from '../../../k8s/core/sensor-service/placement.ts';
import { type ServicePlan, planService } from '../../../k8s/core/sensor-service/planner.ts';
import { serviceView } from '../../../k8s/core/sensor-service/service-view.ts';
import { leaseFor, nodeFor, NOW, podOn, worldOf } from '../../support/sensor-service/service-world.ts';
import { SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

const A = nodeFor('pi-a', { pair: ['left', 'Primary'] });
const B = nodeFor('pi-b', { pair: ['left', 'Backup'] });
const SAFE = serviceOf('lathe', SENSOR);
const HOLD_LAST = serviceOf('lathe', SENSOR, { failover: { onControlPlaneLoss: 'HoldLast' } });
const notesFor = (candidates: string[], service = SAFE): Record<string, string> => ({
  [CANDIDATES_ANNOTATION]: JSON.stringify(candidates),
  [TERMS_ANNOTATION]: JSON.stringify(leaseTermsOf(service.spec)),
});

/** The Leases as they are once the plan is written. */
function written(leases: readonly SeenLease[], plan: ServicePlan): SeenLease[] {
  return leases.map((seen) => {
    const write = plan.leases.find(({ lease }) => lease.metadata.name === seen.lease.metadata.name);
    if (write?.verb !== 'annotate') return seen;
    const all = Object.entries({ ...seen.lease.metadata.annotations, ...write.annotations });
    const annotations = Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== null));
    return { ...seen, lease: { ...seen.lease, metadata: { ...seen.lease.metadata, annotations } } };
  });
}

describe('HoldLast that is edited to Safe', () => {
  const held = (renewTime: string, isStale = false): SeenLease =>
    leaseFor(
      'left',
      { holderIdentity: 'pi-a', renewTime },
      { isStale, annotations: notesFor(['pi-a', 'pi-b'], HOLD_LAST) },
    );
  const planFor = (leases: readonly SeenLease[], service = SAFE): [ServiceWorld, ServicePlan] => {
    const world = worldOf({ service, nodes: [A, B], pods: [podOn('pi-a'), podOn('pi-b')], leases });
    return [world, planService(world)];
  };
  const after = (leases: readonly SeenLease[]): SeenLease[] => written(leases, planFor(leases)[1]);
  const renewed = (leases: readonly SeenLease[], renewTime: string): SeenLease[] =>
    leases.map((seen) => ({ ...seen, lease: { ...seen.lease, spec: { ...seen.lease.spec, renewTime } } }));
  const lossIn = ([seen]: readonly SeenLease[]): string | undefined =>
    seen === undefined ? undefined : termsOf(seen.lease)?.onControlPlaneLoss;

  it('counts once the holder has renewed with the question before its eyes', () => {
    const asked = after([held('t1')]);
    // This renewal may have been under way when the question was written.
    const marked = after(renewed(asked, 't2'));
    expect([lossIn(asked), lossIn(marked), lossIn(after(marked))]).toEqual(['HoldLast', 'HoldLast', 'HoldLast']);
    expect(planFor(marked)[1].wakeAtMs).toBe(NOW + 1000);
    const done = after(renewed(marked, 't3'));
    expect(lossIn(done)).toBe('Safe');
    expect(done[0]?.lease.metadata.annotations).not.toHaveProperty([SAFE_NEXT_ANNOTATION]);
    expect(planFor(done)[1].leases).toEqual([]);
  });

  it('does not count while the holder is silent: it says why, and a person may still vouch', () => {
    let leases = [held('t1', true)];
    for (let round = 0; round < 4; round += 1) leases = after(leases);
    expect(lossIn(leases)).toBe('HoldLast');
    const [world, plan] = planFor(leases);
    expect(plan.leases).toEqual([]);
    expect(plan.status.units?.[0]?.problems).toEqual([
      'node pi-a went silent and may drive on (HoldLast): make sure that it is off, then take the unit over',
      'onControlPlaneLoss Safe counts once node pi-a is heard again or the unit was taken over',
    ]);
    expect(serviceView(world, plan).onControlPlaneLoss).toBe('HoldLast');
  });

  it('is as if it never was when it is taken back, and other terms need no such care', () => {
    const back = planFor(after([held('t1')]), HOLD_LAST)[1];
    expect(back.leases.map((write) => write.verb === 'annotate' && write.annotations)).toEqual([
      { [SAFE_NEXT_ANNOTATION]: null },
    ]);
    const safe = leaseFor('left', { holderIdentity: 'pi-a' }, { annotations: notesFor(['pi-a', 'pi-b']) });
    expect(lossIn(written([safe], planFor([safe], HOLD_LAST)[1]))).toBe('HoldLast');
  });
});

describe('a unit whose node holds the lease of another unit that is no more', () => {
  const old = (over: { isStale?: boolean; candidates?: string[]; holder?: string; service?: typeof SAFE }): SeenLease =>
    leaseFor(
      'pi-a',
      { holderIdentity: over.holder ?? 'pi-a' },
      { isStale: over.isStale ?? false, annotations: notesFor(over.candidates ?? [], over.service) },
    );
  const planFor = (leases: SeenLease[], nodes: Node[] = [A, B]): ServicePlan =>
    planService(worldOf({ service: SAFE, nodes, leases, pods: [podOn('pi-a')] }));
  const made = (plan: ServicePlan): Lease | undefined => plan.leases.find(({ verb }) => verb === 'create')?.lease;
  const candidatesIn = (plan: ServicePlan, before: string[]): unknown => {
    const write = plan.leases.find(({ lease }) => lease.metadata.name === 'lathe.left');
    return write?.verb !== 'annotate' ? before : JSON.parse(write.annotations[CANDIDATES_ANNOTATION] ?? 'null');
  };

  it('gets a new lease when the old one is closed and let go, and then at once', () => {
    const open = planFor([old({ candidates: ['pi-a'] })]);
    expect(open.leases.map(({ verb, lease }) => [verb, lease.metadata.name])).toEqual([['annotate', 'lathe.pi-a']]);
    expect(planFor([old({ candidates: ['pi-a'], holder: '' })]).leases.map(({ verb }) => verb)).toEqual(['annotate']);
    expect(planFor([old({})]).leases).toEqual([]);
    const free = made(planFor([old({ holder: '' })]));
    expect(free?.metadata.annotations?.[UNHELD_ANNOTATION]).toBe('true');
    expect(free?.spec).toEqual({});
  });

  it('gets one that is held by the node that is silent, under the terms by which that may drive on', () => {
    const lease = made(planFor([old({ isStale: true, service: HOLD_LAST })]));
    expect(lease?.spec).toEqual({ holderIdentity: 'pi-a', leaseTransitions: 0 });
    expect(lease?.metadata.annotations).not.toHaveProperty([UNHELD_ANNOTATION]);
    expect(lease === undefined ? undefined : termsOf(lease)?.onControlPlaneLoss).toBe('HoldLast');
    expect(made(planFor([old({ isStale: true })]))?.metadata.annotations?.[TERMS_ANNOTATION]).toContain('"Safe"');
  });

  it('gets no new candidates for a lease that is there as long as that lasts', () => {
    const closed = leaseFor('left', { holderIdentity: '' }, { annotations: notesFor([]) });
    expect(candidatesIn(planFor([closed, old({})]), [])).toEqual([]);
    expect(candidatesIn(planFor([closed, old({ isStale: true, service: HOLD_LAST })]), [])).toEqual(['pi-a']);
    expect(candidatesIn(planFor([closed, old({ isStale: true })]), [])).toEqual(['pi-a', 'pi-b']);
    expect(candidatesIn(planFor([closed, old({ holder: '' })]), [])).toEqual(['pi-a', 'pi-b']);
    const held = leaseFor('left', { holderIdentity: 'pi-b' }, { annotations: notesFor(['pi-b']) });
    expect(candidatesIn(planFor([held, old({})]), ['pi-b'])).toEqual(['pi-b']);
    expect(candidatesIn(planFor([held, old({ holder: '' })]), ['pi-b'])).toEqual(['pi-a', 'pi-b']);
  });

  it('is not kept from its lease by a similar node that has its own', () => {
    const labels = { machine: 'lathe', location: 'left' };
    const nodes = [nodeFor('pi-b', { labels, pair: ['left', 'Primary'] }), nodeFor('pi-a', { labels })];
    const service = serviceOf('lathe', SENSOR, { failover: { takeover: 'SimilarNode' } });
    const plan = planService(worldOf({ service, nodes, leases: [old({ candidates: ['pi-a'] })] }));
    expect(made(plan)?.metadata.annotations?.[CANDIDATES_ANNOTATION]).toBe('["pi-b","pi-a"]');
  });

  it('is kept from it by a similar node that still acts by itself, since its device is one', () => {
    const labels = { machine: 'lathe', location: 'left' };
    const nodes = [nodeFor('pi-b', { labels, pair: ['left', 'Primary'] }), nodeFor('pi-a', { labels })];
    const devices = [{ name: 'bus', path: '/dev/ttyUSB0' }];
    const service = serviceOf('lathe', SENSOR, { devices, failover: { takeover: 'SimilarNode' } });
    const planWith = (lease: SeenLease): ServicePlan => planService(worldOf({ service, nodes, leases: [lease] }));
    const open = planWith(old({ candidates: ['pi-a'] }));
    expect(open.leases.map(({ verb, lease }) => [verb, lease.metadata.name])).toEqual([['annotate', 'lathe.pi-a']]);
    expect(made(planWith(old({})))).toBeUndefined();
    const free = made(planWith(old({ holder: '' })));
    expect(free?.metadata.annotations?.[CANDIDATES_ANNOTATION]).toBe('["pi-b","pi-a"]');
  });

  it('is written after the one that is to be let go: between the two, nobody may have both', () => {
    const devices = [{ name: 'bus', path: '/dev/ttyUSB0' }];
    const service = serviceOf('lathe', SENSOR, { devices, failover: { takeover: 'SimilarNode' } });
    const labels = { machine: 'lathe', location: 'left' };
    const nodes = [
      nodeFor('pi-b', { labels, pair: ['left', 'Primary'] }),
      nodeFor('pi-a', { labels }),
      nodeFor('pi-z'),
    ];
    const plan = planService(worldOf({ service, nodes, leases: [old({ candidates: ['pi-a'] })] }));
    const written = plan.leases.map(({ lease }) => lease.metadata.name);
    expect(written).toEqual(['lathe.pi-a', 'lathe.pi-z']);
  });

  it('stays free where one of its nodes may drive on as another unit, and says which', () => {
    const devices = [{ name: 'bus', path: '/dev/ttyUSB0' }];
    const failover = { takeover: 'SimilarNode', onControlPlaneLoss: 'HoldLast' } as const;
    const service = serviceOf('lathe', SENSOR, { devices, failover });
    const labels = { machine: 'lathe', location: 'left' };
    const nodes = [
      nodeFor('pi-b', { labels, pair: ['left', 'Primary'], service }),
      nodeFor('pi-a', { labels, service }),
    ];
    const free = leaseFor('left', { holderIdentity: '' }, { annotations: notesFor([], service) });
    const silent = old({ isStale: true, service: HOLD_LAST });
    const pods = [podOn('pi-a', { service, version: 'old' }), podOn('pi-b', { service })];
    const plan = planService(worldOf({ service, nodes, pods, leases: [free, silent] }));
    expect(candidatesIn(plan, [])).toEqual(['pi-a']);
    const held = leaseFor('left', { holderIdentity: 'pi-b' }, { annotations: notesFor(['pi-b'], service) });
    const beside = planService(worldOf({ service, nodes, pods, leases: [held, silent] }));
    expect(beside.status.units?.[0]?.problems?.[0]).toContain('node pi-a went silent as unit pi-a and may drive on');
    const ended = planService(worldOf({ service, nodes, pods: [podOn('pi-b', { service })], leases: [free, silent] }));
    expect(candidatesIn(ended, [])).toEqual(['pi-b', 'pi-a']);
    expect(plan.status.units?.[0]?.problems?.[0]).toBe(
      'node pi-a went silent as unit pi-a and may drive on (HoldLast): switch it on, or make sure that it is off and unclaim it',
    );
  });

  it('is made for a similar node that becomes a unit once it acts for the pair no more', () => {
    const labels = { machine: 'lathe', location: 'left' };
    const nodes = [nodeFor('pi-b', { labels, pair: ['left', 'Primary'] }), nodeFor('pi-a', { labels })];
    const devices = [{ name: 'bus', path: '/dev/ttyUSB0' }];
    const service = serviceOf('lathe', SENSOR, { devices });
    const ofPair = (holderIdentity: string): SeenLease =>
      leaseFor('left', { holderIdentity }, { annotations: notesFor(['pi-b']) });
    const own = (plan: ServicePlan): boolean =>
      plan.leases.some(({ verb, lease }) => verb === 'create' && lease.metadata.name === 'lathe.pi-a');
    const planWith = (lease: SeenLease): ServicePlan => planService(worldOf({ service, nodes, leases: [lease] }));
    expect(own(planWith(ofPair('pi-a')))).toBe(false);
    expect(own(planWith(ofPair('pi-b')))).toBe(true);
  });
});
