import type { DeviceClaim } from '../resources.ts';
import { labelsOf } from '../node-claim.ts';
import type { Placement } from './placement.ts';
import type { UnclearNode } from './similar-nodes.ts';
import { hasLabels } from './units.ts';

/** `machine=lathe, location=left`, by key. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  const texts = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return texts.sort().join(', ');
}

/** `a, b`. */
export function namesOf(names: readonly string[]): string {
  return [...new Set(names)].join(', ');
}

/** Names of the claims whose nodes would match and are not there yet, as `claim x`. */
export function claimsToCome(claims: readonly DeviceClaim[], selector: Readonly<Record<string, string>>): string[] {
  return claims
    .filter(({ spec, status }) => {
      const labels = labelsOf({ labels: spec.labels ?? {}, ...(spec.pair === undefined ? {} : { pair: spec.pair }) });
      return hasLabels(labels, selector) && status?.phase !== 'Joined';
    })
    .map(({ metadata }) => `claim ${metadata.name}`)
    .sort();
}

/** A node that has the labels of a service and is in none of its units. */
export interface OutsideNode {
  readonly node: string;
  /** Why, and what to do, in one sentence. */
  readonly why: string;
}

/** All nodes that are in no unit though they have the labels. */
export function outsideNodes({ ambiguous, unclear }: Pick<Placement, 'ambiguous' | 'unclear'>): OutsideNode[] {
  const twins = ambiguous.map(({ metadata: { name } }) => ({
    node: name,
    why: `node ${name} has the name of a pair, whose topics it would share: give its claim another nodeName, or the pair another name`,
  }));
  return [...twins, ...unclear.map((one) => ({ node: one.node.metadata.name, why: unclearText(one) }))];
}

function unclearText({ node, pairs }: UnclearNode): string {
  const { name } = node.metadata;
  const [pair = ''] = pairs;
  return pairs.length > 1
    ? `node ${name} has labels of the pairs ${pairs.join(' and ')}, so that it is in none: give the claims of each pair a label that tells them apart`
    : `node ${name} has labels of some claims of pair ${pair}, but not of all, so that it is in no unit: make their labels alike, or its own others`;
}
