import { PAIR_LABEL, PAIR_ROLE_LABEL } from './labels.ts';
import type { ClaimPair, Node, Taint } from './resources.ts';

/** What a claim wants its Node to carry. */
export interface NodeClaim {
  /** Id of the device that became the node. */
  deviceId: string;
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  pair?: ClaimPair;
  /** Release: deleting the claim frees the node. Kept on the Node, because the claim is gone when it is asked for. */
  reclaimPolicy?: 'Retain' | 'Release';
}

/** Annotations that Usher keeps on its Nodes (no labels: a node shows exactly the labels of its claim). */
export const DEVICE_ANNOTATION = 'usher.internal/device';
/** Keys of the labels that came from the claim, comma-separated. */
export const LABELS_ANNOTATION = 'usher.internal/labels';
/** `key:effect` of the taints that came from the claim, comma-separated. */
export const TAINTS_ANNOTATION = 'usher.internal/taints';

/** `Release` when that is what the claim says of its own deletion; else there is no such annotation. */
export const RECLAIM_ANNOTATION = 'usher.internal/reclaim-policy';

/** The annotations that server-side apply keeps on a Node beside the labels of its claim. */
export function annotationsOf(claim: NodeClaim): Record<string, string> {
  return {
    [DEVICE_ANNOTATION]: claim.deviceId,
    [LABELS_ANNOTATION]: labelsNote(labelsOf(claim)),
    ...(claim.reclaimPolicy === 'Release' ? { [RECLAIM_ANNOTATION]: 'Release' } : {}),
  };
}

/** The labels of a claim as its Node carries them: its own, and those of its pair. */
export function labelsOf(claim: Pick<NodeClaim, 'labels' | 'pair'>): Record<string, string> {
  const { pair } = claim;
  return { ...claim.labels, ...(pair === undefined ? {} : { [PAIR_LABEL]: pair.name, [PAIR_ROLE_LABEL]: pair.role }) };
}

/** The value of {@link LABELS_ANNOTATION} for these labels. */
export function labelsNote(labels: Readonly<Record<string, string>>): string {
  return Object.keys(labels).sort().join(',');
}

/** The value of {@link TAINTS_ANNOTATION} for these taints; undefined (no annotation) for none. */
export function taintsNote(taints: readonly Taint[]): string | undefined {
  return taints.length === 0 ? undefined : taints.map(taintId).sort().join(',');
}

/**
 * All taints the Node should have: those that others set, in their order, then the claim's. Taints are one atomic list in
 * the API, so server-side apply of the claim's alone would wipe those of Kubernetes.
 */
export function plannedTaints(node: Node, wanted: readonly Taint[]): Taint[] {
  const ours = new Set([...(node.metadata.annotations?.[TAINTS_ANNOTATION] ?? '').split(','), ...wanted.map(taintId)]);
  return [...(node.spec?.taints ?? []).filter((taint) => !ours.has(taintId(taint))), ...wanted];
}

/** True when the Node's taints, and Usher's note of which are its own, are as the claim wants them. */
export function hasTaints(node: Node, wanted: readonly Taint[]): boolean {
  const current = node.spec?.taints ?? [];
  const planned = plannedTaints(node, wanted);
  return (
    node.metadata.annotations?.[TAINTS_ANNOTATION] === taintsNote(wanted) &&
    current.length === planned.length &&
    planned.every((taint) => current.some((other) => isSameTaint(taint, other)))
  );
}

/** True when the Node carries what the claim wants and nothing of an earlier version of it. */
export function isClaimApplied(node: Node, claim: NodeClaim): boolean {
  const labels = labelsOf(claim);
  const { annotations = {}, labels: current = {} } = node.metadata;
  return (
    Object.entries(annotationsOf(claim)).every(([key, value]) => annotations[key] === value) &&
    (claim.reclaimPolicy === 'Release' || annotations[RECLAIM_ANNOTATION] === undefined) &&
    Object.entries(labels).every(([key, value]) => current[key] === value) &&
    hasTaints(node, claim.taints)
  );
}

function taintId(taint: Taint): string {
  return `${taint.key}:${taint.effect}`;
}

function isSameTaint(a: Taint, b: Taint): boolean {
  return taintId(a) === taintId(b) && (a.value ?? '') === (b.value ?? '');
}
