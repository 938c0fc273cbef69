import { LABELS_ANNOTATION } from '../node-claim.ts';
import { PAIR_LABEL, PAIR_ROLE_LABEL } from '../labels.ts';
import type { Node, Taint } from '../resources.ts';
import type { ServiceToleration } from './sensor-service.ts';

/** The nodes that share one job: those of a pair and who stands in for them, or one node alone. */
export interface Unit {
  readonly name: string;
  /** In order of preference: primary, backup, then others by name. At least one. */
  readonly nodes: readonly Node[];
}

/** The units among the nodes that a service matches, and the nodes that can be in none. */
export interface Units {
  readonly units: readonly Unit[];
  /** Nodes without a pair that are named like a pair: their topics would be the pair's. */
  readonly ambiguous: readonly Node[];
}

/** Whether the node has all these labels, and stays. */
export function isMatched({ metadata }: Node, selector: Readonly<Record<string, string>>): boolean {
  return metadata.deletionTimestamp === undefined && hasLabels(metadata.labels ?? {}, selector);
}

export function hasLabels(
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/**
 * Groups nodes by pair, the others each alone. Every node is in at most one unit, and no two units have one name. Units
 * are in the order of their names.
 */
export function unitsOf(nodes: readonly Node[]): Units {
  const members = new Map<string, Node[]>();
  const alone: Node[] = [];
  for (const node of nodes) {
    const pair = pairOf(node);
    if (pair === undefined) alone.push(node);
    else members.set(pair, [...(members.get(pair) ?? []), node]);
  }
  const pairs = [...members].map(([name, list]): Unit => ({ name, nodes: [...list].sort(byPreference) }));
  const singles = alone
    .filter((node) => !members.has(node.metadata.name))
    .map((node): Unit => ({ name: node.metadata.name, nodes: [node] }));
  return {
    units: [...pairs, ...singles].sort((a, b) => (a.name < b.name ? -1 : 1)),
    ambiguous: alone.filter((node) => members.has(node.metadata.name)),
  };
}

/** The name of the node's pair. */
export function pairOf({ metadata }: Node): string | undefined {
  const pair = metadata.labels?.[PAIR_LABEL];
  return pair === '' ? undefined : pair;
}

/** The labels that the node has from its claim, without those of its pair. */
export function claimLabelsOf({ metadata }: Node): Record<string, string> {
  const keys = (metadata.annotations?.[LABELS_ANNOTATION] ?? '').split(',');
  return Object.fromEntries(
    Object.entries(metadata.labels ?? {}).filter(
      ([key]) => keys.includes(key) && key !== PAIR_LABEL && key !== PAIR_ROLE_LABEL,
    ),
  );
}

export function isNodeReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** Taints that every DaemonSet's pods put up with (kubernetes: DaemonSet, taints and tolerations). */
const TOLERATED = [
  'node.kubernetes.io/not-ready',
  'node.kubernetes.io/unreachable',
  'node.kubernetes.io/disk-pressure',
  'node.kubernetes.io/memory-pressure',
  'node.kubernetes.io/pid-pressure',
  'node.kubernetes.io/unschedulable',
];

/** The first taint that keeps a service off the node. */
export function hinderingTaint({ spec }: Node, tolerations: readonly ServiceToleration[]): Taint | undefined {
  return spec?.taints?.find(
    (taint) =>
      taint.effect !== 'PreferNoSchedule' &&
      !TOLERATED.includes(taint.key) &&
      !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

function tolerates({ key, operator = 'Equal', value = '', effect }: ServiceToleration, taint: Taint): boolean {
  const isKey = key === undefined || key === '' ? operator === 'Exists' : key === taint.key;
  return (
    isKey &&
    (effect === undefined || effect === taint.effect) &&
    (operator === 'Exists' || value === (taint.value ?? ''))
  );
}

function byPreference(a: Node, b: Node): number {
  return rankOf(a) - rankOf(b) || byName(a, b);
}

function rankOf({ metadata }: Node): number {
  const role = metadata.labels?.[PAIR_ROLE_LABEL];
  return role === 'Primary' ? 0 : role === 'Backup' ? 1 : 2;
}

export function byName(a: Node, b: Node): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
