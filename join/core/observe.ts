import type { Decision, PersistedJoin } from '../../k8s/core/resources.ts';
import type { JoinEvent } from './chart.ts';
import { knownState } from './step.ts';

/** The world as it bears on one device, read from caches: nothing here is remembered from earlier looks. */
export interface World {
  readonly join: PersistedJoin;
  readonly decision: Decision;
  /** Moment (RFC 3339) at which an operator asked for a retry. */
  readonly retryAsked: string | undefined;
  /** The bound claim. */
  readonly claim: ClaimFact | undefined;
  /** The Node that came from this device. */
  readonly node: NodeFact | undefined;
  /** Id of the device that took its place, by an operator's word. */
  readonly replacedBy: string | undefined;
  /** A claim names it in `replaces`, whether that claim has its new device yet or not. */
  readonly named: boolean;
  /** True when nobody has heard of the device for {@link LIMITS_MS.idle}. */
  readonly idle: boolean;
}

export interface ClaimFact {
  readonly name: string;
  readonly nodeName: string;
  /** The device's evidence suffices for this claim. */
  readonly sufficient: boolean;
  /** The name is free for it; false while the device that it replaces still has it. */
  readonly nameFree: boolean;
}

export interface NodeFact {
  readonly name: string;
  readonly ready: boolean;
  /**
   * `set`: the Node carries what its claim wants. `unset`: it does not, and nobody tried yet. `tried`: it does not,
   * but just that was applied already, so that only the time limit tries again.
   */
  readonly labels: 'set' | 'unset' | 'tried';
  /**
   * It is to go: its claim was deleted and said Release, its device is revoked or replaced or is to have another name, or
   * it came with a ticket that had been given up and no claim wants it.
   */
  readonly leaving: boolean;
  /** When that is done next: `now`, `again` now (pods were leaving it), or `later`. */
  readonly release: 'now' | 'again' | 'later';
}

/**
 * What the world says next about a device, or undefined when there is nothing to do but wait. It is asked after every
 * step and at every start, so that it matters not how a state was reached (level-triggered).
 */
export function observe(world: World, nowMs: number): JoinEvent | undefined {
  // Any event migrates a state that this version does not know.
  const state = knownState(world.join);
  if (state === undefined) return { type: 'RESUME' };
  const word = operatorsWord(world, state);
  if (word !== undefined) return word;
  switch (state) {
    case 'pending':
      return isLeaving(world) ? releasing(world) : (nodeSeen(world) ?? approval(world) ?? forgetting(world));
    case 'approved':
      return nodeSeen(world) ?? claimLost(world);
    case 'ticketing':
      return claimLost(world) ?? deadline(world, nowMs);
    case 'joining':
      return nodeSeen(world) ?? claimLost(world) ?? deadline(world, nowMs);
    case 'labelling':
    case 'ready':
      return observeNode(world, state, nowMs);
    case 'failed':
      return nodeSeen(world) ?? claimLost(world) ?? retry(world) ?? deadline(world, nowMs);
    case 'quarantined':
      return releasing(world) ?? retry(world);
    case 'replaced':
      // As long as a claim says that it is replaced, it is.
      return isLeaving(world) || world.named ? releasing(world) : retry(world);
    case 'revoked':
    case 'rejected':
    case 'ignored':
      return releasing(world);
  }
}

function operatorsWord({ decision, replacedBy }: World, state: string): JoinEvent | undefined {
  if (state === 'replaced') return decision === 'Revoked' ? { type: 'REVOKE' } : undefined;
  if (replacedBy !== undefined && state !== 'revoked' && decision !== 'Revoked')
    return { type: 'REPLACED', by: replacedBy };
  const decided = state === 'rejected' || state === 'ignored' || state === 'revoked';
  // A device that has joined is not turned away at the door: only Revoked takes it out.
  const joined = state === 'labelling' || state === 'ready';
  switch (decision) {
    case 'Undecided':
      return decided ? { type: 'RECONSIDER' } : undefined;
    case 'Rejected':
      return state === 'rejected' || joined || state === 'revoked' ? undefined : { type: 'REJECT' };
    case 'Ignored':
      return state === 'ignored' || joined || state === 'revoked' ? undefined : { type: 'IGNORE' };
    case 'Revoked':
      return state === 'revoked' ? undefined : { type: 'REVOKE' };
  }
}

function observeNode(world: World, state: 'labelling' | 'ready', nowMs: number): JoinEvent | undefined {
  const { claim, node, join } = world;
  // A claim for another name makes it join anew, from the beginning.
  if (node === undefined) return { type: 'NODE_GONE', claimed: claim?.nodeName === join.nodeName };
  if (node.leaving) return releasing(world);
  if (node.labels === 'unset') return { type: 'CLAIM_CHANGED' };
  if (state === 'ready') return undefined;
  if (node.labels === 'set') return node.ready ? { type: 'SETTLED' } : undefined;
  return isPast(join.deadline, nowMs) ? { type: 'DEADLINE' } : undefined;
}

function isLeaving({ node }: World): boolean {
  return node?.leaving === true;
}

function releasing({ node }: World): JoinEvent | undefined {
  if (node?.leaving !== true || node.release === 'later') return undefined;
  return { type: 'RELEASE', again: node.release === 'again' };
}

function nodeSeen({ node }: World): JoinEvent | undefined {
  return node === undefined || node.leaving ? undefined : { type: 'NODE_SEEN', nodeName: node.name };
}

function approval({ claim }: World): JoinEvent | undefined {
  return claim?.sufficient === true && claim.nameFree
    ? { type: 'APPROVE', nodeName: claim.nodeName, claim: claim.name }
    : undefined;
}

/** One that had a ticket is kept: its evidence is off its card since, and it could never show any again. */
function forgetting({ idle, claim, join }: World): JoinEvent | undefined {
  return idle && claim === undefined && join.attempt === 0 ? { type: 'IDLE' } : undefined;
}

function claimLost({ claim, join }: World): JoinEvent | undefined {
  return claim?.sufficient === true && claim.nodeName === join.nodeName ? undefined : { type: 'CLAIM_LOST' };
}

function deadline({ join }: World, nowMs: number): JoinEvent | undefined {
  return isPast(join.deadline, nowMs) ? { type: 'DEADLINE' } : undefined;
}

function retry({ retryAsked, join }: World): JoinEvent | undefined {
  return retryAsked !== undefined && Date.parse(retryAsked) > Date.parse(join.since) ? { type: 'RETRY' } : undefined;
}

function isPast(moment: string | undefined, nowMs: number): boolean {
  return moment !== undefined && Date.parse(moment) <= nowMs;
}
