import { isUsherError } from '../../../foundation/errors.ts';
import type { KubeClient } from '../../../k8s/client/kube-client.ts';
import { CONFIG_MAP, MANAGED_BY, USHER_NAMESPACE } from '../../../k8s/core/resources.ts';
import type { ChainHead } from '../../core/people/audit-chain.ts';

/** Where the head of the log is noted, apart from its files: whoever shortens these must change that too. */
export interface AuditAnchor {
  /** Undefined when none was noted yet. @throws UsherError KUBE_* */
  read(): Promise<ChainHead | undefined>;
  /** @throws UsherError KUBE_* */
  write(head: ChainHead): Promise<void>;
}

const NAME = { name: 'audit-head', namespace: USHER_NAMESPACE };

/** The ConfigMap usher-system/audit-head: `seq` and `hash` of an entry that is on the disk. */
export class KubeAuditAnchor implements AuditAnchor {
  readonly #kube: KubeClient;

  constructor(kube: KubeClient) {
    this.#kube = kube;
  }

  async read(): Promise<ChainHead | undefined> {
    const { seq, hash } = (await this.#kube.get(CONFIG_MAP, NAME))?.data ?? {};
    if (seq === undefined || hash === undefined || !/^\d{1,15}$/.test(seq)) return undefined;
    return { seq: Number(seq), hash };
  }

  async write({ seq, hash }: ChainHead): Promise<void> {
    const data = { seq: String(seq), hash };
    try {
      await this.#kube.mergePatch(CONFIG_MAP, NAME, { data });
    } catch (error) {
      if (!isUsherError(error, 'KUBE_NOT_FOUND')) throw error;
      const metadata = { ...NAME, labels: { ...MANAGED_BY } };
      await this.#kube.create(CONFIG_MAP, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    }
  }
}
