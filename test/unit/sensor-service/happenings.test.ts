import { describe, expect, it } from 'vitest';
import { happeningsOf } from '../../../k8s/core/sensor-service/happenings.ts';
import { planService } from '../../../k8s/core/sensor-service/planner.ts';
import type { ServiceWorld } from '../../../k8s/core/sensor-service/placement.ts';
import { leaseFor, nodeFor, podOn, worldOf } from '../../support/sensor-service/service-world.ts';

const A = nodeFor('pi-a', { pair: ['left', 'Primary'] });
const B = nodeFor('pi-b', { pair: ['left', 'Backup'] });

describe('the story of a service', () => {
  it('tells what turned, once, and who took over from whom', () => {
    const running = { nodes: [A, B], pods: [podOn('pi-a'), podOn('pi-b')] };
    const chapters: Partial<ServiceWorld>[] = [
      {},
      {},
      { nodes: [A, B] },
      { ...running, leases: [leaseFor('left', { holderIdentity: 'pi-a' })] },
      { ...running, leases: [leaseFor('left', { holderIdentity: 'pi-b', leaseTransitions: 2 })] },
      {
        ...running,
        leases: [leaseFor('left', { holderIdentity: 'pi-a', leaseTransitions: 3 }, { wasReleased: true })],
      },
    ];
    let { service } = worldOf({});
    const told = chapters.map((parts) => {
      const { status } = planService(worldOf({ ...parts, service }));
      const news = happeningsOf(service.status, status).map(
        ({ type, reason, message }) => `${type} ${reason}: ${message}`,
      );
      service = { ...service, status };
      return news;
    });
    expect(told).toEqual([
      ['Warning NoMatchingNode: no node has machine=lathe: give a claim these labels'],
      [],
      [],
      ['Normal Active: active in left (pi-a)'],
      ['Warning TakenOver: unit left: pi-b took over from pi-a, which went silent (epoch 2)'],
      ['Normal HandedOver: unit left: pi-b handed over to pi-a (epoch 3)'],
    ]);
  });
});
