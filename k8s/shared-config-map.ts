import { isUsherError } from '../foundation/errors.ts';
import type { Informer, KubeClient } from './client/kube-client.ts';
import { CONFIG_MAP, MANAGED_BY, USHER_NAMESPACE, type ConfigMap } from './core/resources.ts';

/** What stands in a ConfigMap, by key. */
export type ConfigMapData = Readonly<Record<string, string>>;

/** How often somebody else may be quicker. */
const ATTEMPTS = 6;

/**
 * A ConfigMap of usher-system that several appliances share: followed by a watch, and written by replace guarded with
 * resourceVersion. It is made by the first write.
 */
export class SharedConfigMap {
  readonly #kube: KubeClient;
  readonly #name: { name: string; namespace: string };
  readonly #informer: Informer<ConfigMap>;

  constructor(kube: KubeClient, name: string) {
    this.#kube = kube;
    this.#name = { name, namespace: USHER_NAMESPACE };
    this.#informer = kube.inform(CONFIG_MAP, { namespace: USHER_NAMESPACE, fieldSelector: `metadata.name=${name}` });
  }

  /** Resolves once it is known what other runs left. */
  async synced(): Promise<void> {
    await this.#informer.synced();
  }

  /** Calls back with what stands in it after every change; nothing, when it was deleted. Returns the unsubscribe. */
  onChange(handler: (data: ConfigMapData) => void): () => void {
    return this.#informer.onChange(({ type, object }) => handler(type === 'deleted' ? {} : (object.data ?? {})));
  }

  /**
   * Writes what `change` makes of the newest data, until nobody else wrote in between; undefined writes nothing.
   * @throws UsherError KUBE_*, and what `change` throws
   */
  async write(change: (data: ConfigMapData) => ConfigMapData | undefined): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#kube.get(CONFIG_MAP, this.#name);
      const data = change(found?.data ?? {});
      if (data === undefined) return;
      try {
        await this.#put(found, data);
        return;
      } catch (error) {
        if (attempt >= ATTEMPTS || !isUsherError(error, 'KUBE_CONFLICT', 'KUBE_ALREADY_EXISTS')) throw error;
      }
    }
  }

  async stop(): Promise<void> {
    await this.#informer.stop();
  }

  #put(found: ConfigMap | undefined, data: ConfigMapData): Promise<ConfigMap> {
    if (found !== undefined) return this.#kube.replace(CONFIG_MAP, { ...found, data });
    const metadata = { ...this.#name, labels: { ...MANAGED_BY } };
    return this.#kube.create(CONFIG_MAP, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  }
}
