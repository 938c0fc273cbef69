import { isUsherError } from '../../foundation/errors.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { DEVICE_ANNOTATION, isClaimApplied, RECLAIM_ANNOTATION, type NodeClaim } from '../../k8s/core/node-claim.ts';
import { NODE, type DeviceClaim, type Node } from '../../k8s/core/resources.ts';
import { applyNodeClaim } from '../../k8s/nodes.ts';
import type { NodeLabels } from './ports.ts';

/** Labels, taints and pair on Nodes in Kubernetes. */
export function kubeNodeLabels(kube: KubeClient): NodeLabels {
  return {
    isApplied: (node, device, claim) => isClaimApplied(node, nodeClaimOf(device, claim)),
    apply: async (node, device, claim) => {
      await applyNodeClaim(kube, node, nodeClaimOf(device, claim));
    },
    deviceOf: (node) => node.metadata.annotations?.[DEVICE_ANNOTATION],
    saysRelease: (node) => node.metadata.annotations?.[RECLAIM_ANNOTATION] === 'Release',
    release: (node) => releaseNode(kube, node),
  };
}

function nodeClaimOf(deviceId: string, { spec }: DeviceClaim): NodeClaim {
  return {
    deviceId,
    labels: spec.labels ?? {},
    taints: spec.taints ?? [],
    ...(spec.pair === undefined ? {} : { pair: spec.pair }),
    reclaimPolicy: spec.reclaimPolicy ?? 'Retain',
  };
}

async function releaseNode(kube: KubeClient, { metadata: { name, uid } }: Node): Promise<void> {
  const patch = { metadata: uid === undefined ? {} : { uid }, spec: { unschedulable: true } };
  try {
    await kube.mergePatch(NODE, { name }, patch);
  } catch (error) {
    // Gone, or made anew by somebody else: nothing of ours is left to release.
    if (isUsherError(error, 'KUBE_NOT_FOUND', 'KUBE_CONFLICT')) return;
    throw error;
  }
  await kube.delete(NODE, { name }, uid === undefined ? {} : { uid });
}
