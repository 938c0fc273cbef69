import { toRfc3339, type Clock } from '../foundation/clock.ts';
import { isUsherError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Informer, KubeClient } from './client/kube-client.ts';
import { CONFIG_MAP, MANAGED_BY, USHER_NAMESPACE, type ConfigMap } from './core/resources.ts';

/** Node names that are never handed out again: somebody may hold a kubelet's certificate for them. */
export interface RetiredNames {
  has(nodeName: string): boolean;
  list(): string[];
  /** Calls back after every change. Returns the unsubscribe. */
  onChange(handler: () => void): () => void;
}

/** Why a name is retired: the node-password Secret that was found, by its uid. */
export interface Retirement {
  readonly nodeName: string;
  readonly secretUid: string;
}

/** ConfigMap in usher-system whose keys are the retired names. */
export const RETIRED_NAMES = 'retired-names';
const NAME = { name: RETIRED_NAMES, namespace: USHER_NAMESPACE };
/** Names with their notes, which are ASCII: the API server takes a ConfigMap of 1 MiB at most. */
const MOST_BYTES = 900 * 1024;

/** Retired names in the ConfigMap usher-system/retired-names. To give a name free again, take its key out with kubectl. */
export class KubeRetiredNames implements RetiredNames {
  readonly #kube: KubeClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #informer: Informer<ConfigMap>;
  #listed: ReadonlyMap<string, string> = new Map();
  /** Written, but not heard of through the watch yet. */
  readonly #written = new Map<string, string>();

  constructor({ kube, clock, logger }: { kube: KubeClient; clock: Clock; logger: Logger }) {
    this.#kube = kube;
    this.#clock = clock;
    this.#logger = logger;
    this.#informer = kube.inform(CONFIG_MAP, {
      namespace: USHER_NAMESPACE,
      fieldSelector: `metadata.name=${RETIRED_NAMES}`,
    });
    this.#informer.onChange(({ type, object }) => {
      this.#listed = new Map(type === 'deleted' ? [] : Object.entries(object.data ?? {}));
      this.#written.clear();
    });
  }

  /**
   * Makes the list if there is none, and waits until it is known.
   * @returns when it was made, RFC 3339: whatever is older is from before Usher
   * @throws UsherError KUBE_*
   */
  async open(): Promise<string> {
    const found = (await this.#kube.get(CONFIG_MAP, NAME)) ?? (await this.#create());
    await this.#informer.synced();
    return found.metadata.creationTimestamp ?? toRfc3339(this.#clock.nowMs());
  }

  has(nodeName: string): boolean {
    return this.#noteOf(nodeName) !== undefined;
  }

  list(): string[] {
    return [...new Set([...this.#listed.keys(), ...this.#written.keys()])];
  }

  /** The retirements that are on record. */
  retirements(): Retirement[] {
    return this.list().map((nodeName) => ({ nodeName, secretUid: this.#noteOf(nodeName)?.split(' ')[1] ?? '' }));
  }

  onChange(handler: () => void): () => void {
    return this.#informer.onChange(() => handler());
  }

  /**
   * Retires names, all in one request; those that are retired already stay as they are. Only keys are added, so that
   * several appliances can do it at the same time.
   * @throws UsherError KUBE_*
   */
  async retire(retirements: readonly Retirement[]): Promise<void> {
    const fresh = retirements.filter(({ nodeName }) => !this.has(nodeName));
    if (fresh.length === 0) return;
    const now = toRfc3339(this.#clock.nowMs());
    const data: Record<string, string> = {};
    let bytes = this.list().reduce((sum, name) => sum + bytesOf(name, this.#noteOf(name) ?? ''), 0);
    for (const { nodeName, secretUid } of fresh) {
      const note = `${now} ${secretUid}`;
      bytes += bytesOf(nodeName, note);
      if (bytes <= MOST_BYTES) data[nodeName] = note;
    }
    if (bytes > MOST_BYTES) this.#logger.error({ mostBytes: MOST_BYTES }, 'the list of retired names is full');
    await this.#add(data);
    for (const [nodeName, note] of Object.entries(data)) this.#written.set(nodeName, note);
  }

  async stop(): Promise<void> {
    await this.#informer.stop();
  }

  async #add(data: Record<string, string>): Promise<void> {
    if (Object.keys(data).length === 0) return;
    try {
      await this.#kube.mergePatch(CONFIG_MAP, NAME, { data });
    } catch (error) {
      if (!isUsherError(error, 'KUBE_NOT_FOUND')) throw error;
      // Somebody deleted the list; without one, every later alarm would wait for it.
      await this.#create();
      await this.#kube.mergePatch(CONFIG_MAP, NAME, { data });
    }
  }

  async #create(): Promise<ConfigMap> {
    const wanted: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...NAME, labels: { ...MANAGED_BY } },
      data: {},
    };
    try {
      return await this.#kube.create(CONFIG_MAP, wanted);
    } catch (error) {
      if (!isUsherError(error, 'KUBE_ALREADY_EXISTS')) throw error;
      return (await this.#kube.get(CONFIG_MAP, NAME)) ?? wanted;
    }
  }

  #noteOf(nodeName: string): string | undefined {
    return this.#written.get(nodeName) ?? this.#listed.get(nodeName);
  }
}

function bytesOf(nodeName: string, note: string): number {
  return nodeName.length + note.length;
}
