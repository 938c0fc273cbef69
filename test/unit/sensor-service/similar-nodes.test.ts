import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../k8s/core/pods.ts';
import type { DeviceClaim, Node } from '../../../k8s/core/resources.ts';
import { CANDIDATES_ANNOTATION } from '../../../k8s/core/sensor-service/lease.ts';
import { type ServicePlan, planService } from '../../../k8s/core/sensor-service/planner.ts';
import { serviceView } from '../../../k8s/core/sensor-service/service-view.ts';
import { deviceResource } from '../../../k8s/core/sensor-service/resource-names.ts';
import { daemonSetOf } from '../../../k8s/core/sensor-service/workload.ts';
import { claimOf } from '../../site/support/kube-objects.ts';
import { BROKER, leaseFor, nodeFor, NOW, podOn, worldOf } from '../../support/sensor-service/service-world.ts';
import { SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

describe('a similar node', () => {
  it('may take over only where it has all labels of the claim', () => {
    const service = serviceOf('lathe', SENSOR, { failover: { takeover: 'SimilarNode' } });
    const left = { machine: 'lathe', location: 'left' };
    const nodes: Node[] = [
      nodeFor('pi-a', { labels: left, pair: ['left', 'Primary'] }),
      nodeFor('pi-b', { labels: left, pair: ['left', 'Backup'] }),
      nodeFor('pi-s', { labels: { ...left, floor: '2' } }),
      nodeFor('pi-r', { labels: { machine: 'lathe', location: 'right' } }),
    ];
    const { seats } = planService(worldOf({ service, nodes })).placement;
    expect(seats.find(({ unit }) => unit === 'left')?.candidates).toEqual(['pi-a', 'pi-b', 'pi-s']);
    expect(seats.find(({ unit }) => unit === 'pi-r')?.candidates).toEqual(['pi-r']);
  });

  it('is unknown where a node of the unit has no claim', () => {
    const service = serviceOf('lathe', SENSOR, { failover: { takeover: 'SimilarNode' } });
    const pair = nodeFor('pi-a', { pair: ['left', 'Primary'] });
    const bare = { ...pair, metadata: { ...pair.metadata, annotations: {} } };
    const { seats } = planService(worldOf({ service, nodes: [bare, nodeFor('pi-s')] })).placement;
    expect(seats[0]?.candidates).toEqual(['pi-a']);
  });

  describe('with device files', () => {
    const RULE = { name: 'bus', path: '/dev/ttyUSB0' };
    const devices = [RULE];
    const service = serviceOf('lathe', SENSOR, { devices, failover: { takeover: 'SimilarNode' } });
    const left = { machine: 'lathe', location: 'left' };
    const pairOf = (name: string, labels: Record<string, string>): Node[] => [
      nodeFor(`${name}-1`, { labels, pair: [name, 'Primary'], service }),
      nodeFor(`${name}-2`, { labels, pair: [name, 'Backup'], service }),
    ];
    const placedIn = ({ status }: ServicePlan): string => {
      const found = status.conditions?.find(({ type }) => type === 'PlacementSatisfied');
      return `${found?.status ?? '?'}: ${found?.message ?? ''}`;
    };
    const unitsWith = (...nodes: Node[]): Record<string, readonly string[]> => {
      const { seats } = planService(worldOf({ service, nodes })).placement;
      return Object.fromEntries(seats.map(({ unit, candidates }) => [unit, candidates]));
    };

    it('is the last member of the unit of the one pair whose labels it has, and no unit by itself', () => {
      const similar = nodeFor('a-similar', { labels: { ...left, floor: '2' }, service });
      const right = pairOf('right', { ...left, location: 'right' });
      expect(unitsWith(similar, ...pairOf('left', left), ...right)).toEqual({
        left: ['left-1', 'left-2', 'a-similar'],
        right: ['right-1', 'right-2'],
      });
      const plan = planService(worldOf({ service, nodes: [similar, ...pairOf('left', left)] }));
      expect(placedIn(plan)).toBe('True: 3 nodes in 1 unit; similar nodes behind a pair: a-similar');
    });

    it('is in no unit where it is unclear whose device it has, and that is told', () => {
      const pairs = [...pairOf('left', { machine: 'lathe' }), ...pairOf('right', { machine: 'lathe' })];
      const lone = nodeFor('pi-s', { labels: left, service });
      expect(unitsWith(lone, ...pairs)).toEqual({ left: ['left-1', 'left-2'], right: ['right-1', 'right-2'] });
      const twice = planService(worldOf({ service, nodes: [lone, ...pairs] }));
      expect(placedIn(twice)).toContain(
        'False: node pi-s has labels of the pairs left and right, so that it is in none',
      );
      const more = planService(
        worldOf({ service, nodes: [lone, nodeFor('pi-t', { labels: left, service }), ...pairs] }),
      );
      const { outside, warnings } = serviceView({ service }, more);
      expect(outside.map(({ node }) => node)).toEqual(['pi-s', 'pi-t']);
      expect(warnings).toEqual(outside.map(({ why }) => why));
      const [first, second] = pairOf('left', left);
      const unlike = [first, nodeFor('left-2', { labels: { machine: 'lathe' }, pair: ['left', 'Backup'], service })];
      const rightLathe = nodeFor('pi-r', { labels: { ...left, location: 'right' }, service });
      const half = planService(worldOf({ service, nodes: [rightLathe, ...unlike].filter((one) => one !== undefined) }));
      expect(half.placement.seats.map(({ candidates }) => candidates)).toEqual([['left-1', 'left-2']]);
      expect(placedIn(half)).toContain('node pi-r has labels of some claims of pair left, but not of all');
      expect(second).toBeDefined();
    });

    it('is a unit by itself where it lacks a label, or nobody knows the labels of a claim', () => {
      expect(unitsWith(nodeFor('pi-s', { service }), ...pairOf('left', left))).toHaveProperty('pi-s');
      const bare = pairOf('left', left).map((node) => ({ ...node, metadata: { ...node.metadata, annotations: {} } }));
      expect(unitsWith(nodeFor('pi-s', { labels: left, service }), ...bare)).toHaveProperty('pi-s');
    });

    it('counts the claims of boards that are not there: for them it stands in, and they tell pairs apart', () => {
      const claimed = (pair: string, labels: Record<string, string>): DeviceClaim =>
        claimOf({ match: { serial: pair }, labels, pair: { name: pair, role: 'Primary' } }, pair);
      const similar = nodeFor('pi-s', { labels: left, service });
      const alone = planService(worldOf({ service, nodes: [similar], claims: [claimed('left', left)] }));
      expect(alone.placement.seats.map(({ unit, candidates }) => [unit, candidates])).toEqual([['left', ['pi-s']]]);
      const claims = [claimed('right', left)];
      const both = planService(worldOf({ service, nodes: [similar, ...pairOf('left', left)], claims }));
      expect(both.placement.unclear.map(({ pairs }) => pairs)).toEqual([['left', 'right']]);
      // A pair that the service does not mean has no device for it.
      const upstairs = [claimed('up', { floor: '2' })];
      const plain = planService(
        worldOf({
          service,
          nodes: [nodeFor('pi-s', { labels: { machine: 'lathe', floor: '2' }, service })],
          claims: upstairs,
        }),
      );
      expect(plain.placement.seats.map(({ unit }) => unit)).toEqual(['pi-s']);
      const namesake = nodeFor('left', { labels: left, service });
      const doubtful = planService(worldOf({ service, nodes: [similar, namesake], claims: [claimed('left', left)] }));
      expect(doubtful.placement.ambiguous).toEqual([namesake]);
      expect(doubtful.placement.seats.map(({ unit, candidates }) => [unit, candidates])).toEqual([['left', ['pi-s']]]);
    });

    it('is no candidate while its device is known to be gone, unless it holds the unit', () => {
      const lost = nodeFor('pi-s', { labels: left, service });
      const allocatable = { ...lost.status?.allocatable, [deviceResource(RULE)]: '0' };
      const nodes = [{ ...lost, status: { ...lost.status, allocatable } }, ...pairOf('left', left)];
      const candidates = (holderIdentity: string): unknown =>
        planService(worldOf({ service, nodes, leases: [leaseFor('left', { holderIdentity })] })).placement.seats[0]
          ?.candidates;
      expect(candidates('left-1')).toEqual(['left-1', 'left-2']);
      expect(candidates('pi-s')).toEqual(['left-1', 'left-2', 'pi-s']);
    });

    it('does not keep the pair from an update while it cannot start', () => {
      const nodes = [nodeFor('pi-s', { labels: left, service }), ...pairOf('left', left)];
      const old = { service, version: 'old' };
      const broken = { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'ErrImageNeverPull' } } }] };
      const leases = [leaseFor('left', { holderIdentity: 'left-1' })];
      const evicted = (status?: Pod['status']): unknown => {
        const third = podOn('pi-s', { service, ...(status === undefined ? {} : { status }) });
        const pods = [podOn('left-1', old), podOn('left-2', old), third];
        return planService(worldOf({ service, nodes, pods, leases })).evictions.map(({ spec }) => spec?.nodeName);
      };
      expect(evicted(broken)).toEqual(['left-2']);
      const crashing = podOn('pi-s', { service, status: broken });
      const half = [podOn('left-1', old), podOn('left-2', { service }), crashing];
      const { conditions = [] } = planService(worldOf({ service, nodes, pods: half, leases })).status;
      expect(conditions.find(({ type }) => type === 'Progressing')).toMatchObject({ reason: 'Updating' });
      expect(evicted({ phase: 'Pending' })).toEqual([]);
      expect(evicted()).toEqual(['left-2']);
    });

    it('takes over from a node of a pair that is no more before it acts by itself', () => {
      const [first] = pairOf('left', { machine: 'none', location: 'left' });
      const similar = nodeFor('pi-s', { labels: left, service });
      const gone = { ...first, metadata: { ...first?.metadata, labels: { machine: 'none' } } } as Node;
      const candidates = { [CANDIDATES_ANNOTATION]: '["left-1","pi-s"]' };
      const lease = leaseFor('left', { holderIdentity: 'left-1' }, { annotations: candidates });
      const world = worldOf({
        ...{ service, nodes: [gone, similar], leases: [lease], brokerUrl: BROKER },
        pods: [podOn('left-1', { service }), podOn('pi-s', { service })],
        daemonSet: daemonSetOf({ service, brokerUrl: BROKER, keptOn: ['left-1', 'pi-s'] }),
      });
      // Between two holders one that has lost the labels could still take it: it is struck off first.
      const between = leaseFor('left', { holderIdentity: '' }, { annotations: candidates });
      const struck = planService({ ...world, leases: [between] }).leases;
      expect(struck.map((write) => write.verb === 'annotate' && write.annotations[CANDIDATES_ANNOTATION])).toEqual([
        '["pi-s"]',
      ]);
      const plan = planService({ ...world, nowMs: NOW });
      expect(plan.leases.map(({ verb, lease: { metadata } }) => [verb, metadata.name])).toEqual([
        ['annotate', 'lathe.left'],
      ]);
      expect(JSON.stringify(plan.leases)).toContain('"usher.internal/yield-to":"pi-s"');
      const taken = leaseFor('left', { holderIdentity: 'pi-s' }, { annotations: candidates });
      const closed = planService({ ...world, leases: [taken] });
      expect(closed.leases.map(({ verb, lease: { metadata } }) => [verb, metadata.name])).toEqual([
        ['annotate', 'lathe.left'],
      ]);
      const free = leaseFor('left', { holderIdentity: '' }, { annotations: { [CANDIDATES_ANNOTATION]: '[]' } });
      const own = planService({ ...world, leases: [free] });
      expect(own.leases.map(({ verb, lease: { metadata } }) => [verb, metadata.name])).toEqual([
        ['create', 'lathe.pi-s'],
      ]);
    });

    it('is never one of another pair, nor one for a lone node', () => {
      expect(unitsWith(...pairOf('left', left), ...pairOf('right', left))).toEqual({
        left: ['left-1', 'left-2'],
        right: ['right-1', 'right-2'],
      });
      const lone = ['pi-s', 'pi-t'].map((name) => nodeFor(name, { labels: left, service }));
      expect(unitsWith(...lone)).toEqual({ 'pi-s': ['pi-s'], 'pi-t': ['pi-t'] });
    });

    it('never has one node in two units, and loses none', () => {
      const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'left', 'right');
      const labels = fc.record({ location: fc.constantFrom('left', 'right') }, { requiredKeys: [] });
      const pair = fc.tuple(fc.constantFrom('left', 'right'), fc.constantFrom('Primary' as const, 'Backup' as const));
      const node = fc.record({ name: names, labels, pair: fc.option(pair, { nil: undefined }) });
      fc.assert(
        fc.property(fc.uniqueArray(node, { selector: ({ name }) => name, maxLength: 7 }), (some) => {
          const nodes = some.map(({ name, labels: own, pair: inPair }) => {
            return nodeFor(name, {
              labels: { machine: 'lathe', ...own },
              service,
              ...(inPair === undefined ? {} : { pair: inPair }),
            });
          });
          const { seats, units, ambiguous, unclear } = planService(worldOf({ service, nodes })).placement;
          const candidates = seats.flatMap((seat) => seat.candidates);
          expect(new Set(candidates).size).toBe(candidates.length);
          const placed = [...units.flatMap((unit) => unit.nodes), ...ambiguous, ...unclear.map((one) => one.node)];
          expect(placed.map(({ metadata }) => metadata.name).sort()).toEqual(some.map(({ name }) => name).sort());
          expect(new Set(units.map(({ name }) => name)).size).toBe(units.length);
        }),
      );
    });
  });
});
