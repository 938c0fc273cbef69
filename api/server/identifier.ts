import type { Clock } from '../../foundation/clock.ts';
import { toRfc3339 } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';
import { identifyWords } from '../../join/core/identify-words.ts';
import type { IdentifyView } from '../core/schemas/identify.ts';

/** A device that is asked to show itself. */
export interface Asked {
  readonly deviceId: string;
  readonly shortId: string;
  /** Set when it is a node now. */
  readonly nodeName?: string | undefined;
}

interface What {
  readonly words: string;
  readonly seconds: number;
}

interface Shown {
  readonly words: string;
  untilMs: number;
  /** Known once it has begun. */
  how?: IdentifyView['how'];
}

/** How devices are reached. Each `show` gives false when the device did not begin within `waitMs`. */
export interface IdentifyWays {
  /** By the agent's own request for news. */
  agent: {
    isListening(deviceId: string): boolean;
    show(deviceId: string, what: What, waitMs: number): Promise<boolean>;
  };
  /** By a Job on the node. */
  node: { show(device: Asked & { nodeName: string }, what: What, waitMs: number): Promise<boolean> };
}

/** Nothing is reached. */
export const NO_IDENTIFY_WAYS: IdentifyWays = {
  agent: { isListening: () => false, show: () => Promise.resolve(false) },
  node: { show: () => Promise.resolve(false) },
};

const AGENT_WAIT_MS = 5_000;
const NODE_WAIT_MS = 12_000;

/** Has devices blink and show words, one request per device at a time. */
export class Identifier {
  readonly #ways: IdentifyWays;
  readonly #clock: Clock;
  readonly #random: Random;
  /** What is being shown, by device. */
  readonly #shown = new Map<string, Shown>();

  constructor(options: { ways: IdentifyWays; clock: Clock; random: Random }) {
    this.#ways = options.ways;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /**
   * Resolves when the device has begun.
   * @throws UsherError IDENTIFY_RUNNING while it shows other words; IDENTIFY_UNHEARD when nothing of it answers; KUBE_*
   */
  async show(device: Asked, seconds: number): Promise<IdentifyView> {
    const { deviceId, shortId } = device;
    this.#forgetOver();
    const running = this.#shown.get(deviceId);
    if (running !== undefined && !this.#endedWithJoin(device, running)) {
      throw new UsherError('IDENTIFY_RUNNING', { id: shortId, words: running.words });
    }
    const words = identifyWords(this.#random, new Set([...this.#shown.values()].map((each) => each.words)));
    const entry: Shown = { words, untilMs: Number.POSITIVE_INFINITY };
    this.#shown.set(deviceId, entry);
    try {
      const how = await this.#reach(device, { words, seconds });
      if (how === undefined) throw new UsherError('IDENTIFY_UNHEARD', { id: shortId });
      entry.untilMs = this.#clock.nowMs() + seconds * 1000;
      entry.how = how;
      return { words, until: toRfc3339(entry.untilMs), how };
    } catch (error) {
      this.#shown.delete(deviceId);
      throw error;
    }
  }

  /** Who listens is asked; of the others a node by a Job, and an agent that may be about to ask for news. */
  async #reach({ nodeName, ...device }: Asked, what: What): Promise<IdentifyView['how'] | undefined> {
    const { agent, node } = this.#ways;
    if (nodeName !== undefined && !agent.isListening(device.deviceId)) {
      return (await node.show({ ...device, nodeName }, what, NODE_WAIT_MS)) ? 'Job' : undefined;
    }
    return (await agent.show(device.deviceId, what, AGENT_WAIT_MS)) ? 'Agent' : undefined;
  }

  /** An agent ends when its board is a node, and what it showed with it. */
  #endedWithJoin({ deviceId, nodeName }: Asked, { how }: Shown): boolean {
    return how === 'Agent' && nodeName !== undefined && !this.#ways.agent.isListening(deviceId);
  }

  #forgetOver(): void {
    const nowMs = this.#clock.nowMs();
    for (const [deviceId, { untilMs }] of this.#shown) if (untilMs <= nowMs) this.#shown.delete(deviceId);
  }
}
