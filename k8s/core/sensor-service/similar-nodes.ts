import { labelsOf } from '../node-claim.ts';
import type { DeviceClaim, Node } from '../resources.ts';
import { failoverOf, type SensorService } from './sensor-service.ts';
import { byName, claimLabelsOf, hasLabels, isMatched, pairOf, type Unit, type Units } from './units.ts';

/** A node without a pair of which it cannot be said at whose machine it is. */
export interface UnclearNode {
  readonly node: Node;
  /** Names of the pairs of which it has the labels of a member, at least one. */
  readonly pairs: readonly string[];
}

/** The units of a service together with the nodes that stand in for pairs. */
export interface SharedUnits extends Units {
  /** Names of the nodes that are in the unit of a pair without being of the pair. */
  readonly similar: ReadonlySet<string>;
  readonly unclear: readonly UnclearNode[];
}

/** A pair, by its claims and nodes, whether its boards are there or not. */
interface Pair {
  readonly name: string;
  /** The labels of each claim and node in it, without those that say so. */
  readonly members: readonly Readonly<Record<string, string>>[];
}

/** Whether similar nodes are in the units that they stand in for, since each has a device of its own. */
export function sharesUnits(spec: SensorService['spec']): boolean {
  return failoverOf(spec).takeover === 'SimilarNode' && (spec.devices ?? []).length > 0;
}

/**
 * The nodes outside a unit that could do its work when none of its own is left: those with all the labels of its nodes'
 * claims. By name.
 */
export function similarNodes(unit: Unit, matched: readonly Node[]): Node[] {
  const labels = unit.nodes.map(claimLabelsOf);
  // A node without a claim cannot be known to be alike.
  if (labels.some((one) => Object.keys(one).length === 0)) return [];
  const isSimilar = (node: Node): boolean => labels.every((one) => isMatched(node, one));
  return matched.filter((node) => !unit.nodes.includes(node) && isSimilar(node)).sort(byName);
}

/**
 * The units of a service that {@link sharesUnits}. A node without a pair that has all labels of one pair, of its claims and
 * of its nodes, is the last member of its unit, and no unit by itself: it has one device, which must not be acted on under
 * two names. One that has the labels of some member, but not of all, or those of several pairs, is in no unit.
 */
export function unitsWithSimilar(
  found: Units,
  world: { nodes: readonly Node[]; claims: readonly DeviceClaim[]; selector: Readonly<Record<string, string>> },
): SharedUnits {
  const pairs = pairsOf(world);
  const units = new Map<string, Node[]>();
  const [similar, ambiguous, unclear]: [Set<string>, Node[], UnclearNode[]] = [new Set(), [...found.ambiguous], []];
  for (const { name, nodes } of found.units) if (!nodes.every(isLone)) units.set(name, [...nodes]);
  for (const node of found.units.flatMap(({ nodes }) => nodes).filter(isLone)) {
    const { name } = node.metadata;
    const related = pairs.filter(({ members }) => members.some((labels) => isLike(node, labels)));
    const [pair, ...others] = related;
    if (pairs.some((one) => one.name === name)) ambiguous.push(node);
    else if (pair === undefined) units.set(name, [node]);
    else if (others.length === 0 && pair.members.every((labels) => isMatched(node, labels))) {
      units.set(pair.name, [...(units.get(pair.name) ?? []), node]);
      similar.add(name);
    } else unclear.push({ node, pairs: related.map((one) => one.name) });
  }
  const all = [...units].map(([name, nodes]): Unit => ({ name, nodes }));
  return { units: all.sort((a, b) => (a.name < b.name ? -1 : 1)), ambiguous, similar, unclear };
}

function isLike(node: Node, labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(labels).length > 0 && isMatched(node, labels);
}

function isLone(node: Node): boolean {
  return pairOf(node) === undefined;
}

/** The pairs of which at least one claim or node is meant by the service. */
function pairsOf({ nodes, claims, selector }: Parameters<typeof unitsWithSimilar>[1]): Pair[] {
  const members = [
    ...claims.flatMap(({ spec: { pair, labels = {} } }) => {
      const isMeant = hasLabels(labelsOf({ labels, ...(pair === undefined ? {} : { pair }) }), selector);
      return pair === undefined ? [] : [{ name: pair.name, labels, isMeant }];
    }),
    ...nodes.flatMap((node) => {
      const name = node.metadata.deletionTimestamp === undefined ? pairOf(node) : undefined;
      return name === undefined ? [] : [{ name, labels: claimLabelsOf(node), isMeant: isMatched(node, selector) }];
    }),
  ];
  const names = new Set(members.filter(({ isMeant }) => isMeant).map(({ name }) => name));
  return [...names].sort().map((name) => ({
    name,
    members: members.filter((member) => member.name === name).map(({ labels }) => labels),
  }));
}
