import { describe, expect, it } from 'vitest';
import type { Node } from '../../../k8s/core/resources.ts';
import { happeningsOf } from '../../../k8s/core/sensor-service/happenings.ts';
import { candidatesOf } from '../../../k8s/core/sensor-service/lease.ts';
import { planService, type ServicePlan } from '../../../k8s/core/sensor-service/planner.ts';
import type { ServiceWorld } from '../../../k8s/core/sensor-service/placement.ts';
import type { SensorService } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { serviceView } from '../../../k8s/core/sensor-service/service-view.ts';
import {
  WATCHDOG_STATES,
  watchdogOf,
  watchdogResource,
  type WatchdogState,
} from '../../../k8s/core/sensor-service/watchdog.ts';
import { gistOfNode } from '../../../k8s/sensor-services/gists.ts';
import { leaseFor, nodeFor, podOn, worldOf } from '../../support/sensor-service/service-world.ts';
import { ACTUATOR, serviceOf } from '../../support/sensor-service/services.ts';

const LOW = serviceOf('valve', ACTUATOR, { failover: { fencing: 'Watchdog' } });
const HIGH = serviceOf('valve', ACTUATOR, {
  failover: { fencing: 'Watchdog' },
  actuator: { hazard: 'High', interlockAcknowledged: true },
});

/** A node of the pair `left`, whose device plugin tells that of its watchdog. */
function nodeWith(name: string, state: WatchdogState | undefined, service: SensorService): Node {
  const role = name === 'pi-a' ? 'Primary' : 'Backup';
  const node = nodeFor(name, { labels: { machine: 'valve' }, pair: ['left', role], service });
  const allocatable = { ...node.status?.allocatable };
  // The kubelet goes on counting what it was told earlier: as none.
  for (const each of WATCHDOG_STATES) allocatable[watchdogResource(each)] = each === state ? '1' : '0';
  return { ...node, status: { ...node.status, allocatable } };
}

type Told = WatchdogState | undefined;

function planOf(service: SensorService, a: Told, b: Told, holder?: string): { world: ServiceWorld; plan: ServicePlan } {
  const world = worldOf({
    service,
    nodes: [nodeWith('pi-a', a, service), nodeWith('pi-b', b, service)],
    pods: [podOn('pi-a', { service }), podOn('pi-b', { service })],
    leases: holder === undefined ? [] : [leaseFor('left', { holderIdentity: holder }, { service: 'valve' })],
  });
  return { world, plan: planService(world) };
}

function verdict({ status }: ServicePlan, type: string): string {
  const found = status.conditions?.find((condition) => condition.type === type);
  return `${found?.status ?? '?'} ${found?.reason ?? '?'}: ${found?.message ?? ''}`;
}

const candidates = ({ placement }: ServicePlan): readonly string[] => placement.seats[0]?.candidates ?? [];

describe('the condition FencingEffective of fencing Watchdog', () => {
  it.each<[Told, Told, string, RegExp]>([
    ['armed', 'armed', 'True WatchdogArmed', /armed on pi-a, pi-b/],
    ['armed', 'none', 'False NoWatchdog', /node pi-b has no hardware watchdog/],
    ['too-slow', 'armed', 'False WatchdogTooSlow', /node pi-a waits longer than 15 seconds/],
    ['armed', 'in-use', 'False HeldBySystemd', /node pi-b: set RuntimeWatchdogSec=off/],
    ['unreadable', 'armed', 'False WatchdogUnreadable', /node pi-a cannot be used/],
    ['ready', 'armed', 'Unknown WatchdogNotArmed', /node pi-a is not armed yet/],
    [undefined, 'armed', 'Unknown WatchdogNotSeen', /has not said yet whether node pi-a/],
    [undefined, 'none', 'False NoWatchdog', /pi-a.*pi-b has no hardware watchdog/],
  ])('with %s and %s says %s', (a, b, start, text) => {
    const said = verdict(planOf(LOW, a, b).plan, 'FencingEffective');
    expect(said.split(':')[0]).toBe(start);
    expect(said).toMatch(text);
  });

  it('keeps no node from a unit where the hazard is Low, and warns on the page', () => {
    const { world, plan } = planOf(LOW, 'none', 'none');
    expect(candidates(plan)).toEqual(['pi-a', 'pi-b']);
    expect(serviceView(world, plan).warnings.join()).toContain('node pi-a has no hardware watchdog');
  });

  it('believes the worst of what is told at once, and nothing when nothing is told', () => {
    const node = nodeWith('pi-a', 'armed', LOW);
    const both = { ...node.status?.allocatable, [watchdogResource('in-use')]: '1' };
    expect(watchdogOf({ ...node, status: { ...node.status, allocatable: both } })).toBe('in-use');
    expect(watchdogOf(nodeWith('pi-a', undefined, LOW))).toBeUndefined();
  });

  it('is news to the controller when the watchdog of a node changes', () => {
    expect(gistOfNode(nodeWith('pi-a', 'ready', LOW))).not.toBe(gistOfNode(nodeWith('pi-a', 'armed', LOW)));
  });
});

describe('hazard High', () => {
  it.each<[Told, Told, string | undefined, string[]]>([
    ['armed', 'armed', undefined, ['pi-a', 'pi-b']],
    // It is armed as soon as the node is a candidate.
    ['ready', 'ready', undefined, ['pi-a', 'pi-b']],
    ['armed', 'none', undefined, ['pi-a']],
    ['too-slow', 'armed', undefined, ['pi-b']],
    ['in-use', 'unreadable', undefined, []],
    // Unknown: who holds it goes on, nobody begins.
    [undefined, undefined, 'pi-b', ['pi-b']],
    [undefined, 'armed', undefined, ['pi-b']],
    // Known to be gone: it stops.
    ['none', 'armed', 'pi-a', ['pi-b']],
  ])('with %s and %s, held by %s, may be held by %j', (a, b, holder, expected) => {
    expect(candidates(planOf(HIGH, a, b, holder).plan)).toEqual(expected);
  });

  it('says on every place why a node may not hold it, and tells it as an event', () => {
    const { world, plan } = planOf(HIGH, 'armed', 'none', 'pi-a');
    const why = /node pi-b has no hardware watchdog: .*; without it hazard High may not run there/;
    expect(verdict(plan, 'PlacementSatisfied')).toMatch(/^False NoWatchdog/);
    expect(verdict(plan, 'PlacementSatisfied')).toMatch(why);
    expect(verdict(plan, 'Degraded')).toMatch(/^True NoStandby: unit left has no standby: node pi-b has no hardware/);
    expect(plan.status.units?.[0]?.problems?.join()).toMatch(why);
    const [instance] = serviceView(world, plan).units[0]?.instances.filter(({ node }) => node === 'pi-b') ?? [];
    expect(instance).toMatchObject({ state: 'NotRunning', reason: 'NoWatchdog' });
    const events = happeningsOf(undefined, plan.status).map(({ type, message }) => `${type} ${message}`);
    expect(events.filter((event) => /^Warning .*hazard High may not run there/.test(event))).not.toEqual([]);
  });

  it('is not Ready, with the reason, when no node may hold it', () => {
    const { plan } = planOf(HIGH, 'none', 'none');
    expect(verdict(plan, 'Ready')).toMatch(/^False NoWatchdog: unit left: node pi-a has no hardware watchdog/);
    const [write] = plan.leases;
    expect(write?.verb === 'create' ? candidatesOf(write.lease) : undefined).toEqual([]);
  });
});
