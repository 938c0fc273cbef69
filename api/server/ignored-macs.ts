import { z } from 'zod';
import { toRfc3339, type Clock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { normaliseMac } from '../../foundation/text.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { type ConfigMapData, SharedConfigMap } from '../../k8s/shared-config-map.ts';
import { MOST_IGNORED_MACS, type IgnoredMac } from '../core/ignored-mac.ts';

/** ConfigMap in usher-system; each MAC address that is ignored is one key of it. */
const IGNORED_MACS = 'ignored-macs';

const KeptMac = z.object({ at: z.iso.datetime(), by: z.string() });

export interface IgnoredMacsOptions {
  kube: KubeClient;
  clock: Clock;
  logger: Logger;
}

/**
 * The MAC addresses of what was ignored before it showed a key, in the ConfigMap usher-system/ignored-macs.
 */
export class IgnoredMacs {
  readonly #list: SharedConfigMap;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #handlers = new Set<() => void>();
  readonly #unsubscribe: () => void;
  #macs: ReadonlyMap<string, IgnoredMac> = new Map();

  constructor({ kube, clock, logger }: IgnoredMacsOptions) {
    this.#list = new SharedConfigMap(kube, IGNORED_MACS);
    this.#clock = clock;
    this.#logger = logger;
    this.#unsubscribe = this.#list.onChange((data) => this.#remember(this.#read(data)));
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
    await this.#list.stop();
  }

  /** `change` says whether there is anything to write. */
  async #write(change: (macs: Map<string, IgnoredMac>) => boolean): Promise<void> {
    let macs = new Map<string, IgnoredMac>();
    await this.#list.write((data) => {
      macs = this.#read(data);
      if (!change(macs)) return undefined;
      return Object.fromEntries([...macs].map(([mac, ignored]) => [keyOf(mac), JSON.stringify(ignored)]));
    });
    // The reply to an own write comes before the watch's word of it.
    this.#remember(macs);
  }

  #remember(macs: ReadonlyMap<string, IgnoredMac>): void {
    this.#macs = macs;
    for (const handler of this.#handlers) handler();
  }

  /** Somebody may have written it by hand: what is no MAC address hides nothing, nor what is more than can be listed. */
  #read(data: ConfigMapData): Map<string, IgnoredMac> {
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
