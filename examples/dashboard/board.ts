/** The last message of a topic. */
export interface Reading {
  readonly topic: string;
  readonly payload: string;
  /** What the sender says of itself; undefined when it is no sensor service. */
  readonly unit: string | undefined;
  readonly node: string | undefined;
  readonly epoch: number | undefined;
  readonly atMs: number;
  /** The broker had kept it: nobody knows here how old it is. */
  readonly isKept: boolean;
}

/** Who was heard last as the active one of a unit's service. */
export interface ActiveNode {
  readonly service: string;
  readonly unit: string;
  readonly node: string;
  readonly epoch: number;
  readonly atMs: number;
}

const MOST_TOPICS = 500;
const LONGEST_TOPIC = 200;
const LONGEST_PAYLOAD = 400;
/** Epochs begin anew when a service is made anew: an old high one counts no longer than this. */
const EPOCH_COUNTS_MS = 30_000;

/** What was heard last on each topic. Bounded in number and length, whatever is sent. */
export class Board {
  readonly #readings = new Map<string, Reading>();

  /** Takes a message. One of an older epoch comes from a node that is no longer active, and is left out. */
  hear(reading: Reading): void {
    const topic = shortened(reading.topic, LONGEST_TOPIC);
    const known = this.#readings.get(topic);
    const isOlder = known?.epoch !== undefined && (reading.epoch ?? -1) < known.epoch;
    if (isOlder && reading.atMs - known.atMs < EPOCH_COUNTS_MS) return;
    if (known === undefined && this.#readings.size >= MOST_TOPICS) this.#forgetOldest();
    this.#readings.set(topic, { ...reading, topic, payload: shortened(reading.payload, LONGEST_PAYLOAD) });
  }

  readings(): Reading[] {
    return [...this.#readings.values()].sort((one, other) => (one.topic < other.topic ? -1 : 1));
  }

  /** `site/…/SERVICE/UNIT[/…]` tells the service of a unit. */
  active(): ActiveNode[] {
    const nodes = new Map<string, ActiveNode>();
    for (const { topic, unit, node, epoch, atMs } of this.readings()) {
      if (unit === undefined || node === undefined || epoch === undefined) continue;
      const levels = topic.split('/');
      const service = levels[levels.indexOf(unit) - 1] ?? topic;
      const key = `${service} ${unit}`;
      const known = nodes.get(key);
      if (known === undefined || epoch > known.epoch || (epoch === known.epoch && atMs > known.atMs))
        nodes.set(key, { service, unit, node, epoch, atMs });
    }
    return [...nodes.values()];
  }

  #forgetOldest(): void {
    const [oldest] = [...this.#readings.values()].sort((one, other) => one.atMs - other.atMs);
    if (oldest !== undefined) this.#readings.delete(oldest.topic);
  }
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
