import { describe, expect, it } from 'vitest';
import type { Node } from '../../../k8s/core/resources.ts';
import { YIELD_TO_ANNOTATION } from '../../../k8s/core/sensor-service/lease.ts';
import { type ServicePlan, planService } from '../../../k8s/core/sensor-service/planner.ts';
import type { ServiceWorld } from '../../../k8s/core/sensor-service/placement.ts';
import type { FailoverPolicy } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { serviceView, type UnitView } from '../../../k8s/core/sensor-service/service-view.ts';
import { daemonSetOf } from '../../../k8s/core/sensor-service/workload.ts';
import { watchdogResource } from '../../../k8s/core/sensor-service/watchdog.ts';
import { BROKER, leaseFor, nodeFor, NOW, podOn, worldOf } from '../../support/sensor-service/service-world.ts';
import { ACTUATOR, SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

const A = nodeFor('pi-a', { pair: ['left', 'Primary'] });
const B = nodeFor('pi-b', { pair: ['left', 'Backup'] });
const PODS = [podOn('pi-a'), podOn('pi-b')];
const HELD_BY_B = [leaseFor('left', { holderIdentity: 'pi-b' })];
const BARE = nodeFor('pi-b', { labels: { machine: 'mill' } });

const withFailover = (failover: FailoverPolicy): ServiceWorld['service'] => serviceOf('lathe', SENSOR, { failover });

/** The pair `left`, held by its backup, and all ready, unless `parts` say otherwise. */
function planned(parts: Partial<ServiceWorld>): { world: ServiceWorld; plan: ServicePlan; unit: UnitView | undefined } {
  const world = worldOf({ nodes: [A, B], pods: PODS, leases: HELD_BY_B, ...parts });
  const plan = planService(world);
  return { world, plan, unit: serviceView(world, plan).units.find(({ name }) => name === 'left') };
}

const hintOf = (parts: Partial<ServiceWorld>): string | undefined => planned(parts).unit?.handBackTo;
const changeA = (status: Node['status']): Node => ({ ...A, status: { ...A.status, ...status } });

describe('the hint that a unit can be handed back', () => {
  it.each<[string, FailoverPolicy, string | undefined]>([
    ['Manual, which is the default', {}, 'pi-a'],
    ['Manual that is written', { failback: { policy: 'Manual' } }, 'pi-a'],
    ['Manual with HoldLast', { onControlPlaneLoss: 'HoldLast' }, 'pi-a'],
    ['Auto, long enough: it goes by itself', { failback: { policy: 'Auto', afterSeconds: 60 } }, undefined],
    ['Auto, too early', { failback: { policy: 'Auto', afterSeconds: 86_400 } }, undefined],
    ['Never', { failback: { policy: 'Never' } }, undefined],
    ['ActiveActive: there is nothing to give back', { mode: 'ActiveActive' }, undefined],
  ])('with %s', (_what, failover, node) => {
    expect(hintOf({ service: withFailover(failover) })).toBe(node);
  });

  it.each<[string, Partial<ServiceWorld>]>([
    ['the best node holds it', { leases: [leaseFor('left', { holderIdentity: 'pi-a' })] }],
    ['nobody holds it', { leases: [leaseFor('left', { holderIdentity: '' })] }],
    ['its holder is silent', { leases: [leaseFor('left', { holderIdentity: 'pi-b' }, { isStale: true })] }],
    ['the better node is not ready', { nodes: [nodeFor('pi-a', { pair: ['left', 'Primary'], ready: false }), B] }],
    ['it has no pod', { pods: [podOn('pi-b')] }],
    ['its pod is not ready', { pods: [podOn('pi-a', { status: { phase: 'Running' } }), podOn('pi-b')] }],
    ['its pod is outdated', { pods: [podOn('pi-a', { version: 'old' }), podOn('pi-b')] }],
    ['the holder is outdated: an update goes on', { pods: [podOn('pi-a'), podOn('pi-b', { version: 'old' })] }],
  ])('is not given while %s', (_what, parts) => {
    expect(hintOf(parts)).toBeUndefined();
    expect(planned(parts).unit).not.toHaveProperty('handBackTo');
  });

  it('is no problem, and moves nothing', () => {
    const { world, plan, unit } = planned({});
    expect(unit).toMatchObject({ handBackTo: 'pi-a', problems: [] });
    expect(serviceView(world, plan)).toMatchObject({ isReady: true, warnings: [] });
    const writes = plan.leases.filter((write) => write.verb === 'annotate').map(({ annotations }) => annotations);
    expect(writes.some((annotations) => YIELD_TO_ANNOTATION in annotations)).toBe(false);
  });

  it('waits until a node that went silent would be known to be, and wakes the controller then', () => {
    const takenSince = (ms: number): Partial<ServiceWorld> => ({
      leases: [leaseFor('left', { holderIdentity: 'pi-b' }, { heldSinceMs: NOW - ms })],
    });
    expect(hintOf(takenSince(19_999))).toBeUndefined();
    expect(planned(takenSince(19_000)).plan.wakeAtMs).toBe(NOW + 1000);
    expect(hintOf(takenSince(20_000))).toBe('pi-a');
    const lastTransitionTime = new Date(NOW - 5000).toISOString();
    const back = changeA({ conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] });
    expect(hintOf({ nodes: [back, B] })).toBeUndefined();
    expect(hintOf({ nodes: [back, B], nowMs: NOW + 15_000 })).toBe('pi-a');
  });

  it('names the best of the unit when a similar node holds it, and then the next one', () => {
    const service = withFailover({ takeover: 'SimilarNode' });
    const nodes = [A, B, nodeFor('pi-s')];
    const leases = [leaseFor('left', { holderIdentity: 'pi-s' })];
    expect(hintOf({ service, nodes, leases, pods: [...PODS, podOn('pi-s')] })).toBe('pi-a');
    expect(hintOf({ service, nodes, leases, pods: [podOn('pi-b'), podOn('pi-s')] })).toBe('pi-b');
  });

  it('is not given where the holder lost its labels: it hands over by itself', () => {
    const { service } = worldOf({});
    const daemonSet = daemonSetOf({ service, brokerUrl: BROKER, keptOn: ['pi-a', 'pi-b'] });
    const { plan, unit } = planned({ service, daemonSet, nodes: [A, BARE] });
    expect(plan.placement.seats.map(({ holder, members }) => [holder, members])).toEqual([['pi-b', ['pi-a']]]);
    expect(unit).not.toHaveProperty('handBackTo');
  });

  it('names no node that is barred for want of a watchdog', () => {
    const actuator = { hazard: 'High', interlockAcknowledged: true };
    const service = serviceOf('valve', ACTUATOR, { failover: { fencing: 'Watchdog' }, actuator });
    const nodeWith = (name: string, role: 'Primary' | 'Backup', state: 'armed' | 'none'): Node => {
      const node = nodeFor(name, { labels: { machine: 'valve' }, pair: ['left', role], service });
      const allocatable = { ...node.status?.allocatable, [watchdogResource(state)]: '1' };
      return { ...node, status: { ...node.status, allocatable } };
    };
    const hintWith = (state: 'armed' | 'none'): string | undefined =>
      hintOf({
        service,
        nodes: [nodeWith('pi-a', 'Primary', state), nodeWith('pi-b', 'Backup', 'armed')],
        pods: [podOn('pi-a', { service }), podOn('pi-b', { service })],
        leases: [leaseFor('left', { holderIdentity: 'pi-b' }, { service: 'valve' })],
      });
    expect(hintWith('armed')).toBe('pi-a');
    expect(hintWith('none')).toBeUndefined();
  });
});
