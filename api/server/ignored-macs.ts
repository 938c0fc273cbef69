import { z } from 'zod';
import { toRfc3339, type Clock } from '../../foundation/clock.ts';
import { isUsherError, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { normaliseMac } from '../../foundation/text.ts';
import type { Informer, KubeClient } from '../../k8s/client/kube-client.ts';
import { CONFIG_MAP, MANAGED_BY, USHER_NAMESPACE, type ConfigMap } from '../../k8s/core/resources.ts';
import { MOST_IGNORED_MACS, type IgnoredMac } from '../core/ignored-mac.ts';

/** ConfigMap in usher-system; each MAC address that is ignored is one key of it. */
const IGNORED_MACS = 'ignored-macs';
const NAME = { name: IGNORED_MACS, namespace: USHER_NAMESPACE };
const ATTEMPTS = 6;

const KeptMac = z.object({ at: z.iso.datetime(), by: z.string() });

export interface IgnoredMacsOptions {
  kube: KubeClient;
  clock: Clock;
  logger: Logger;
}

/**
 * The MAC addresses of what was ignored before it showed a key, in the ConfigMap usher-system/ignored-macs. Written by
 * replace guarded with resourceVersion, so that several appliances share one list.
 */
export class IgnoredMacs {
  readonly #kube: KubeClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #informer: Informer<ConfigMap>;
  readonly #handlers = new Set<() => void>();
  readonly #unsubscribe: () => void;
  #macs: ReadonlyMap<string, IgnoredMac> = new Map();

  constructor({ kube, clock, logger }: IgnoredMacsOptions) {
    this.#kube = kube;
    this.#clock = clock;
    this.#logger = logger;
    this.#informer = kube.inform(CONFIG_MAP, {
      namespace: USHER_NAMESPACE,
      fieldSelector: `metadata.name=${IGNORED_MACS}`,
    });
    this.#unsubscribe = this.#informer.onChange(({ type, object }) => {
      this.#remember(type === 'deleted' ? new Map() : this.#read(object));
    });
  }

  /** By MAC address (lower case, with colons). */
  list(): ReadonlyMap<string, IgnoredMac> {
    return this.#macs;
  }

  /** Calls back after every change of the list. Returns the unsubscribe. */
  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /**
   * Remembers that `by` ignored what has this MAC address; who did first stays.
   * @throws UsherError IGNORED_MACS_FULL, KUBE_*
   */
  async ignore(mac: string, by: string): Promise<void> {
    const at = toRfc3339(this.#clock.nowMs());
    await this.#write((macs) => {
      if (macs.has(mac)) return false;
      if (macs.size >= MOST_IGNORED_MACS) throw new UsherError('IGNORED_MACS_FULL', { most: MOST_IGNORED_MACS });
      macs.set(mac, { at, by });
      return true;
    });
  }

  /** Takes it back; costs no request when there is nothing to take back. @throws UsherError KUBE_* */
  async forget(forgotten: readonly string[]): Promise<void> {
    if (forgotten.length === 0) return;
    await this.#write((macs) => forgotten.map((mac) => macs.delete(mac)).includes(true));
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#informer.stop();
  }

  /** Changes the newest list until nobody else wrote in between; `change` says whether there is anything to write. */
  async #write(change: (macs: Map<string, IgnoredMac>) => boolean): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#kube.get(CONFIG_MAP, NAME);
      const macs = new Map(found === undefined ? [] : this.#read(found));
      try {
        if (change(macs)) await this.#put(found, macs);
        // The reply to an own write comes before the watch's word of it.
        this.#remember(macs);
        return;
      } catch (error) {
        if (attempt >= ATTEMPTS || !isUsherError(error, 'KUBE_CONFLICT', 'KUBE_ALREADY_EXISTS')) throw error;
      }
    }
  }

  #put(found: ConfigMap | undefined, macs: ReadonlyMap<string, IgnoredMac>): Promise<ConfigMap> {
    const data = Object.fromEntries([...macs].map(([mac, ignored]) => [keyOf(mac), JSON.stringify(ignored)]));
    if (found !== undefined) return this.#kube.replace(CONFIG_MAP, { ...found, data });
    const metadata = { ...NAME, labels: { ...MANAGED_BY } };
    return this.#kube.create(CONFIG_MAP, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  }

  #remember(macs: ReadonlyMap<string, IgnoredMac>): void {
    this.#macs = macs;
    for (const handler of this.#handlers) handler();
  }

  /** Somebody may have written it by hand: what is no MAC address hides nothing, nor what is more than can be listed. */
  #read({ data = {} }: ConfigMap): Map<string, IgnoredMac> {
    const macs = new Map<string, IgnoredMac>();
    for (const [key, text] of Object.entries(data)) {
      const mac = normaliseMac(key);
      const ignored = parsed(text);
      const isKept = mac !== undefined && keyOf(mac) === key && ignored !== undefined && macs.size < MOST_IGNORED_MACS;
      if (isKept) macs.set(mac, ignored);
      else
        this.#logger.warn({ key }, 'an entry of the ConfigMap ignored-macs is no ignored MAC address, or one too many');
    }
    return macs;
  }
}

/** A key of a ConfigMap may have no colon. */
function keyOf(mac: string): string {
  return mac.replaceAll(':', '-');
}

function parsed(text: string): IgnoredMac | undefined {
  try {
    return KeptMac.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
