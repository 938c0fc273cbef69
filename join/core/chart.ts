import { assign, setup } from 'xstate';
import type { JoinState } from '../../k8s/core/resources.ts';
import type { ActionName, ActionParams, ShownError, Story, TicketNumber } from './actions.ts';

/** How long a state may last, in milliseconds, before DEADLINE is due (design: the join machine). */
export const LIMITS_MS = {
  ticketing: 30_000,
  /** Life of a ticket, counted from the request. */
  ticket: 6 * 60_000,
  /** Without a Node by then, a joining device gives its place in the queue away. */
  queuePlace: 90_000,
  labelling: 30_000,
  /** A device without a claim that has not called for so long is forgotten. */
  idle: 24 * 3_600_000,
  /** Failures older than this are no longer counted. */
  failureMemory: 24 * 3_600_000,
} as const;

/** Tickets that may fail within {@link LIMITS_MS.failureMemory} before a device waits. */
export const MAX_FAILURES = 5;

/** The chart's memory: all of it is persisted, and nothing else is. */
export interface JoinContext {
  /** Tickets made for this Device so far. Never falls: a ticket's secrets are derived from it. */
  readonly attempt: number;
  readonly nodeName: string | undefined;
  readonly ticketId: string | undefined;
  /** Moments (RFC 3339) of the failures that still count, newest last. */
  readonly failures: readonly string[];
}

/** What can happen to a device. Operators' words, the world's facts and the outcome of actions alike. */
export type JoinEvent =
  /** Evidence is sufficient and a claim is bound. */
  | { type: 'APPROVE'; nodeName: string; claim: string }
  | { type: 'CLAIM_LOST' }
  /** The claim's labels, taints or pair are not those that the Node has. */
  | { type: 'CLAIM_CHANGED' }
  /** The Node is to go: the claim was deleted and said Release, or the device is revoked. */
  | { type: 'RELEASE' }
  /** The device asks for its ticket and a place in the queue is free. */
  | { type: 'ASKED'; ticketId: string }
  | { type: 'TICKET_MADE' }
  | { type: 'TICKET_FAILED'; error: ShownError }
  /** The Node of this device exists. */
  | { type: 'NODE_SEEN'; nodeName: string }
  | { type: 'NODE_GONE'; claimed: boolean }
  /** The Node is Ready and has all that the claim wants. */
  | { type: 'SETTLED' }
  | { type: 'LABELS_FAILED'; error: ShownError }
  /** The device says what went wrong. */
  | { type: 'REPORTED'; detail: string }
  /** A known key came back on other hardware. */
  | { type: 'HARDWARE_CHANGED'; error: ShownError }
  | { type: 'DEADLINE' }
  /** Nobody claimed the device, it never had a ticket, and it stopped calling. */
  | { type: 'IDLE' }
  /** The appliance started, or an action is to be tried again: do once more what this state needs done. */
  | { type: 'RESUME' }
  | { type: 'REJECT' }
  | { type: 'IGNORE' }
  | { type: 'REVOKE' }
  /** The operator changed his mind. */
  | { type: 'RECONSIDER' }
  | { type: 'RETRY' };

export type JoinEventType = JoinEvent['type'];

/** An event as the chart receives it. */
type Timed = JoinEvent & { readonly at: string };
type Scope = { context: JoinContext; event: Timed };

const ticket = ({ context }: Scope): TicketNumber => ({
  nodeName: context.nodeName ?? '',
  attempt: context.attempt,
});
const node = ({ context }: Scope): { nodeName: string } => ({ nodeName: context.nodeName ?? '' });

const makeTicket = [
  // The password comes first: a Secret that is not ours shows a leaked token, and then the name must never be listed.
  { type: 'makeNodePassword', params: ticket },
  { type: 'listName', params: ticket },
  { type: 'makeBootstrapToken', params: ticket },
] as const;
const undoTicket = [
  { type: 'burnTicket', params: ticket },
  { type: 'unlistName', params: ticket },
  { type: 'removeNodePassword', params: ticket },
  'dropTicket',
] as const;
/** k3s adopts the node password once the Node exists, so that one stays. */
const burnUsedTicket = [
  { type: 'burnTicket', params: ticket },
  { type: 'unlistName', params: ticket },
  'dropTicket',
] as const;
const releaseNode = { type: 'releaseNode', params: node } as const;
const applyLabels = { type: 'applyLabels', params: node } as const;

