import type { Informer, KubeClient } from '../../k8s/client/kube-client.ts';
import { type Pod, POD } from '../../k8s/core/pods.ts';
import { SERVICE_LABEL } from '../../k8s/core/sensor-service/lease.ts';

/** The pods of sensor services on this node. */
export class ServicePods {
  readonly #pods: Informer<Pod>;

  constructor(kube: KubeClient, node: string) {
    this.#pods = kube.inform(POD, { labelSelector: SERVICE_LABEL, fieldSelector: `spec.nodeName=${node}` });
  }

  onChange(handler: () => void): void {
    this.#pods.onChange(handler);
  }

  /** Whether the pod with that uid is one of the service: nobody else's processes are ever killed in its name. */
  isOf(podUid: string, namespace: string, service: string): boolean {
    return this.#pods
      .list()
      .some(
        ({ metadata }) =>
          metadata.uid === podUid &&
          metadata.namespace === namespace &&
          metadata.labels?.[SERVICE_LABEL] === service &&
          metadata.ownerReferences?.some(
            ({ kind, name, controller }) => controller === true && kind === 'DaemonSet' && name === service,
          ) === true,
      );
  }

  refresh(): void {
    this.#pods.refresh();
  }

  async synced(): Promise<void> {
    await this.#pods.synced();
  }

  async stop(): Promise<void> {
    await this.#pods.stop();
  }
}
