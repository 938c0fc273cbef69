import { createHash } from 'node:crypto';
import { UsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { createJoin, type Join } from '../../../join/controller/create-join.ts';
import type { JoinController } from '../../../join/controller/join-controller.ts';
import { loadOrCreateTicketKey } from '../../../join/controller/ticket-key.ts';
import type { ApprovalRules } from '../../../join/core/approval-rule.ts';
import type { ProvenDevice, Ticket } from '../../../join/core/ports.ts';
import { KubeEnrolTokens } from '../../../join/enrol/tokens.ts';
import { deviceIdOf } from '../../../join/protocol/device-id.ts';
import type { NewAlarm } from '../../../k8s/core/alarm-list.ts';
import {
  APPROVED_NODES,
  CONFIG_MAP,
  DEVICE,
  DEVICE_CLAIM,
  NODE,
  SECRET,
  USHER_NAMESPACE,
  type Device,
  type DeviceClaim,
  type DeviceClaimSpec,
  type DeviceEvidence,
  type KubeSecret,
  type Node,
} from '../../../k8s/core/resources.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Process, type Death } from './mortal.ts';

const KUBE_SYSTEM = 'kube-system';
const CARD: DeviceEvidence = { kind: 'CardToken', tokenId: 'tok1' };

export const LABELS = { machine: 'lathe', location: 'left' };
export const MIN_MS = 60_000;

/** Lets everything that needs no clock run to its end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

interface Running {
  process: Process;
  join: Join;
}

/** A site without machines: the API server in memory, the appliance's join part, and what k3s and kubelets would do. */
export class JoinSite {
  readonly clock = new ManualClock('2026-03-01T12:00:00Z');
  readonly kube = new FakeKube({ nowMs: () => this.clock.nowMs() });
  readonly events: { reason: string; type: string; regarding: string }[] = [];
  readonly alarms: NewAlarm[] = [];
  /** Those of the process that runs. */
  tokensOfAppliance: KubeEnrolTokens | undefined;
  #running: Running | undefined;
  #seed = 0;

  static async create(options: { started?: boolean } = {}): Promise<JoinSite> {
    const site = new JoinSite();
    await site.kube.create(CONFIG_MAP, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: APPROVED_NODES, namespace: USHER_NAMESPACE },
      data: { master: 'master' },
    });
    if (options.started !== false) await site.start();
    return site;
  }

  /** Starts the appliance, which dies where it is told to; its connection to the API server is cut at the outage. */
  async start(death?: Death, outage?: Death): Promise<Process> {
    const process = new Process(this.clock, death, outage);
    const kube = process.kube(this.kube);
    const clock = process.clock();
    const starting = async (): Promise<void> => {
      const ticketKey = await loadOrCreateTicketKey({ kube, random: { bytes: (count) => this.#bytes(count) } });
      const tokens = new KubeEnrolTokens({ kube, clock, random: { bytes: (count) => this.#bytes(count) } });
      this.tokensOfAppliance = tokens;
      const join = createJoin({
        kube,
        clock,
        ticketKey,
        devices: kube.inform(DEVICE),
        claims: kube.inform(DEVICE_CLAIM),
        nodes: kube.inform(NODE),
        logger: silentLogger,
        events: {
          record: (regarding, { reason, type }) =>
            process.effect(() => this.events.push({ reason, type, regarding: regarding.metadata.name })),
        },
        clusterCaHash: () => Promise.resolve('ca'.repeat(32)),
        serverUrl: () => 'https://192.0.2.1:6443',
        tokens,
        alarms: {
          raise: (alarm) => process.effect(() => this.alarms.push(alarm)),
        },
        hashPassword: (password, salt) => Promise.resolve(fakeHash(password.reveal(), salt)),
      });
      this.#running = { process, join };
      await join.start();
    };
    // One that cannot start ends, and is started anew by whoever watches over it.
    await Promise.race([starting().catch(() => process.die()), process.died]);
    await settle();
    return process;
  }

  isUp(): boolean {
    return this.#running !== undefined && !this.#running.process.isDead;
  }

  /** Whether the API server, and k3s with it, is away now. */
  isApiAway(): boolean {
    return this.#running?.process.isCut === true;
  }

  kill(): void {
    this.#running?.process.die();
  }

  get desk(): JoinController {
    if (this.#running === undefined) throw new UsherError('STOPPED');
    return this.#running.join.controller;
  }

  get rules(): ApprovalRules {
    if (this.#running === undefined) throw new UsherError('STOPPED');
    return this.#running.join.rules;
  }

  /** What the desk answers, or `died` when its process dies meanwhile. */
  async ask<T>(question: (desk: JoinController) => Promise<T>): Promise<T | 'died'> {
    if (this.#running === undefined || this.#running.process.isDead) return 'died';
    return await Promise.race([question(this.#running.join.controller), this.#running.process.died]);
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settle();
  }

  claim(name: string, spec: DeviceClaimSpec): Promise<DeviceClaim> {
    return this.kube.create(DEVICE_CLAIM, {
      apiVersion: 'usher.internal/v1alpha1',
      kind: 'DeviceClaim',
      metadata: { name },
      spec,
    });
  }

  async device(id: string): Promise<Device> {
    const device = await this.kube.get(DEVICE, { name: id });
    if (device === undefined) throw new UsherError('DEVICE_UNKNOWN', { id });
    return device;
  }

  async claimNamed(name: string): Promise<DeviceClaim | undefined> {
    return await this.kube.get(DEVICE_CLAIM, { name });
  }

  async node(name: string): Promise<Node | undefined> {
    return await this.kube.get(NODE, { name });
  }

  async tokens(): Promise<string[]> {
    return (await this.#secrets('bootstrap-token-')).map(({ metadata }) => metadata.name);
  }

  async passwords(): Promise<KubeSecret[]> {
    return (await this.#secrets('')).filter(({ metadata }) => metadata.name.endsWith('.node-password.k3s'));
  }

  async listedNames(): Promise<string[]> {
    const list = await this.kube.get(CONFIG_MAP, { name: APPROVED_NODES, namespace: USHER_NAMESPACE });
    return Object.keys(list?.data ?? {});
  }

  /** Tickets for which a bootstrap token was ever made. */
  ticketsMade(): Set<string> {
    const made = this.kube.calls.filter(({ verb, name }) => verb === 'create' && name.startsWith('bootstrap-token-'));
    return new Set(made.map(({ name }) => name));
  }

  /**
   * What k3s does when an agent comes with this ticket: looks at token, name and password, makes the Node, adopts the
   * password. False when it would refuse.
   */
  async registerNode({ token, nodeName, nodePassword }: Ticket): Promise<boolean> {
    const [, id = '', secret = ''] = /::(.{6})\.(.{16})$/.exec(token.reveal()) ?? [];
    const found = await this.kube.get(SECRET, { name: `bootstrap-token-${id}`, namespace: KUBE_SYSTEM });
    if (found === undefined || decoded(found, 'token-secret') !== secret) return false;
    const name = { name: `${nodeName}.node-password.k3s`, namespace: KUBE_SYSTEM };
    const password = await this.kube.get(SECRET, name);
    if (password === undefined) return false;
    const hash = decoded(password, 'hash');
    if (hash !== fakeHash(nodePassword.reveal(), Buffer.from(hash.split(':')[1] ?? '', 'hex'))) return false;
    if (!(await this.listedNames()).includes(nodeName)) return false;
    if ((await this.node(nodeName)) !== undefined) return true;
    const node = await this.kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } });
    const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node.metadata.uid ?? '' };
    await this.kube.mergePatch(SECRET, name, { metadata: { ownerReferences: [owner] } });
    return true;
  }

  async setNodeReady(name: string, isReady = true): Promise<void> {
    const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }];
    await this.kube.mergePatch(NODE, { name }, { status: { conditions } }, 'status');
  }

  async #secrets(prefix: string): Promise<KubeSecret[]> {
    const secrets = await this.kube.list(SECRET, { namespace: KUBE_SYSTEM });
    return secrets.filter(({ metadata }) => metadata.name.startsWith(prefix));
  }

  #bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => (this.#seed += 37) % 256);
  }
}

/** A virtual Pi as far as the join desk knows it. */
export class Pi {
  readonly proven: ProvenDevice;
  readonly evidence: DeviceEvidence;
  ticket: Ticket | undefined;
  #isGreeted = false;
  #asking: Promise<unknown> | undefined;
  readonly #site: JoinSite;

  constructor(site: JoinSite, serial: string, evidence: DeviceEvidence = CARD, key: string = serial) {
    this.#site = site;
    this.evidence = evidence;
    const hash = createHash('sha256').update(key).digest();
    const deviceId = deviceIdOf(hash);
    const hw = { serial, macs: [], arch: 'arm64' };
    this.proven = {
      deviceId,
      publicKeyPem: '-----BEGIN PUBLIC KEY-----',
      keyFingerprint: hash.toString('hex'),
      hello: { v: 1, id: deviceId, agent: '1', bootId: 'b', hw, evidence: { type: 'none' } },
    };
  }

  get id(): string {
    return this.proven.deviceId;
  }

  async hello(): Promise<void> {
    const reply = await this.#site.ask((desk) =>
      desk.admit(this.proven, this.evidence).then(
        () => 'answered' as const,
        () => 'refused' as const,
      ),
    );
    this.#isGreeted = reply === 'answered';
  }

  /** Asks for the ticket; the refusal's code when there is none. */
  async askTicket(): Promise<Ticket | string> {
    const reply = await this.#site.ask((desk) =>
      desk.requestTicket(this.id).catch((error: unknown) => (error as UsherError).code),
    );
    if (typeof reply === 'object') this.ticket = reply;
    return reply;
  }

  /** What the agent does in one moment, whatever happened before: hello, ticket, k3s. */
  async live(): Promise<void> {
    if (!this.#site.isUp()) return;
    if (!this.#isGreeted) await this.hello();
    const isApproved = this.#site.isUp() && this.#site.desk.statusOf(this.id).state === 'approved';
    if (this.ticket === undefined && isApproved && this.#asking === undefined) {
      // The answer may need time to pass, and that is for the test to let.
      this.#asking = this.askTicket().finally(() => {
        this.#asking = undefined;
      });
    }
    await settle();
    if (this.ticket !== undefined && (await this.#site.registerNode(this.ticket))) {
      await settle();
      await this.#site.setNodeReady(this.ticket.nodeName);
    }
    await settle();
  }
}

function fakeHash(password: string, salt: Uint8Array): string {
  const hash = createHash('sha256').update(salt).update(password).digest('base64');
  return `$1:${Buffer.from(salt).toString('hex')}:15:8:1:${hash.replaceAll('=', '')}`;
}

function decoded(secret: KubeSecret, field: string): string {
  return Buffer.from(secret.data?.[field] ?? '', 'base64').toString();
}

/** A site with one device of serial `s1` that has joined as node `lathe-left`. */
export async function joinedSite(): Promise<{ site: JoinSite; pi: Pi }> {
  const site = await JoinSite.create();
  await site.claim('lathe-left', { match: { serial: 's1' }, labels: LABELS });
  const pi = new Pi(site, 's1');
  await pi.hello();
  await pi.live();
  return { site, pi };
}

/** The persisted state of a device's join machine. */
export async function stateOf(site: JoinSite, pi: Pi): Promise<string | undefined> {
  return (await site.device(pi.id)).status?.join?.state;
}
