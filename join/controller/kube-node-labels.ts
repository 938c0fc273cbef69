import type { Clock } from '../../foundation/clock.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { DEVICE_ANNOTATION, isClaimApplied, RECLAIM_ANNOTATION, type NodeClaim } from '../../k8s/core/node-claim.ts';
import { NODE, type DeviceClaim } from '../../k8s/core/resources.ts';
import { drainNode, endDrain, isDraining } from '../../k8s/drain.ts';
import { applyNodeClaim } from '../../k8s/nodes.ts';
import type { NodeLabels } from './ports.ts';

/** Labels, taints and pair on Nodes in Kubernetes. */
export function kubeNodeLabels(kube: KubeClient, clock: Clock): NodeLabels {
  return {
    // A drain that was not gone through with: the node is wanted after all.
    isApplied: (node, device, claim) => !isDraining(node) && isClaimApplied(node, nodeClaimOf(device, claim)),
    apply: async (node, device, claim) => {
      await endDrain(kube, node);
      await applyNodeClaim(kube, node, nodeClaimOf(device, claim));
    },
    deviceOf: (node) => node.metadata.annotations?.[DEVICE_ANNOTATION],
    saysRelease: (node) => node.metadata.annotations?.[RECLAIM_ANNOTATION] === 'Release',
    release: async (node) => {
      const { left } = await drainNode(kube, node, { nowMs: clock.nowMs() });
      const { name, uid } = node.metadata;
      if (left === 0) await kube.delete(NODE, { name }, uid === undefined ? {} : { uid });
      return { left };
    },
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
