import { describe, expect, it } from 'vitest';
import { type ServicePlan, planService } from '../../../k8s/core/sensor-service/planner.ts';
import { deviceResource, grantResource } from '../../../k8s/core/sensor-service/resource-names.ts';
import type { ServiceConditionType } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { serviceView } from '../../../k8s/core/sensor-service/service-view.ts';
import { leaseFor, nodeFor, podOn, worldOf } from '../../support/sensor-service/service-world.ts';
import { SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

const RULE = { name: 'bus', path: '/dev/ttyUSB0' };
const SERVICE = serviceOf('lathe', SENSOR, {
  devices: [RULE],
  failover: { failback: { policy: 'Auto', afterSeconds: 0 } },
});
const SAYS = 'node pi-b has no /dev/ttyUSB0: plug it in';

type PodOptions = NonNullable<Parameters<typeof podOn>[1]>;

/** Both nodes run it, and so many devices and grants are counted on the second. */
function planWith(
  devices: string,
  grants: string,
  holderIdentity = 'pi-a',
  onA: PodOptions = {},
  service = SERVICE,
): ServicePlan {
  const a = nodeFor('pi-a', { pair: ['left', 'Backup'], service });
  const b = nodeFor('pi-b', { pair: ['left', 'Primary'], service });
  const allocatable = { [deviceResource(RULE)]: devices, [grantResource('usher-services', 'lathe')]: grants };
  const nodes = [a, { ...b, status: { ...b.status, allocatable } }];
  const pods = [podOn('pi-a', { service, ...onA }), podOn('pi-b', { service })];
  return planService(worldOf({ service, nodes, pods, leases: [leaseFor('left', { holderIdentity })] }));
}
const verdict = ({ status }: ServicePlan, type: ServiceConditionType): string => {
  const found = status.conditions?.find((condition) => condition.type === type);
  return `${found?.status ?? '?'} ${found?.reason ?? '?'}: ${found?.message ?? ''}`;
};

describe('a program that runs on though its device is gone', () => {
  it('is told, and is no standby', () => {
    const plan = planWith('0', '1');
    expect(verdict(plan, 'DevicesAvailable')).toBe(`False DeviceMissing: ${SAYS}`);
    expect(verdict(plan, 'Degraded')).toBe(`True NoStandby: unit left has no standby: ${SAYS}`);
    expect(verdict(plan, 'Ready')).toBe('True Active: active in left (pi-a)');
    const [unit] = serviceView({ service: SERVICE }, plan).units;
    expect(unit?.instances[0]).toMatchObject({ node: 'pi-b', state: 'NotRunning', why: SAYS });
    expect(unit?.lease?.candidates[0]).toEqual({ node: 'pi-b', isReady: false });
  });

  it('gets nothing back, unlike one with its device', () => {
    const wishes = (plan: ServicePlan): string => JSON.stringify(plan.leases);
    expect(wishes(planWith('0', '1'))).not.toContain('Failback');
    expect(wishes(planWith('1', '1'))).toContain('Failback');
  });

  it('is not ended: the program may know better, and the kubelet may be wrong', () => {
    expect(planWith('0', '1').evictions).toEqual([]);
    expect(planWith('0', '1', 'pi-b').evictions).toEqual([]);
  });

  it('holds up the update of the other, and the service says what to plug in', () => {
    const plan = planWith('0', '1', 'pi-a', { version: 'old' });
    expect(plan.evictions).toEqual([]);
    const rest = 'node pi-a goes on with the old version; with spec.update.order AllAtOnce it does not wait';
    expect(verdict(plan, 'Progressing')).toBe(`False UpdateStuck: ${SAYS}; until then ${rest}`);
    expect(serviceView({ service: SERVICE }, plan).warnings).toContain(`${SAYS}; until then ${rest}`);
    expect(verdict(planWith('1', '1', 'pi-a', { version: 'old' }), 'Progressing')).toMatch(/^True Updating/);
    // Where nobody is waited for, nobody is to be helped.
    const atOnce = { ...SERVICE, spec: { ...SERVICE.spec, update: { order: 'AllAtOnce' as const } } };
    expect(verdict(planWith('0', '1', 'pi-a', { version: 'old' }, atOnce), 'Progressing')).toMatch(/^True Updating/);
  });

  it('is not suspected while a kubelet that has just started counts nothing at all', () => {
    expect(verdict(planWith('0', '0'), 'Degraded')).toMatch(/^False/);
    expect(verdict(planWith('0', '0'), 'DevicesAvailable')).toMatch(/^True/);
  });
});
