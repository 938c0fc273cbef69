import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { DeviceView } from '../../../api/core/schemas.ts';
import type { CardOptions } from '../../../bootstrap-image/card.ts';
import { asUsherError } from '../../../foundation/errors.ts';
import { CONFIG_MAP, DEVICE, NODE, SECRET, USHER_NAMESPACE, type Node } from '../../../k8s/core/resources.ts';
import type { Card } from '../../../lab/disk.ts';
import type { OperatorWay } from './operator-ways.ts';
import { eventually, isNodeReady, labelsOf, POD, type RunningSite } from './running-site.ts';

/** Generous: the machine may be busy with other labs. */
const LIMIT_MS = 120_000;
const OWNER = 'usher.internal/device';
/** What agetty shows above the login prompt. */
const SCREEN = '/etc/issue.d/usher.issue';
const PASSWORD = '.node-password.k3s';

/** Boards and names of their own for one operator, beside others in the same site. */
export class Bench {
  readonly running: RunningSite;
  readonly way: OperatorWay;
  /** Names of its machines, claims, nodes and pods begin with it. */
  readonly prefix: string;
  readonly labels: Record<string, string>;
  readonly #cards = new Map<string, Card>();

  constructor(running: RunningSite, way: OperatorWay, prefix: string) {
    this.running = running;
    this.way = way;
    this.prefix = prefix;
    this.labels = { machine: 'lathe', bench: prefix };
  }

  name(what: string): string {
    return `${this.prefix}-${what}`;
  }

  /** The card that a board got first. */
  firstCard(machine: string): Card | undefined {
    return this.#cards.get(machine);
  }

  async newCard(note: string): Promise<Card> {
    const { card } = await this.running.client.createToken({ kind: 'card', note });
    return this.running.site.lab.cards.write(card as NonNullable<CardOptions['usherJson']>);
  }

  /** Puts a board with a card of its own on the table, plugs it in, and gives its device once that could be claimed. */
  async plugIn(machine: string): Promise<string> {
    const { lab } = this.running.site;
    const card = await this.newCard(machine);
    this.#cards.set(machine, card);
    const { spec } = await lab.addPi({ name: machine, card });
    await lab.plug(machine);
    const { id } = await this.untilRow(
      `evidence of ${machine}`,
      (row) => row.claimable && row.serial === spec.board?.serial,
    );
    return id;
  }

  untilRow(what: string, probe: (row: DeviceView) => boolean): Promise<DeviceView> {
    return eventually(what, LIMIT_MS, async () => (await this.running.client.devices()).find(probe));
  }

  async reaches(device: string, phase: string): Promise<void> {
    let seen: string | undefined;
    await eventually(`device ${device} to be ${phase}`, LIMIT_MS, async () => {
      seen = (await this.running.kube.get(DEVICE, { name: device }))?.status?.phase;
      return seen === phase;
    }).catch((error: unknown) => {
      expect.fail(`${asUsherError(error).message}: it is ${String(seen)}`);
    });
  }

  checkIn(machine: string): Promise<void> {
    return checkIn(this.running, machine);
  }

  /** Waits until k3s made something with the board's ticket. */
  async hasBegunToJoin(machine: string): Promise<void> {
    const certificate = '/var/lib/rancher/k3s/agent/client-kubelet.crt';
    await eventually(`k3s to have a certificate on ${machine}`, LIMIT_MS, async () => {
      return (await this.running.site.lab.machine(machine).readFile(certificate)) !== undefined;
    });
  }

  hasStopped(machine: string): Promise<void> {
    return hasStopped(this.running, machine);
  }

  /** Waits until a board without a node says so on its screen, and k3s is down on it. */
  async waitsForClaim(machine: string): Promise<void> {
    const { lab } = this.running.site;
    await eventually(`${machine} to wait for a claim`, LIMIT_MS, async () => {
      const screen = (await lab.machine(machine).readFile(SCREEN)) ?? '';
      return screen.includes('waiting to be claimed');
    });
    const k3s = await lab.execIn(machine, ['systemctl', 'is-active', 'k3s-agent'], { allowFailure: true });
    expect(k3s.stdout.trim()).not.toBe('active');
  }

  /** Waits until the device has its node, Ready and labelled, as the only one here; gives the node. */
  async joins(device: string, nodeName: string): Promise<Node> {
    const node = await eventually(`device ${device} to be node ${nodeName}`, LIMIT_MS, async () => {
      const found = await this.running.kube.get(NODE, { name: nodeName });
      const isIts = found?.metadata.annotations?.[OWNER] === device;
      return isIts && (await isNodeReady(this.running, nodeName)) ? found : undefined;
    });
    await this.reaches(device, 'Ready');
    expect(await labelsOf(this.running, nodeName)).toEqual(this.labels);
    await this.isLeftWith([nodeName]);
    return node;
  }

