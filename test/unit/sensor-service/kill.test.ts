import { describe, expect, it } from 'vitest';
import { SENSOR_SERVICE } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { FakeServiceSite } from '../../support/sensor-service/fake-service-site.ts';
import { nodeFor } from '../../support/sensor-service/service-world.ts';
import { NAMESPACE, SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

const NEW = { container: { image: 'usher.internal/lathe:2.0.0' } };
const PRESS = { machine: 'press' };

/** Two pairs get the service, its image is updated, and the label of one pair moves to a third node. */
async function story(killAt?: number): Promise<{ site: FakeServiceSite; picture: object }> {
  const site = new FakeServiceSite();
  site.killAt(killAt);
  for (const [name, pair, role] of [
    ['pi-a', 'left', 'Primary'],
    ['pi-b', 'left', 'Backup'],
    ['pi-c', 'right', 'Primary'],
    ['pi-d', 'right', 'Backup'],
  ] as const) {
    await site.put(nodeFor(name, { pair: [pair, role] }));
  }
  await site.kube.create(SENSOR_SERVICE, serviceOf('lathe', SENSOR, { update: { minReadySeconds: 2 } }));
  await site.start();
  await site.settle();
  await site.kube.mergePatch(SENSOR_SERVICE, { name: 'lathe', namespace: NAMESPACE }, { spec: NEW });
  await site.settle();
  await site.put(nodeFor('pi-e'));
  await site.put(nodeFor('pi-c', { labels: PRESS }));
  await site.put(nodeFor('pi-d', { labels: PRESS }));
  await site.settle();
  await site.stop();
  return { site, picture: await site.picture() };
}

describe('the service controller', () => {
  it('ends where it should, and the same wherever it was killed', { timeout: 60_000 }, async () => {
    const { site, picture } = await story();
    expect(picture).toEqual({
      pods: ['pi-a', 'pi-b', 'pi-e'].map((node) => `${node} usher.internal/lathe:2.0.0`),
      holders: ['lathe.left pi-b pi-a,pi-b', 'lathe.pi-e pi-e pi-e', 'lathe.right - '],
      conditions: [
        'Ready True Active',
        'PlacementSatisfied True Placed',
        'DevicesAvailable True NoDevicesNeeded',
        'FencingEffective True SelfFence',
        'Progressing False Settled',
        'Degraded False AsWanted',
      ],
    });
    expect(site.wrongs).toEqual([]);
    for (let write = 1; write <= site.writes; write += 1) {
      const killed = await story(write);
      expect({ write, ...killed.picture }).toEqual({ write, ...picture });
      expect(killed.site.wrongs).toEqual([]);
    }
  });
});
