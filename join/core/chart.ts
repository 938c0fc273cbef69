import { assign, setup } from 'xstate';
import type { JoinState } from '../../k8s/core/resources.ts';
import type { ActionName, ActionParams, ShownError } from './actions.ts';
import {
  LIMITS_MS,
  MAX_FAILURES,
  ticket,
  makeTicket,
  undoTicket,
  burnUsedTicket,
  releaseNode,
  applyLabels,
  tell,
  show,
  errorOf,
  nameOf,
  quarantined,
  revoked,
  leave,
  releaseLate,
  seen,
  joinedLeave,
  cleanUp,
  showReport,
  failedTo,
  type JoinContext,
  type Timed,
} from './chart-parts.ts';

export { LIMITS_MS, MAX_FAILURES } from './chart-parts.ts';
export type { JoinContext, JoinEvent, JoinEventType } from './chart-parts.ts';

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
      ticketedAt: event.at,
    })),
    dropTicket: assign({ ticketId: undefined }),
    // The ticket is used: no further Node can come with it.
    noteJoined: assign(({ context, event }) => ({ joinedAt: context.joinedAt ?? event.at, ticketedAt: undefined })),
    handNameOver: assign({ nodeName: undefined }),
    noteFailure: assign(({ context, event }) => ({ failures: withFailure(context.failures, event.at) })),
    forgetFailures: assign({ failures: [] }),
  },
  guards: {
    isUnclaimed: ({ event }) => event.type === 'NODE_GONE' && !event.claimed,
    isAgain: ({ event }) => event.type === 'RELEASE' && event.again,
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
      REPLACED: leave.REPLACED,
      RELEASE: releaseLate,
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
        actions: [{ type: 'burnTicket', params: ticket }, 'countTicket', ...makeTicket],
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
      // Undoing may have failed all the time, for want of an API server; the next ticket ends the last chance.
      DEADLINE: { target: 'approved', actions: undoTicket },
      RETRY: {
        target: 'approved',
        actions: [
          ...undoTicket,
          'forgetFailures',
          'clearFailure',
          tell('Retried', () => 'An operator asked for a new attempt.'),
        ],
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
      REPLACED: leave.REPLACED,
      RELEASE: releaseLate,
      RESUME: cleanUp,
    },
  },
  rejected: {
    description: 'An operator said no; waits for the operator to change his mind.',
    on: {
      RECONSIDER: { target: 'pending' },
      IGNORE: leave.IGNORE,
      REVOKE: leave.REVOKE,
      REPLACED: leave.REPLACED,
      RELEASE: releaseLate,
      RESUME: cleanUp,
    },
  },
  ignored: {
    description: 'An operator does not want to see it; waits for the operator to change his mind.',
    on: {
      RECONSIDER: { target: 'pending' },
      REJECT: leave.REJECT,
      REVOKE: leave.REVOKE,
      REPLACED: leave.REPLACED,
      RELEASE: releaseLate,
      RESUME: cleanUp,
    },
  },
  revoked: {
    description: 'Taken out of the site; its node is gone and its name retired.',
    on: {
      RECONSIDER: { target: 'pending' },
      RELEASE: releaseLate,
      RESUME: { actions: [...undoTicket, releaseNode] },
    },
  },
  replaced: {
    description: 'Another device took its place; its node is gone and its name handed over.',
    on: {
      RETRY: {
        target: 'pending',
        actions: [
          'clearFailure',
          tell('Retried', () => 'An operator wants the replaced device back: it waits for a claim.'),
        ],
      },
      // The name belongs to the other device now, so it is not retired.
      REVOKE: { target: 'revoked', actions: [...undoTicket, releaseNode, 'clearFailure', 'handNameOver', revoked] },
      RELEASE: releaseLate,
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
