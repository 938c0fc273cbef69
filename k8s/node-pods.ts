import type { KubeClient } from './client/kube-client.ts';
import { isFinished, isMovable, ownerOf, type Pod, POD, secretsOf } from './core/pods.ts';

/** A pod as an operator weighs it who is about to take its node away. */
export interface NodePod {
  namespace: string;
  name: string;
  /** `kind/name` of its controller. */
  owner?: string;
  /** A controller starts it elsewhere, if the labels and taints of other nodes allow. */
  movable: boolean;
  /** Names of the Secrets, in its namespace, that it reads. */
  secrets: string[];
}

/** All pods that are assigned to the node, finished ones included. @throws UsherError KUBE_* */
export async function listPodsOf(kube: KubeClient, nodeName: string): Promise<Pod[]> {
  return await kube.list(POD, { fieldSelector: `spec.nodeName=${nodeName}` });
}

/** The pods that run, or are about to run, on the node, sorted by namespace and name. @throws UsherError KUBE_* */
export async function podsOfNode(kube: KubeClient, nodeName: string): Promise<NodePod[]> {
  const pods = (await listPodsOf(kube, nodeName)).filter((pod) => !isFinished(pod)).map(nodePod);
  return pods.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}

function nodePod(pod: Pod): NodePod {
  const owner = ownerOf(pod);
  const { name, namespace = 'default' } = pod.metadata;
  return {
    namespace,
    name,
    ...(owner === undefined ? {} : { owner }),
    movable: isMovable(pod),
    secrets: secretsOf(pod),
  };
}

function idOf({ namespace, name }: NodePod): string {
  return `${namespace}/${name}`;
}
