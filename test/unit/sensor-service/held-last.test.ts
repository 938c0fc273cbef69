import { expect, it } from 'vitest';
import { planService } from '../../../k8s/core/sensor-service/planner.ts';
import { leaseFor, nodeFor, podOn, worldOf } from '../../support/sensor-service/service-world.ts';
import { SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

it('asks for a person’s word, and for nothing else, where a silent holder may drive on', () => {
  const leases = [leaseFor('left', { holderIdentity: 'pi-a' }, { isStale: true })];
  const service = serviceOf('lathe', SENSOR, { failover: { onControlPlaneLoss: 'HoldLast' } });
  const nodes = [nodeFor('pi-a', { pair: ['left', 'Primary'] }), nodeFor('pi-b', { pair: ['left', 'Backup'] })];
  const { status } = planService(worldOf({ service, nodes, pods: [podOn('pi-a'), podOn('pi-b')], leases }));
  const why = 'node pi-a went silent and may drive on (HoldLast): make sure that it is off, then take the unit over';
  expect(status.units?.[0]?.problems).toEqual([why]);
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  expect([ready?.status, ready?.message]).toEqual(['False', `unit left: ${why}`]);
});
