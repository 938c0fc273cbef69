import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { messageOf } from '../../../foundation/errors.ts';
import { CardFile } from '../../../join/protocol/messages.ts';
import { DEVICE, NODE, type KubeObject } from '../../../k8s/core/resources.ts';
import type { Card } from '../../../lab/disk.ts';
import type { PiOptions } from '../../../lab/lab.ts';
import { deviceOf, eventually, isNodeReady, POD, type RunningSite } from './running-site.ts';

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../../cli/usher.mjs');
/** What agetty shows above the login prompt. */
const ISSUE = '/etc/issue.d/usher.issue';
/** Generous: the machine may be busy with other labs. */
export const SOON_MS = 60_000;
export const LATER_MS = 150_000;

/** An object whose status tells of a container's restarts. */
interface PodStatus extends KubeObject {
  status?: { phase?: string; containerStatuses?: { restartCount: number }[] };
}

/** Asks for `_usher._tcp` for two seconds and prints the names of the appliances that answer. */
const WHO_ANSWERS = `
const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true });
const names = new Set();
socket.on('message', (message) => {
  for (const [name] of message.toString('latin1').matchAll(/usher-[0-9a-z]{8}/g)) names.add(name);
});
socket.bind(5353, () => {
  socket.addMembership('224.0.0.251');
  const question = '\\x06_usher\\x04_tcp\\x05local\\x00\\x00\\x0c\\x00\\x01';
  socket.send(Buffer.from('\\0\\0\\0\\0\\0\\x01\\0\\0\\0\\0\\0\\0' + question, 'latin1'), 5353, '224.0.0.251');
});
setTimeout(() => { console.log([...names].join(' ')); socket.close(); }, 2000);
`;

/** A site, and what a person does and sees in it while something goes wrong. */
export class WeatherSite {
  readonly running: RunningSite;

  constructor(running: RunningSite) {
    this.running = running;
  }

  async usher(...args: string[]): Promise<string> {
    const all = [CLI, '--token-file', this.running.site.cliFile, ...args];
    return (await run(process.execPath, all, { timeout: 60_000 })).stdout;
  }

  /** Puts a Pi on the table, plugs it in, and gives its device id once its evidence is accepted. */
  async plugIn(name: string, options: PiOptions = {}): Promise<string> {
    const { lab } = this.running.site;
    await lab.addPi({ ...options, name });
    await lab.plug(name);
    return this.verified(name);
  }

  async verified(name: string): Promise<string> {
    const { client } = this.running;
    // An appliance that comes back is found again after a while only.
    const { id } = await eventually(`device of ${name}`, LATER_MS, () => deviceOf(this.running, name));
    await eventually(`evidence of ${name}`, SOON_MS, async () => (await client.device(id)).claimable);
    return id;
  }

  async claim(device: string, name: string): Promise<void> {
    await this.running.client.createClaim({ name, device, labels: { weather: name } });
  }

  /** Waits for a stage of a device. */
  async reaches(device: string, ...stages: string[]): Promise<void> {
    await eventually(`${device} to be ${stages.join(' or ')}`, LATER_MS, async () =>
      stages.includes((await this.running.client.device(device)).stage),
    );
  }

  /** Waits until the device and its node are Ready. */
  async isReady(device: string, nodeName: string): Promise<void> {
    await this.reaches(device, 'Ready');
    await eventually(`node ${nodeName} to be Ready`, LATER_MS, () => isNodeReady(this.running, nodeName));
  }

  /** What the screen of a Pi shows. */
  async screen(name: string): Promise<string> {
    return (await this.running.site.lab.machine(name).readFile(ISSUE)) ?? '';
  }

  /** Waits until the screen of a Pi shows an error of that code with its remedy. */
  async screenShows(name: string, code: string): Promise<void> {
    await eventually(`${code} on the screen of ${name}`, SOON_MS, async () => {
      const text = await this.screen(name);
      return text.includes(`${code}: `) && /Remedy +\S/.test(text);
    });
  }

  /** Waits until page, `kubectl describe`, CLI and the Pi's screen show one and the same error with its remedy. */
  async showsEverywhere(device: string, name: string, code: string): Promise<void> {
    const { client, kube } = this.running;
    let missing = 'page';
    await eventually(`${code} everywhere`, LATER_MS, async () => {
      const { failure } = await client.device(device);
      missing = 'page';
      if (failure?.code !== code) return false;
      const status = (await kube.get(DEVICE, { name: device }))?.status?.failure;
      const texts: Record<string, string> = {
        status: `${status?.code ?? ''} ${status?.message ?? ''} ${status?.remedy ?? ''}`,
        kubectl: await this.usher('kubectl', 'describe', 'device', device),
        cli: await this.usher('device', device),
        screen: await this.screen(name),
      };
      const said = [code, failure.message, failure.remedy].map(squeezed);
      missing =
        Object.keys(texts).find((where) => !said.every((part) => squeezed(texts[where] ?? '').includes(part))) ?? '';
      return missing === '';
    }).catch((error: unknown) => {
      expect.fail(`${code} is missing: ${missing} (${messageOf(error)})`);
    });
  }

  /** Waits until nothing is said against a device any more, on the page and on its screen. */
  async showsNothing(device: string, name: string): Promise<void> {
    await eventually(`${name} to be without a failure`, SOON_MS, async () => {
      const { failure } = await this.running.client.device(device);
      return failure === undefined && !(await this.screen(name)).includes('Problem');
    });
  }

  /** A pod that runs on that node and nowhere else. */
  async startPod(name: string, nodeName: string): Promise<void> {
    await this.running.kube.create(POD, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: {
        nodeSelector: { weather: nodeName },
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'app', image: 'docker.io/usher/sample-app:1', imagePullPolicy: 'Never' }],
      } as object,
    });
    await this.podRuns(name);
  }

  /** Waits until the pod runs, and gives which pod it is and how often it was started. */
  async podRuns(name: string): Promise<{ uid: string | undefined; restarts: number }> {
    return eventually(`pod ${name} to run`, LATER_MS, async () => {
      const pod = (await this.running.kube.get(POD, { name, namespace: 'default' })) as PodStatus | undefined;
      if (pod?.status?.phase !== 'Running') return undefined;
      const restarts = (pod.status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
      return { uid: pod.metadata.uid, restarts };
    });
  }

  /** The address by which Kubernetes knows a node. */
  async nodeAddress(name: string): Promise<string | undefined> {
    const node = await this.running.kube.get(NODE, { name });
    const { addresses = [] } = (node?.status ?? {}) as { addresses?: { type: string; address: string }[] };
    return addresses.find(({ type }) => type === 'InternalIP')?.address;
  }

  /** A card of this site that names other places than its appliance's. */
  async cardNaming(urls: readonly string[]): Promise<Card> {
    const { client, site } = this.running;
    const { card } = await client.createToken({ kind: 'card' });
    return site.lab.cards.write({ ...CardFile.parse(card), urls: [...urls] });
  }

  /** Names of the appliances that a machine hears by mDNS. */
  async appliancesHeard(name: string): Promise<string[]> {
    const { stdout } = await this.running.site.lab.execIn(name, ['/usr/lib/usher/node', '-e', WHO_ANSWERS]);
    return stdout.trim().split(' ').filter(Boolean);
  }

  /** Does at once what the timer does every two minutes. */
  async checkIn(name: string): Promise<void> {
    await this.running.site.lab.execIn(name, ['systemctl', 'start', 'usher-checkin.service'], { timeoutMs: 60_000 });
  }
}

function squeezed(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
