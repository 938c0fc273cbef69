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
  /** True when nobody has heard of the device for {@link LIMITS_MS.idle}. */
  readonly idle: boolean;
}

export interface ClaimFact {
  readonly name: string;
  readonly nodeName: string;
  /** The device's evidence suffices for this claim. */
  readonly sufficient: boolean;
}

export interface NodeFact {
  readonly name: string;
  readonly ready: boolean;
  /**
   * `set`: the Node carries what its claim wants. `unset`: it does not, and nobody tried yet. `tried`: it does not,
   * but just that was applied already, so that only the time limit tries again.
   */
  readonly labels: 'set' | 'unset' | 'tried';
  /** It is to be deleted now: its claim was deleted and said Release, or its device is revoked. */
  readonly release: boolean;
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
      return nodeSeen(world) ?? approval(world) ?? forgetting(world);
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
      return retry(world);
    case 'revoked':
      // A Node may appear after all, when the ticket was used before it was burnt.
      return world.node?.release === true ? { type: 'RELEASE' } : undefined;
    case 'rejected':
    case 'ignored':
      return undefined;
  }
}

function operatorsWord({ decision }: World, state: string): JoinEvent | undefined {
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

function observeNode({ claim, node, join }: World, state: 'labelling' | 'ready', nowMs: number): JoinEvent | undefined {
  if (node === undefined) return { type: 'NODE_GONE', claimed: claim !== undefined };
  if (node.release) return { type: 'RELEASE' };
  if (node.labels === 'unset') return { type: 'CLAIM_CHANGED' };
  if (state === 'ready') return undefined;
  if (node.labels === 'set') return node.ready ? { type: 'SETTLED' } : undefined;
  return isPast(join.deadline, nowMs) ? { type: 'DEADLINE' } : undefined;
}

function nodeSeen({ node }: World): JoinEvent | undefined {
  return node === undefined ? undefined : { type: 'NODE_SEEN', nodeName: node.name };
}

function approval({ claim }: World): JoinEvent | undefined {
  return claim?.sufficient === true ? { type: 'APPROVE', nodeName: claim.nodeName, claim: claim.name } : undefined;
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
