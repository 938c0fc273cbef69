import { systemClock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Informer, KubeClient } from '../../k8s/client/kube-client.ts';
import { NODE, type Node } from '../../k8s/core/resources.ts';

/** One watch of all Nodes, by which both arms of a pair are timed alike. */
export class NodeWatch {
  readonly #nodes: Informer<Node>;

  constructor(kube: KubeClient) {
    this.#nodes = kube.inform(NODE);
  }

  synced(): Promise<void> {
    return this.#nodes.synced();
  }

  async stop(): Promise<void> {
    await this.#nodes.stop();
  }

  /**
   * The moment (milliseconds since the epoch) at which the watch told first of a Node of that name that fits. To be
   * called before that can happen.
   * @throws UsherError TIMED_OUT; the signal's reason when it is aborted
   */
  firstSeen(name: string, fits: (node: Node) => boolean, limitMs: number, signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        unsubscribe();
        cancel();
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        end();
        reject(new UsherError('STOPPED'));
      };
      const unsubscribe = this.#nodes.onChange(({ type, object }) => {
        if (type === 'deleted' || object.metadata.name !== name || !fits(object)) return;
        end();
        resolve(Date.now());
      });
      const cancel = systemClock.after(limitMs, () => {
        end();
        reject(new UsherError('TIMED_OUT', { what: `Node ${name}`, limitMs }));
      });
      signal.addEventListener('abort', onAbort);
    });
  }
}

/** True when the kubelet says that the Node is Ready. */
export function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
}

/** True when the Node has each of these labels. */
export function carries({ metadata }: Node, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value);
}
