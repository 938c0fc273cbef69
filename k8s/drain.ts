import { toRfc3339 } from '../foundation/clock.ts';
import { isUsherError } from '../foundation/errors.ts';
import type { KubeClient } from './client/kube-client.ts';
import { isEvictable, type Pod } from './core/pods.ts';
import { NODE, type Node } from './core/resources.ts';
import { listPodsOf } from './node-pods.ts';

/** Annotation of a Node that is being drained: the moment (RFC 3339) at which that began. */
export const DRAIN_ANNOTATION = 'usher.internal/drain-since';

/** Annotation of a Node that is being drained and that somebody else had cordoned before: it stays so. */
const CORDONED_BEFORE_ANNOTATION = 'usher.internal/cordoned-before-drain';

/** Longest that pods are waited for; what is left then ends with the node. */
export const DRAIN_LIMIT_MS = 60_000;

/**
 * One step of draining: cordons the Node, asks every pod that is not the node's own to leave (policy/v1 Eviction) and
 * says how many are still there; call it again until `left` is 0. It is 0 at once for a Node that is gone or not Ready
 * (its pods hear nothing), and once {@link DRAIN_LIMIT_MS} have passed since the first step. A pod whose disruption budget
 * does not allow it counts as left. Idempotent, also over a restart: the moment of the first step stands on the Node.
 * @throws UsherError KUBE_* (not for a pod that the API server does not let go: it counts as left)
 */
export async function drainNode(kube: KubeClient, node: Node, { nowMs }: { nowMs: number }): Promise<{ left: number }> {
  const { name, uid } = node.metadata;
  const current = await kube.get(NODE, { name });
  if (current === undefined || (uid !== undefined && current.metadata.uid !== uid) || !isReady(current)) {
    return { left: 0 };
  }
  const sinceMs = await cordon(kube, current, nowMs);
  if (sinceMs === undefined || nowMs - sinceMs >= DRAIN_LIMIT_MS) return { left: 0 };
  const pods = (await listPodsOf(kube, name)).filter(isEvictable);
  await Promise.all(pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map((p) => evict(kube, p)));
  return { left: pods.length };
}

/**
 * Lets pods onto the Node again, if it was being drained and nobody else had cordoned it. Does nothing when it is gone.
 * @throws UsherError KUBE_*
 */
export async function endDrain(kube: KubeClient, node: Node): Promise<void> {
  if (!isDraining(node)) return;
  const wasCordoned = node.metadata.annotations?.[CORDONED_BEFORE_ANNOTATION] !== undefined;
  await patchNode(kube, node, {
    annotations: { [DRAIN_ANNOTATION]: null, [CORDONED_BEFORE_ANNOTATION]: null },
    ...(wasCordoned ? {} : { unschedulable: null }),
  });
}

/** True when a drain of this Node began and was not ended. */
export function isDraining({ metadata }: Node): boolean {
  return metadata.annotations?.[DRAIN_ANNOTATION] !== undefined;
}

/** The moment at which the drain began; undefined when the Node went away meanwhile. */
async function cordon(kube: KubeClient, node: Node, nowMs: number): Promise<number | undefined> {
  const sinceMs = Date.parse(node.metadata.annotations?.[DRAIN_ANNOTATION] ?? '');
  // A moment to come is the mark of a clock that was set back: by it the drain would last for ever.
  const isBegun = Number.isFinite(sinceMs) && sinceMs <= nowMs;
  if (isBegun && node.spec?.unschedulable === true) return sinceMs;
  const begun = isBegun ? toRfc3339(sinceMs) : toRfc3339(nowMs);
  const isOthers = !isDraining(node) && node.spec?.unschedulable === true;
  const annotations = { [DRAIN_ANNOTATION]: begun, ...(isOthers ? { [CORDONED_BEFORE_ANNOTATION]: 'true' } : {}) };
  const isDone = await patchNode(kube, node, { annotations, unschedulable: true });
  return isDone ? Math.min(nowMs, Date.parse(begun)) : undefined;
}

async function patchNode(
  kube: KubeClient,
  { metadata: { name, uid } }: Node,
  { annotations, ...spec }: { annotations: Record<string, string | null>; unschedulable?: true | null },
): Promise<boolean> {
  const metadata = { ...(uid === undefined ? {} : { uid }), annotations };
  try {
    await kube.mergePatch(NODE, { name }, { metadata, spec });
    return true;
  } catch (error) {
    // Gone, or made anew by somebody else: nothing of ours is left.
    if (isUsherError(error, 'KUBE_NOT_FOUND', 'KUBE_CONFLICT')) return false;
    throw error;
  }
}

/** Whatever the API server says against it, the pod is found again by the next list. */
async function evict(kube: KubeClient, { metadata }: Pod): Promise<void> {
  try {
    await kube.evict(metadata);
  } catch (error) {
    if (!isUsherError(error) || isUsherError(error, 'KUBE_UNREACHABLE')) throw error;
  }
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true;
}
