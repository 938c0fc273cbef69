import { isUsherError, messageOf, UsherError } from '../foundation/errors.ts';
import type { KubeClient } from './client/kube-client.ts';
import {
  annotationsOf,
  hasTaints,
  labelsOf,
  type NodeClaim,
  plannedTaints,
  TAINTS_ANNOTATION,
  taintsNote,
} from './core/node-claim.ts';
import { FIELD_MANAGER, NODE, type Node, type Taint } from './core/resources.ts';

/** Kubelet and node controllers write the same object; each conflict means that one of them was faster. */
const MAX_CONFLICTS = 8;

/**
 * Makes the Node carry the labels, taints and pair of its claim, whatever it carried of an earlier version of it; what
 * others set stays. Taints come first, so that no pod that they keep away slips in by the labels. Gives the Node as it is
 * afterwards. Idempotent; nothing is written when nothing differs.
 * @throws UsherError NODE_GONE when this Node was deleted (also when it exists anew), NODE_LABELS_FAILED, KUBE_UNREACHABLE
 */
export async function applyNodeClaim(kube: KubeClient, node: Node, claim: NodeClaim): Promise<Node> {
  const labels = labelsOf(claim);
  const annotations = annotationsOf(claim);
  return await guarded(kube, node, async () => {
    await applyTaints(kube, node, claim.taints);
    return await applyMetadata(kube, node, { labels, annotations });
  });
}

/** Takes all that came from a claim off the Node, which goes on running. Errors as {@link applyNodeClaim}. */
export async function clearNodeClaim(kube: KubeClient, node: Node): Promise<Node> {
  return await guarded(kube, node, async () => {
    await applyTaints(kube, node, []);
    return await applyMetadata(kube, node, {});
  });
}

/** Server-side apply with the uid: never creates a Node, and takes off what an earlier apply set and this one lacks. */
async function applyMetadata(kube: KubeClient, node: Node, metadata: object): Promise<Node> {
  const { name, uid } = node.metadata;
  const object = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...metadata, name, ...(uid === undefined ? {} : { uid }) },
  };
  return await kube.apply(NODE, object, { fieldManager: FIELD_MANAGER, force: true });
}

async function applyTaints(kube: KubeClient, node: Node, wanted: readonly Taint[]): Promise<void> {
  let current = node;
  for (let conflicts = 0; !hasTaints(current, wanted); conflicts += 1) {
    const { name, uid, resourceVersion } = current.metadata;
    const taints = plannedTaints(current, wanted);
    const annotations = { [TAINTS_ANNOTATION]: taintsNote(wanted) ?? null };
    try {
      const patch = {
        metadata: { uid, resourceVersion, annotations },
        spec: { taints: taints.length > 0 ? taints : null },
      };
      await kube.mergePatch(NODE, { name }, patch);
      return;
    } catch (error) {
      if (!isUsherError(error, 'KUBE_CONFLICT') || conflicts >= MAX_CONFLICTS) throw error;
      current = await readSame(kube, node);
    }
  }
}

async function readSame(kube: KubeClient, node: Node): Promise<Node> {
  const current = await kube.get(NODE, { name: node.metadata.name });
  if (current?.metadata.uid !== node.metadata.uid || current === undefined) {
    throw new UsherError('NODE_GONE', { nodeName: node.metadata.name });
  }
  return current;
}

/** Gives a refusal the meaning it has for a node: gone, or not to be labelled. */
async function guarded(kube: KubeClient, node: Node, work: () => Promise<Node>): Promise<Node> {
  try {
    return await work();
  } catch (error) {
    if (isUsherError(error, 'KUBE_UNREACHABLE', 'NODE_GONE')) throw error;
    await readSame(kube, node);
    throw new UsherError(
      'NODE_LABELS_FAILED',
      { nodeName: node.metadata.name, detail: messageOf(error) },
      { cause: error },
    );
  }
}