const tell = (reason: string, message: (scope: Scope) => string, type: Story['type'] = 'Normal') =>
  ({ type: 'emitEvent', params: (scope: Scope): Story => ({ type, reason, message: message(scope) }) }) as const;
const show = (error: (scope: Scope) => ShownError) => ({ type: 'showFailure', params: error }) as const;
const errorOf = ({ event }: Scope): ShownError =>
  'error' in event ? event.error : { code: 'INTERNAL', params: { detail: event.type } };
const nameOf = ({ context }: Scope): string => context.nodeName ?? 'without a name';

const rejected = tell('Rejected', () => 'An operator rejected the device.', 'Warning');
const ignored = tell('Ignored', () => 'An operator chose to ignore the device.');
const revoked = tell('Revoked', (s) => `The device was revoked; its node name ${nameOf(s)} is retired.`, 'Warning');
const claimLost = tell('ClaimLost', () => 'The device has no claim any more; it waits for one.');
const quarantined = tell('Quarantined', () => 'The device is held until an operator has looked at it.', 'Warning');
const nodeSeen = tell('NodeSeen', (s) => `Node ${nameOf(s)} exists; its ticket is burnt.`);
const nodeGone = tell('NodeGone', (s) => `Node ${nameOf(s)} was deleted; the device may join again.`, 'Warning');
const releasing = tell(
  'NodeReleasing',
  (s) => `The claim is gone and said Release: node ${nameOf(s)} is being deleted.`,
);
const releasingRevoked = tell('NodeReleasing', (s) => `Node ${nameOf(s)} of a revoked device is being deleted.`);
const released = tell('NodeReleased', (s) => `Node ${nameOf(s)} is gone; the device waits for a claim.`);

/** Leaving a state that may have a ticket out, on an operator's word or for want of a claim. */
const leave = {
  CLAIM_LOST: { target: 'pending', actions: [...undoTicket, 'clearFailure', claimLost] },
  REJECT: { target: 'rejected', actions: [...undoTicket, 'clearFailure', rejected] },
  IGNORE: { target: 'ignored', actions: [...undoTicket, 'clearFailure', ignored] },
  REVOKE: { target: 'revoked', actions: [...undoTicket, releaseNode, 'clearFailure', revoked] },
  HARDWARE_CHANGED: { target: 'quarantined', actions: [...undoTicket, show(errorOf), quarantined] },
} as const;
const seen = {
  target: 'labelling',
  actions: ['rememberName', ...burnUsedTicket, applyLabels, 'clearFailure', nodeSeen],
} as const;
const joinedLeave = {
  NODE_GONE: [
    { guard: 'isUnclaimed', target: 'pending', actions: [...undoTicket, 'clearFailure', released] },
    {
      target: 'approved',
      actions: [...undoTicket, show((s) => ({ code: 'NODE_GONE', params: { nodeName: nameOf(s) } })), nodeGone],
    },
  ],
  RELEASE: { actions: [releaseNode, releasing] },
  REVOKE: leave.REVOKE,
  // The node goes on working: taking it away is the operator's to decide.
  HARDWARE_CHANGED: { target: 'quarantined', actions: [show(errorOf), quarantined] },
} as const;
const cleanUp = { actions: undoTicket } as const;
const showReport = {
  actions: [
    show((s) => ({ code: 'DEVICE_REPORTED', params: { detail: 'detail' in s.event ? s.event.detail : '' } })),
    tell('DeviceReported', (s) => `The device says: ${'detail' in s.event ? s.event.detail : ''}`, 'Warning'),
  ],
} as const;
const failedTo = (error: (scope: Scope) => ShownError, story: string) =>
  ({
    target: 'failed',
    actions: [...undoTicket, 'noteFailure', show(error), tell('JoinFailed', () => story, 'Warning')],
  }) as const;

