import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_MAP, DEVICE_CLAIM, NODE } from '../../k8s/core/resources.ts';
import {
  claimOnPage,
  deviceOf,
  eventually,
  isNodeReady,
  labelsOf,
  POD,
  type RunningSite,
  signInAsPage,
  startRunningSite,
  tokensLeft,
} from './support/running-site.ts';

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../cli/usher.mjs');

describe('three Pis plugged in at once, claimed in three ways', () => {
  let running: RunningSite;
  const usher = async (...args: string[]): Promise<string> =>
    (await run(process.execPath, [CLI, '--token-file', running.site.cliFile, ...args], { timeout: 90_000 })).stdout;

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'join' });
  });
  afterAll(async () => {
    await running.stop();
  });

  it('binds a claim that kubectl applied before its Pi was plugged in', async () => {
    const { lab, kubeconfig, cliFile } = running.site;
    await lab.addPi({ name: 'pi-1' });
    await lab.addPi({ name: 'pi-2' });
    const early = await lab.addPi({ name: 'pi-3' });
    const manifest = join(lab.labDir, 'claim.json');
    const claim = {
      apiVersion: 'usher.internal/v1alpha1',
      kind: 'DeviceClaim',
      metadata: { name: 'tank-north' },
      spec: { match: { serial: early.spec.board?.serial }, labels: { machine: 'tank' } },
    };
    await writeFile(manifest, JSON.stringify(claim));
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'lathe-monitor', namespace: 'default' },
      spec: {
        nodeSelector: { machine: 'lathe', location: 'left' },
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'app', image: 'docker.io/usher/sample-app:1', imagePullPolicy: 'Never' }],
      },
    };
    const podFile = join(lab.labDir, 'pod.json');
    await writeFile(podFile, JSON.stringify(pod));
    expect(kubeconfig).toBeDefined();
    await run(process.execPath, [CLI, '--token-file', cliFile, 'kubectl', 'apply', '-f', manifest]);
    await run(process.execPath, [CLI, '--token-file', cliFile, 'kubectl', 'apply', '-f', podFile]);
    expect((await running.client.claim('tank-north')).phase).toBe('Waiting');
  });

  it('shows each within a second of its first DHCP packet', async () => {
    const { lab } = running.site;
    const macs = ['pi-1', 'pi-2', 'pi-3'].map((name) => lab.machine(name).spec.mac);
    const ended = new AbortController();
    const firstSeen = new Map<string, number>();
    const firstEvent = new Map<string, number>();
    const watching = (async () => {
      for await (const { event } of running.client.events(ended.signal)) {
        if (event.type !== 'device') continue;
        for (const mac of event.device.macs) {
          if (firstEvent.has(mac)) continue;
          firstEvent.set(mac, Date.now());
          firstSeen.set(mac, Date.parse(event.device.firstSeen ?? event.device.since));
        }
      }
    })();
    await Promise.all(['pi-1', 'pi-2', 'pi-3'].map((name) => lab.plug(name)));
    await eventually('all three to be visible', 30_000, () => macs.every((mac) => firstEvent.has(mac)));
    ended.abort();
    await watching;
    for (const mac of macs) {
      expect((firstEvent.get(mac) ?? Infinity) - (firstSeen.get(mac) ?? 0)).toBeLessThan(1000);
    }
  });

  it('makes nodes of them: claimed on the page, by usher claim, and beforehand', async () => {
    const [left, right] = [await deviceOf(running, 'pi-1'), await deviceOf(running, 'pi-2')];
    const page = await signInAsPage(running);
    const claim = { name: 'lathe-left', device: left.id, labels: { machine: 'lathe', location: 'left' } };
    expect((await claimOnPage(page, claim)).status).toBe(201);
    await usher(
      'claim',
      right.shortId,
      '--name',
      'lathe-right',
      '--label',
      'machine=lathe',
      '--label',
      'location=right',
      '--wait',
    );
    for (const name of ['lathe-left', 'lathe-right', 'tank-north']) {
      await eventually(`node ${name} to be Ready`, 60_000, () => isNodeReady(running, name));
      await eventually(`claim ${name} to be Ready`, 30_000, async () =>
        (await running.client.claim(name)).conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
      );
    }
    expect(await labelsOf(running, 'lathe-left')).toEqual({ machine: 'lathe', location: 'left' });
    expect(await labelsOf(running, 'lathe-right')).toEqual({ machine: 'lathe', location: 'right' });
    expect(await labelsOf(running, 'tank-north')).toEqual({ machine: 'tank' });
  });

  it('runs the pod that was Pending, on the node with its labels', async () => {
    const pod = await eventually('the pod to run', 30_000, async () => {
      const found = await running.kube.get(POD, { name: 'lathe-monitor', namespace: 'default' });
      return found?.status?.phase === 'Running' ? found : undefined;
    });
    expect(pod.spec.nodeName).toBe('lathe-left');
  });

  it('leaves no token and no name on the allow-list', async () => {
    await eventually('tickets to be burnt', 15_000, async () => (await tokensLeft(running)).length === 0);
    const list = await running.kube.get(CONFIG_MAP, { name: 'approved-nodes', namespace: 'usher-system' });
    expect(Object.keys(list?.data ?? {}).filter((name) => /lathe|tank/.test(name))).toEqual([]);
  });

  it('is shown alike by usher devices', async () => {
    const { items } = JSON.parse(await usher('devices', '-o', 'json')) as {
      items: { nodeName?: string; stage: string; labels?: object }[];
    };
    const nodes = items.filter(({ stage }) => stage === 'Ready').map(({ nodeName, labels }) => ({ nodeName, labels }));
    expect(nodes).toEqual(
      expect.arrayContaining([
        { nodeName: 'lathe-left', labels: { machine: 'lathe', location: 'left' } },
        { nodeName: 'lathe-right', labels: { machine: 'lathe', location: 'right' } },
        { nodeName: 'tank-north', labels: { machine: 'tank' } },
      ]),
    );
    expect(await usher('devices')).toMatch(/Ready\s+lathe-left\s+location=left,machine=lathe/);
  });

  it('follows later edits of a claim, and leaves labels of others alone', async () => {
    await running.kube.mergePatch(
      NODE,
      { name: 'lathe-left' },
      { metadata: { labels: { 'somebody.example/rack': '7' } } },
    );
    const spec = { labels: { machine: 'lathe', location: null, speed: 'fast' } };
    await running.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-left' }, { spec });
    await eventually(
      'the labels to follow',
      15_000,
      async () => (await labelsOf(running, 'lathe-left'))['speed'] === 'fast',
    );
    expect(await labelsOf(running, 'lathe-left')).toEqual({
      machine: 'lathe',
      speed: 'fast',
      'somebody.example/rack': '7',
    });
  });

  it('has wiped the token from the cards', async () => {
    await eventually('the cards to be scrubbed', 15_000, async () => {
      const cards = await Promise.all(
        ['pi-1', 'pi-2', 'pi-3'].map((name) => running.site.lab.machine(name).readFile('/boot/firmware/usher.json')),
      );
      return cards.every((text) => text === undefined || !text.includes('ush1.'));
    });
  });
});
