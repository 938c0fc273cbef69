import type { EnrolState } from '../../../join/protocol/messages.ts';
import type { LocalPhase } from './local-state.ts';

/**
 * One thing the agent does next:
 * await-card: wait for a usable usher.json · find: look for the appliance · hello: show key and evidence ·
 * poll: wait for the appliance's decision · prove: prove the claim code that was entered · fetch: get k3s and images · join: ask for the ticket and use it ·
 * report-joined: say that k3s-agent runs · adopt: go on with a k3s-agent that already has its Node ·
 * scrub: wipe the secrets · stop: take k3s-agent down, the device is to be no node · finish: end.
 */
export const STEPS = [
  'await-card',
  'find',
  'hello',
  'poll',
  'prove',
  'fetch',
  'join',
  'report-joined',
  'adopt',
  'scrub',
  'stop',
  'finish',
] as const;
export type Step = (typeof STEPS)[number];

/** All that the choice of the next step depends on. */
export interface Situation {
  /** The appliance's CA and addresses are known, from the card or from an earlier start. */
  readonly siteKnown: boolean;
  /** It has a claim code, by which it finds out whose it is. */
  readonly hasCode: boolean;
  /** An operator entered a claim code for it. */
  readonly codeEntered: boolean;
  /** A token, or the code of a label. */
  readonly cardHoldsToken: boolean;
  readonly phase: LocalPhase;
  /** An appliance that the pinned CA vouches for has answered and has not been lost since; without a CA, anybody has. */
  readonly connected: boolean;
  /** What the appliance said last; undefined until it has accepted a hello. */
  readonly state: EnrolState | undefined;
  readonly artifactsReady: boolean;
  /** The ticket in use was handed out, or confirmed, lately. */
  readonly ticketConfirmed: boolean;
  readonly joinedReported: boolean;
  readonly k3sConfigured: boolean;
  /** This start has taken k3s-agent down, and has not started it since. */
  readonly k3sDown: boolean;
}

/** The next step. Pure, and dropped into any situation (after a power cut, say) it goes on from there. */
export function nextStep(now: Situation): Step {
  if (now.phase === 'done' && !now.cardHoldsToken) return 'finish';
  if (!now.siteKnown && !now.hasCode) return 'await-card';
  if (now.phase === 'joined') return 'scrub';
  if (!now.connected) return 'find';
  if (!now.siteKnown) return stepWithoutTrust(now);
  switch (now.state) {
    case undefined:
      return 'hello';
    case 'pending':
      return now.hasCode && now.codeEntered ? 'prove' : 'poll';
    case 'held':
      return 'poll';
    case 'verified':
      // No claim, or a ticket that was given up: what k3s was started with is worth nothing any more.
      return now.phase === 'new' ? 'poll' : 'stop';
    case 'rejected':
    case 'revoked':
      // Once in every start, whatever the disk says: it may have lost its memory of a k3s that starts with the board.
      return now.k3sDown ? 'poll' : 'stop';
    case 'approved':
      return stepWhenApproved(now);
    case 'joined':
      return stepWhenJoined(now);
  }
}

/** Whatever a stranger says: he is told who we are, and nothing he says but that a code was entered is acted upon. */
function stepWithoutTrust({ state, codeEntered }: Situation): Step {
  if (state === undefined) return 'hello';
  return codeEntered ? 'prove' : 'poll';
}

/** The files come first: a ticket lives only six minutes, and a slow download must not eat them. */
function stepWhenApproved(now: Situation): Step {
  if (!now.artifactsReady) return 'fetch';
  if (now.phase !== 'started' || !now.ticketConfirmed) return 'join';
  return now.joinedReported ? 'poll' : 'report-joined';
}

function stepWhenJoined(now: Situation): Step {
  if (now.phase === 'started' || now.phase === 'done') return 'scrub';
  return now.k3sConfigured ? 'adopt' : 'poll';
}

/** True in the states in which fetching k3s and images ahead saves time later. */
export function mayFetchAhead(state: EnrolState | undefined): boolean {
  return state === 'verified' || state === 'approved';
}

/** A ticket is asked for again after this long without a Node: the appliance may have burnt it and made a new one. */
export const TICKET_CONFIRMED_FOR_MS = 60_000;

/** Steps whose success shows that things go well; finding and greeting alone do not end a row of failures. */
export function showsProgress(step: Step): boolean {
  return step !== 'find' && step !== 'hello' && step !== 'await-card';
}
