import { z } from 'zod';
import { toRfc3339, type CancelTimer, type Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { KubeClient } from './client/kube-client.ts';
import { alarmOf, isKnown, openAlarms, surplusOf, type Alarm, type NewAlarm } from './core/alarm-list.ts';
import { type ConfigMapData, SharedConfigMap } from './shared-config-map.ts';

export type { Alarm, NewAlarm } from './core/alarm-list.ts';

/** What a person must judge, until somebody says that he did. */
export interface AlarmBook {
  /**
   * Raises an alarm; the same code about the same device and node name again changes nothing, and costs no request.
   * Resolves once it is kept, or once keeping it failed for now: it is listed at once, and kept as soon as the API
   * server answers. Never rejects.
   */
  raise(alarm: NewAlarm): Promise<void>;
  /** Those that nobody acknowledged yet, oldest first. */
  list(): Alarm[];
  /**
   * Says that somebody judged it: it leaves the list and does not come back for the same occasion. False when there is
   * none of that id.
   * @throws UsherError KUBE_*
   */
  acknowledge(id: string): Promise<boolean>;
  /** Calls back after every change of the list. Returns the unsubscribe. */
  onChange(handler: () => void): () => void;
}

/** ConfigMap in usher-system; each alarm is one key of it. */
export const ALARMS = 'alarms';
const RETRY_MS = 5000;

const KeptAlarm = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
  since: z.iso.datetime(),
  device: z.string().optional(),
  nodeName: z.string().optional(),
  occasion: z.string().optional(),
  acknowledgedAt: z.iso.datetime().optional(),
});

export interface AlarmBookOptions {
  kube: KubeClient;
  clock: Clock;
  logger: Logger;
}

/**
 * Alarms in the ConfigMap usher-system/alarms. Alarms that come at the same time are written together: a flood costs
 * one request at a time.
 */
export class KubeAlarmBook implements AlarmBook {
  readonly #list: SharedConfigMap;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #handlers = new Set<() => void>();
  readonly #unsubscribe: () => void;
  /** Raised, but not known to be kept yet. */
  readonly #pending = new Map<string, Alarm>();
  #kept: ReadonlyMap<string, Alarm> = new Map();
  #flushing: Promise<void> | undefined;
  #cancelRetry: CancelTimer | undefined;

  constructor({ kube, clock, logger }: AlarmBookOptions) {
    this.#list = new SharedConfigMap(kube, ALARMS);
    this.#clock = clock;
    this.#logger = logger;
    this.#unsubscribe = this.#list.onChange((data) => this.#remember(this.#read(data)));
  }

  /** Resolves once the list that other runs left is known. */
  async synced(): Promise<void> {
    await this.#list.synced();
  }

  async raise(alarm: NewAlarm): Promise<void> {
    const raised = alarmOf(alarm, this.#clock.nowMs());
    if (isKnown(this.#pending.get(raised.id) ?? this.#kept.get(raised.id), raised)) return;
    this.#logger.warn({ code: raised.code, device: raised.device, nodeName: raised.nodeName }, 'an alarm is raised');
    this.#pending.set(raised.id, raised);
    for (const id of surplusOf(this.#pending.values())) this.#pending.delete(id);
    this.#tell();
    await this.#flush();
  }

  list(): Alarm[] {
    return openAlarms(new Map([...this.#kept, ...this.#pending]).values());
  }

  async acknowledge(id: string): Promise<boolean> {
    // Whatever is still on its way is judged with it.
    await this.#flush();
    const acknowledgedAt = toRfc3339(this.#clock.nowMs());
    let isThere = false;
    await this.#write((alarms) => {
      const known = alarms.get(id);
      isThere = known !== undefined && known.acknowledgedAt === undefined;
      if (known !== undefined && isThere) alarms.set(id, { ...known, acknowledgedAt });
      return isThere;
    });
    return isThere;
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  async stop(): Promise<void> {
    this.#cancelRetry?.();
    this.#unsubscribe();
    await this.#flushing;
    await this.#list.stop();
  }

  async #flush(): Promise<void> {
    while (this.#pending.size > 0) {
      this.#flushing ??= this.#keepPending().finally(() => {
        this.#flushing = undefined;
      });
      const left = this.#pending.size;
      await this.#flushing;
      // What could not be kept now waits for the retry.
      if (this.#cancelRetry !== undefined && this.#pending.size >= left) return;
    }
  }

  async #keepPending(): Promise<void> {
    const batch = [...this.#pending.values()];
    try {
      await this.#write((alarms) => {
        const fresh = batch.filter((alarm) => !isKnown(alarms.get(alarm.id), alarm));
        for (const alarm of fresh) alarms.set(alarm.id, alarm);
        return fresh.length > 0;
      });
      for (const alarm of batch) if (this.#pending.get(alarm.id) === alarm) this.#pending.delete(alarm.id);
      this.#cancelRetry?.();
      this.#cancelRetry = undefined;
    } catch (error) {
      this.#logger.warn({ detail: messageOf(error), alarms: batch.length }, 'alarms could not be kept yet');
      this.#cancelRetry?.();
      this.#cancelRetry = this.#clock.after(RETRY_MS, () => void this.#flush());
    }
  }

  /** `change` says whether there is anything to write. */
  async #write(change: (alarms: Map<string, Alarm>) => boolean): Promise<void> {
    let alarms = new Map<string, Alarm>();
    await this.#list.write((data) => {
      alarms = this.#read(data);
      if (!change(alarms)) return undefined;
      for (const id of surplusOf(alarms.values())) alarms.delete(id);
      return Object.fromEntries([...alarms].map(([id, alarm]) => [id, toText(alarm)]));
    });
    this.#remember(alarms);
  }

  /** The reply to an own write comes before the watch's word of it. */
  #remember(alarms: ReadonlyMap<string, Alarm>): void {
    this.#kept = alarms;
    this.#tell();
  }

  #read(data: ConfigMapData): Map<string, Alarm> {
    const alarms = new Map<string, Alarm>();
    for (const [id, text] of Object.entries(data)) {
      const kept = parse(text);
      if (kept === undefined) this.#logger.warn({ id }, 'an entry of the ConfigMap alarms is no alarm');
      else alarms.set(id, { id, ...kept });
    }
    return alarms;
  }

  #tell(): void {
    for (const handler of this.#handlers) handler();
  }
}

/** The id is the key already. */
function toText(alarm: Alarm): string {
  return JSON.stringify({ ...alarm, id: undefined });
}

function parse(text: string): Omit<Alarm, 'id'> | undefined {
  try {
    const { data } = KeptAlarm.safeParse(JSON.parse(text));
    // Absent and undefined are the same in JSON, but not to the compiler.
    return data as Omit<Alarm, 'id'> | undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
