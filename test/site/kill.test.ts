import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_MAP, NODE } from '../../k8s/core/resources.ts';
import { MASTER } from '../../lab/lab.ts';
import { APPLIANCE, killOnMaster } from './support/kill-on-master.ts';
import {
  deviceOf,
  eventually,
  isNodeReady,
  labelsOf,
  type RunningSite,
  startRunningSite,
  tokensLeft,
} from './support/running-site.ts';

const RECOVERY_MS = 100_000;

describe('one part is killed in the middle of a join', () => {
  let running: RunningSite;

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'kill', respawn: true });
  });
  afterAll(async () => {
    await running.stop();
  });

  const parts: [part: string, pi: string, kill: () => Promise<void>][] = [
    ['the appliance', 'pi-1', () => killOnMaster(running, APPLIANCE)],
    ['the API server', 'pi-2', () => killOnMaster(running, /[^ ]*k3s server/)],
    [
      'the Pi',
      'pi-3',
      async () => {
        await running.site.lab.kill('pi-3');
        await running.site.lab.boot('pi-3');
      },
    ],
    [
      'the Pi, between its certificate and its Node',
      'pi-4',
      async () => {
        const machine = running.site.lab.machine('pi-4');
        const path = '/var/lib/rancher/k3s/agent/client-kubelet.crt';
        // Faster than eventually(): the Node follows the certificate within a second or two.
        while ((await machine.readFile(path)) === undefined) await delay(5);
        await running.site.lab.kill('pi-4');
        expect(await running.kube.get(NODE, { name: 'pi-4' })).toBeUndefined();
        await running.site.lab.boot('pi-4');
      },
    ],
  ];

  it.each(parts)('%s: it ends Ready all the same', { timeout: 240_000 }, async (_part, pi, kill) => {
    const { lab } = running.site;
    await lab.addPi({ name: pi });
    await lab.plug(pi);
    const device = await deviceOf(running, pi);
    await eventually('evidence to be verified', 30_000, async () => (await running.client.device(device.id)).claimable);
    await running.client.createClaim({ name: pi, device: device.id, labels: { machine: pi } });
    await eventually(
      'the join to be under way',
      15_000,
      async () => (await running.client.device(device.id)).stage === 'Joining',
    );
    await kill();
    await eventually(`node ${pi} to be Ready`, RECOVERY_MS, () => isNodeReady(running, pi));
    await eventually(
      'the device to be Ready',
      RECOVERY_MS,
      async () => (await running.client.device(device.id)).stage === 'Ready',
    );
    expect(await labelsOf(running, pi)).toEqual({ machine: pi });
  });

  it('leaves one node each, no token, and no name on the allow-list', async () => {
    const nodes = (await running.kube.list(NODE))
      .map(({ metadata }) => metadata.name)
      .filter((name) => name !== MASTER);
    expect(nodes.sort()).toEqual(['pi-1', 'pi-2', 'pi-3', 'pi-4']);
    await eventually('tickets to be burnt', 15_000, async () => (await tokensLeft(running)).length === 0);
    const list = await running.kube.get(CONFIG_MAP, { name: 'approved-nodes', namespace: 'usher-system' });
    expect(Object.keys(list?.data ?? {}).filter((name) => name.startsWith('pi-'))).toEqual([]);
  });
});