type Act<Params> = (scope: unknown, params: Params) => void;
const nothing = (): void => undefined;

/** The chart only names what is to be done, with its params; the join controller does it. */
const named: { [Name in ActionName]: Act<ActionParams[Name]> } & {
  showFailure: Act<ShownError>;
  clearFailure: Act<undefined>;
} = {
  makeNodePassword: nothing,
  listName: nothing,
  makeBootstrapToken: nothing,
  burnTicket: nothing,
  unlistName: nothing,
  removeNodePassword: nothing,
  applyLabels: nothing,
  releaseNode: nothing,
  forgetDevice: nothing,
  emitEvent: nothing,
  showFailure: nothing,
  clearFailure: nothing,
};

const words = setup({
  types: {
    context: {} as JoinContext,
    events: {} as Timed,
    input: {} as JoinContext,
  },
  actions: {
    ...named,
    rememberName: assign(({ context, event }) => ({
      nodeName: 'nodeName' in event ? event.nodeName : context.nodeName,
    })),
    countTicket: assign(({ context, event }) => ({
      attempt: context.attempt + 1,
      ticketId: event.type === 'ASKED' ? event.ticketId : undefined,
    })),
    dropTicket: assign({ ticketId: undefined }),
    noteFailure: assign(({ context, event }) => ({ failures: withFailure(context.failures, event.at) })),
    forgetFailures: assign({ failures: [] }),
  },
  guards: {
    isUnclaimed: ({ event }) => event.type === 'NODE_GONE' && !event.claimed,
    isForeignPassword: ({ event }) => event.type === 'TICKET_FAILED' && event.error.code === 'NODE_PASSWORD_FOREIGN',
  },
});

/** The failures that still count at `at`, this one included; newest last, {@link MAX_FAILURES} at most. */
function withFailure(failures: readonly string[], at: string): string[] {
  const oldestMs = Date.parse(at) - LIMITS_MS.failureMemory;
  return [...failures.filter((moment) => Date.parse(moment) > oldestMs), at].slice(-MAX_FAILURES);
}