  /** Waits until these nodes are all that is left here: no ticket, no password of another name, no name on the list. */
  async isLeftWith(nodes: readonly string[]): Promise<void> {
    const wanted = { nodes: [...nodes], passwords: [...nodes], tickets: [], listed: [] };
    let found: object = {};
    await eventually(`${this.prefix} to be left with ${nodes.join(', ')}`, LIMIT_MS, async () => {
      found = await this.#found();
      return isDeepStrictEqual(found, wanted);
    }).catch(() => undefined);
    expect(found).toEqual(wanted);
  }

  /** A pod that runs on the only node here and reads a Secret; gives both as `namespace/name`. */
  runsPod(what: string): Promise<{ pod: string; secret: string }> {
    return runPod(this.running, this.name(what), { bench: this.prefix });
  }

  async podIsGone(pod: string): Promise<void> {
    const [namespace = '', name = ''] = pod.split('/');
    const isGone = async (): Promise<boolean> => (await this.running.kube.get(POD, { name, namespace })) === undefined;
    await eventually(`pod ${pod} to be gone`, LIMIT_MS, isGone);
  }

  async #found(): Promise<object> {
    const { kube } = this.running;
    const [nodes, secrets, list] = await Promise.all([
      kube.list(NODE),
      kube.list(SECRET, { namespace: 'kube-system' }),
      kube.get(CONFIG_MAP, { name: 'approved-nodes', namespace: USHER_NAMESPACE }),
    ]);
    const tickets = secrets
      .filter(({ type }) => type === 'bootstrap.kubernetes.io/token')
      .map(({ data }) => Buffer.from(data?.['description'] ?? '', 'base64').toString())
      .filter((description) => description.includes(` ${this.prefix}-`));
    const passwords = secrets.map(({ metadata }) => metadata.name).filter((name) => name.endsWith(PASSWORD));
    return {
      nodes: this.#own(nodes.map(({ metadata }) => metadata.name)),
      passwords: this.#own(passwords.map((name) => name.slice(0, -PASSWORD.length))),
      tickets,
      listed: this.#own(Object.keys(list?.data ?? {})),
    };
  }

  #own(names: readonly string[]): string[] {
    return names.filter((name) => name.startsWith(`${this.prefix}-`)).sort();
  }
}

/** Does at once what the timer of a board does every two minutes. */
export async function checkIn({ site }: RunningSite, machine: string): Promise<void> {
  await site.lab.execIn(machine, ['systemctl', 'start', 'usher-checkin.service'], { timeoutMs: LIMIT_MS });
}

/** Waits until the board obeyed `stop`: k3s neither runs nor starts again with the board. */
export async function hasStopped({ site }: RunningSite, machine: string): Promise<void> {
  await eventually(`k3s to be switched off on ${machine}`, LIMIT_MS, async () => {
    const answers = ['is-enabled', 'is-active'].map(async (verb) => {
      const command = ['systemctl', verb, 'k3s-agent'];
      return (await site.lab.execIn(machine, command, { allowFailure: true })).stdout.trim();
    });
    const [enabled, active] = await Promise.all(answers);
    return enabled === 'disabled' && active !== 'active';
  });
}

/** Has a pod run that reads a Secret, on a node with these labels; gives both as `namespace/name`. */
export async function runPod(
  { kube }: RunningSite,
  name: string,
  nodeSelector: Readonly<Record<string, string>>,
): Promise<{ pod: string; secret: string }> {
  const [pod, secret] = [{ name, namespace: 'default' }, `${name}-password`];
  const data = { password: Buffer.from('of the sensor').toString('base64') };
  const metadata = { name: secret, namespace: pod.namespace };
  await kube.create(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata, data });
  const image = { image: 'docker.io/usher/sample-app:1', imagePullPolicy: 'Never' };
  const env = [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: secret, key: 'password' } } }];
  const containers = [{ name: 'app', ...image, env }];
  const spec = { nodeSelector, terminationGracePeriodSeconds: 0, containers };
  await kube.create(POD, { apiVersion: 'v1', kind: 'Pod', metadata: pod, spec: spec as object });
  const isRunning = async (): Promise<boolean> => (await kube.get(POD, pod))?.status?.phase === 'Running';
  await eventually(`pod ${name} to run`, LIMIT_MS, isRunning);
  return { pod: `${pod.namespace}/${name}`, secret: `${pod.namespace}/${secret}` };
}
