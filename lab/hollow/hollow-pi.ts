import { architecture } from '../../bootstrap-image/agent/adapters/hardware.ts';
import { type DeviceIdentity, makeIdentity } from '../../bootstrap-image/agent/adapters/device-key.ts';
import { EnrolClient } from '../../bootstrap-image/agent/adapters/enrol-client.ts';
import { askedDelayMs, problemOf, refusalCodeOf } from '../../bootstrap-image/agent/core/refusal.ts';
import { retryDelayMs } from '../../bootstrap-image/agent/core/retry-schedule.ts';
import { AGENT_VERSION } from '../../bootstrap-image/agent/core/version.ts';
import { type Clock, sleep, toRfc3339 } from '../../foundation/clock.ts';
import { asUsherError, type UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';
import type { CardFile, DeviceHello, EnrolState, EnrolStatus, JoinTicket } from '../../join/protocol/messages.ts';
import { discoverFrame } from './dhcp-frame.ts';
import type { HollowBoard } from './hollow-board.ts';
import { HollowNode } from './hollow-node.ts';
import type { Turnstile } from './turnstile.ts';

/** What a hollow Pi tells of its way, each the first time that it happens. */
export const MILESTONES = ['dhcp', 'hello', 'admitted', 'ticket', 'node', 'ready'] as const;
export type Milestone = (typeof MILESTONES)[number];

export interface HollowPiOptions {
  readonly board: HollowBoard;
  /** What is on its card. */
  readonly card: CardFile;
  /** Time from power to the first DHCP packet. */
  readonly bootMs: number;
  /** Time between two renewals of its Lease. */
  readonly heartbeatMs: number;
  readonly sendFrame: (frame: Uint8Array) => void;
  /**
   * Where all boards of this process pass through with what needs a processor. A thousand boards have a thousand of them
   * and begin their handshakes side by side; one process that did so would finish none of them in time.
   */
  readonly processor: Turnstile;
  /** @param moment milliseconds since the epoch */
  readonly onMilestone: (what: Milestone, momentMs: number) => void;
  readonly onTrouble: (code: string, detail: string) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** From the lease to the agent's first connection, and from a kubelet's start to Ready: what a board needs at least. */
const AGENT_START_MS = 300;
const NODE_READY_MS = 500;
/** A kubelet looks at its Node at each beat; three times less often is enough to be Ready again soon. */
const AFFIRM_EVERY = 3;
/** A check-in every two minutes, jittered, as usher-checkin.timer has it. */
const CHECK_IN_MS = 120_000;
/** k3s' agent waits 5 s, and up to as long again, between two attempts to get its configuration. */
const K3S_RETRY_MS = 5_000;

/**
 * A Raspberry Pi without its containers: a key of its own, one DHCP packet, the real enrol protocol by the agent's own
 * client, the real join endpoints of k3s, then a Node that is kept Ready. What the agent writes on disk, it keeps in
 * memory. It gives up on nothing: whatever fails is told and tried again, in the agent's rhythm.
 */
export class HollowPi {
  readonly #options: HollowPiOptions;
  readonly #identity: DeviceIdentity = makeIdentity();
  readonly #told = new Set<Milestone>();
  #status: EnrolStatus | undefined;

  constructor(options: HollowPiOptions) {
    this.#options = options;
  }

  get deviceId(): string {
    return this.#identity.deviceId;
  }

  /** Runs from power-on until the signal is aborted, which is the power being pulled. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, bootMs, board, sendFrame, random } = this.#options;
    try {
      await sleep(clock, bootMs, signal);
      const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
      this.#reached('dhcp');
      sendFrame(discoverFrame(board, (a << 24) | (b << 16) | (c << 8) | d));
      await sleep(clock, AGENT_START_MS * (1 + this.#share()), signal);
      const node = await this.#enrol(signal);
      await this.#live(node, signal);
    } catch (error) {
      if (!signal.aborted) this.#trouble(asUsherError(error));
    }
  }

  async #enrol(signal: AbortSignal): Promise<HollowNode> {
    const client = this.#connect();
    const onAbort = (): void => client.close();
    signal.addEventListener('abort', onAbort);
    try {
      const { processor } = this.#options;
      await this.#insist(signal, () => processor.run(() => client.info()));
      await this.#insist(signal, () => this.#hello(client));
      this.#reached('admitted');
      const ticket = await this.#ticket(client, signal);
      const node = await this.#join(ticket, signal);
      await this.#insist(signal, () => client.joined());
      return node;
    } finally {
      signal.removeEventListener('abort', onAbort);
      client.close();
    }
  }

  async #hello(client: EnrolClient): Promise<void> {
    const { board, card, clock } = this.#options;
    this.#reached('hello');
    const hello: DeviceHello = {
      v: 1,
      id: this.deviceId,
      agent: AGENT_VERSION,
      bootId: board.serial,
      hw: {
        model: board.model,
        serial: board.serial,
        macs: [board.mac],
        arch: architecture(),
        hostname: 'raspberrypi',
        memoryMiB: 3793,
      },
      clock: { now: toRfc3339(clock.nowMs()), synced: false },
      evidence: card.token === null ? { type: 'none' } : { type: 'token', token: card.token },
    };
    this.#status = await client.hello(hello);
  }

  /** Waits for the claim, then asks for a ticket until there is one: the loop of the agent (agent-plan.ts). */
  async #ticket(client: EnrolClient, signal: AbortSignal): Promise<JoinTicket> {
    const request = { v: 1, bootId: this.#options.board.serial } as const;
    for (let failures = 0; ;) {
      const state = this.#state();
      try {
        if (state === 'approved' || state === 'joined') {
          const ticket = await this.#options.processor.run(() => client.join(request));
          this.#reached('ticket');
          return ticket;
        }
        this.#status = await client.status(this.#status?.version ?? 0);
        failures = 0;
      } catch (error) {
        failures += 1;
        await this.#pause(asUsherError(error), failures, signal);
        this.#status = await this.#options.processor.run(() => client.status(0)).catch(() => this.#status);
      }
    }
  }

  #state(): EnrolState | undefined {
    return this.#status?.state;
  }

  async #join(ticket: JoinTicket, signal: AbortSignal): Promise<HollowNode> {
    const { board, clock } = this.#options;
    const arch = architecture();
    const node = await this.#insistAsK3s(signal, () => HollowNode.join(ticket, { board, arch, clock }));
    await this.#insistAsK3s(signal, () => node.register());
    this.#reached('node');
    await this.#insistAsK3s(signal, () => node.renewLease());
    await sleep(clock, NODE_READY_MS * (1 + this.#share()), signal);
    await this.#insistAsK3s(signal, () => node.becomeReady());
    this.#reached('ready');
    return node;
  }

  /** Keeps the Node Ready, and checks in now and then. */
  async #live(node: HollowNode, signal: AbortSignal): Promise<void> {
    const { clock, heartbeatMs } = this.#options;
    let checkInMs = clock.nowMs() + CHECK_IN_MS * (0.5 + this.#share());
    try {
      for (let beat = 1; ; beat += 1) {
        await sleep(clock, heartbeatMs * (0.9 + 0.2 * this.#share()), signal);
        await node.renewLease().catch((error: unknown) => this.#trouble(asUsherError(error)));
        if (beat % AFFIRM_EVERY === 0)
          await node.affirm().catch((error: unknown) => this.#trouble(asUsherError(error)));
        if (clock.nowMs() < checkInMs) continue;
        checkInMs = clock.nowMs() + CHECK_IN_MS * (0.9 + 0.2 * this.#share());
        await this.#options.processor
          .run(() => this.#checkIn())
          .catch((error: unknown) => this.#trouble(asUsherError(error)));
      }
    } finally {
      node.close();
    }
  }

  async #checkIn(): Promise<void> {
    const { board } = this.#options;
    const client = this.#connect();
    try {
      await client.checkIn({ v: 1, bootId: board.serial, nodeName: board.name, k3sActive: true, ips: [board.address] });
    } finally {
      client.close();
    }
  }

  #connect(): EnrolClient {
    const { board, card } = this.#options;
    const [origin = ''] = card.urls;
    return new EnrolClient({ origin, caPem: card.caPem, identity: this.#identity, localAddress: board.address });
  }

  /** Does it again and again, in the agent's rhythm. */
  async #insist<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await work();
      } catch (error) {
        await this.#pause(asUsherError(error), failures, signal);
      }
    }
  }

  async #insistAsK3s<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!signal.aborted) this.#trouble(asUsherError(error));
        await sleep(this.#options.clock, K3S_RETRY_MS * (1 + this.#share()), signal);
      }
    }
  }

  async #pause(error: UsherError, failures: number, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    if (!signal.aborted && refusalCodeOf(error) !== 'QUEUE_FULL') this.#trouble(error);
    await sleep(clock, askedDelayMs(error) ?? retryDelayMs(failures, true, random), signal);
  }

  #reached(what: Milestone): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#options.onMilestone(what, this.#options.clock.nowMs());
  }

  #trouble(error: UsherError): void {
    const { code, message } = problemOf(error);
    this.#options.onTrouble(code, message);
  }

  /** Between 0 and 1. */
  #share(): number {
    const [byte = 128] = this.#options.random.bytes(1);
    return byte / 255;
  }
}