const states = {
  pending: {
    description: 'Waits for sufficient evidence and a claim.',
    on: {
      APPROVE: {
        target: 'approved',
        actions: [
          'rememberName',
          'clearFailure',
          tell('Approved', ({ event }) =>
            event.type === 'APPROVE' ? `Claim ${event.claim} makes it node ${event.nodeName}.` : 'Approved.',
          ),
        ],
      },
      NODE_SEEN: seen,
      REJECT: leave.REJECT,
      IGNORE: leave.IGNORE,
      REVOKE: leave.REVOKE,
      HARDWARE_CHANGED: leave.HARDWARE_CHANGED,
      REPORTED: showReport,
      IDLE: { actions: [{ type: 'forgetDevice' }] },
      RESUME: cleanUp,
    },
  },
  approved: {
    description: 'May ask for a ticket; waits for the device to do so and for a place in the queue.',
    on: {
      ...leave,
      ASKED: {
        target: 'ticketing',
        actions: ['countTicket', ...makeTicket],
      },
      NODE_SEEN: seen,
      REPORTED: showReport,
      RESUME: cleanUp,
    },
  },
  ticketing: {
    description: 'The ticket is being made: node password, allow-listed name, bootstrap token.',
    on: {
      ...leave,
      TICKET_MADE: {
        target: 'joining',
        actions: ['clearFailure', tell('TicketMade', (s) => `The ticket for node ${nameOf(s)} is out.`)],
      },
      TICKET_FAILED: [
        { guard: 'isForeignPassword', target: 'quarantined', actions: [...undoTicket, show(errorOf), quarantined] },
        failedTo(errorOf, 'The ticket could not be made; what was made of it is undone.'),
      ],
      DEADLINE: failedTo(
        () => ({ code: 'TICKET_TIMED_OUT', params: { limitSec: LIMITS_MS.ticketing / 1000 } }),
        'The ticket was not made in time; what was made of it is undone.',
      ),
      RESUME: { actions: makeTicket },
    },
  },
  joining: {
    description: 'The ticket is out; waits for the Node object.',
    on: {
      ...leave,
      NODE_SEEN: seen,
      ASKED: { actions: makeTicket },
      REPORTED: {
        target: 'failed',
        actions: [...undoTicket, 'noteFailure', ...showReport.actions],
      },
      DEADLINE: failedTo(
        (s) => ({ code: 'NODE_NOT_SEEN', params: { nodeName: nameOf(s), limitSec: LIMITS_MS.ticket / 1000 } }),
        'No node appeared while the ticket lived; the ticket is burnt.',
      ),
    },
  },
  labelling: {
    description: 'The Node exists; waits for labels, taints and pair to be set and for the Node to be Ready.',
    on: {
      ...joinedLeave,
      SETTLED: {
        target: 'ready',
        actions: ['forgetFailures', 'clearFailure', tell('Ready', (s) => `Node ${nameOf(s)} is Ready and labelled.`)],
      },
      CLAIM_CHANGED: { actions: [applyLabels] },
      LABELS_FAILED: {
        actions: [
          show(errorOf),
          tell('LabelsFailed', () => 'Labels could not be set; tried again by itself.', 'Warning'),
        ],
      },
      DEADLINE: { actions: [applyLabels] },
      RESUME: { actions: [...burnUsedTicket, applyLabels] },
    },
  },
  ready: {
    description: 'The node has joined and carries what its claim says.',
    on: {
      ...joinedLeave,
      RESUME: { actions: burnUsedTicket },
      CLAIM_CHANGED: {
        target: 'labelling',
        actions: [applyLabels, tell('ClaimChanged', (s) => `The labels of node ${nameOf(s)} follow its claim.`)],
      },
    },
  },
  failed: {
    description: 'An attempt to join failed; waits for retryAt or for the operator.',
    on: {
      ...leave,
      NODE_SEEN: seen,
      DEADLINE: { target: 'approved' },
      RETRY: {
        target: 'approved',
        actions: ['forgetFailures', 'clearFailure', tell('Retried', () => 'An operator asked for a new attempt.')],
      },
      REPORTED: showReport,
      RESUME: cleanUp,
    },
  },
  quarantined: {
    description: 'Something is wrong that only a person can judge; waits for an operator.',
    on: {
      RETRY: {
        target: 'pending',
        actions: ['clearFailure', tell('Retried', () => 'An operator took the device out of quarantine.')],
      },
      REJECT: leave.REJECT,
      IGNORE: leave.IGNORE,
      REVOKE: leave.REVOKE,
      RESUME: cleanUp,
    },
  },
  rejected: {
    description: 'An operator said no; waits for the operator to change his mind.',
    on: { RECONSIDER: { target: 'pending' }, IGNORE: leave.IGNORE, REVOKE: leave.REVOKE, RESUME: cleanUp },
  },
  ignored: {
    description: 'An operator does not want to see it; waits for the operator to change his mind.',
    on: { RECONSIDER: { target: 'pending' }, REJECT: leave.REJECT, REVOKE: leave.REVOKE, RESUME: cleanUp },
  },
  revoked: {
    description: 'Taken out of the site; its node is gone and its name retired.',
    on: {
      RECONSIDER: { target: 'pending' },
      RELEASE: { actions: [...undoTicket, releaseNode, releasingRevoked] },
      RESUME: { actions: [...undoTicket, releaseNode] },
    },
  },
} as const;

/**
 * The join machine of one device. It is run as a pure function (`step.ts`): no actor is started, no timer set, no
 * promise invoked.
 */
export const chart = words.createMachine({
  id: 'join',
  context: ({ input }) => ({ ...input }),
  initial: 'pending',
  states: states satisfies Record<JoinState, unknown>,
});
