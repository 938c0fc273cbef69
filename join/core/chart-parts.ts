import type { ShownError, Story, TicketNumber } from './actions.ts';

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
  /** When the last ticket was asked for (RFC 3339), as long as no Node came with it; one that does is no older. */
  readonly ticketedAt: string | undefined;
  /** When a Node of the device was seen first (RFC 3339). */
  readonly joinedAt: string | undefined;
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
  /**
   * The Node is to go: its claim was deleted and said Release, its device was turned away or replaced or is to have
   * another name. `again`: that was said already, and pods were still leaving it.
   */
  | { type: 'RELEASE'; again: boolean }
  /** A claim that names this device in `replaces` is bound to the device `by`. */
  | { type: 'REPLACED'; by: string }
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
  | { type: 'REPORTED'; detail: string; error?: ShownError }
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
export type Timed = JoinEvent & { readonly at: string };
type Scope = { context: JoinContext; event: Timed };

export const ticket = ({ context }: Scope): TicketNumber => ({
  nodeName: context.nodeName ?? '',
  attempt: context.attempt,
});
const node = ({ context }: Scope): { nodeName: string } => ({ nodeName: context.nodeName ?? '' });

export const makeTicket = [
  // The password comes first: a Secret that is not ours shows a leaked token, and then the name must never be listed.
  { type: 'makeNodePassword', params: ticket },
  { type: 'listName', params: ticket },
  { type: 'makeBootstrapToken', params: ticket },
] as const;
export const undoTicket = [
  { type: 'burnTicket', params: ticket },
  { type: 'unlistName', params: ticket },
  { type: 'removeNodePassword', params: ticket },
  'dropTicket',
] as const;
/** k3s adopts the node password once the Node exists, so that one stays. */
export const burnUsedTicket = [
  { type: 'burnTicket', params: ticket },
  { type: 'unlistName', params: ticket },
  'dropTicket',
] as const;
export const releaseNode = { type: 'releaseNode', params: node } as const;
export const applyLabels = { type: 'applyLabels', params: node } as const;

export const tell = (reason: string, message: (scope: Scope) => string, type: Story['type'] = 'Normal') =>
  ({ type: 'emitEvent', params: (scope: Scope): Story => ({ type, reason, message: message(scope) }) }) as const;
export const show = (error: (scope: Scope) => ShownError) => ({ type: 'showFailure', params: error }) as const;
export const errorOf = ({ event }: Scope): ShownError =>
  'error' in event ? event.error : { code: 'INTERNAL', params: { detail: event.type } };
export const nameOf = ({ context }: Scope): string => context.nodeName ?? 'without a name';

const rejected = tell('Rejected', () => 'An operator rejected the device.', 'Warning');
const ignored = tell('Ignored', () => 'An operator chose to ignore the device.');
export const revoked = tell('Revoked', (s) => `The device was revoked.${whatIsLeft(s)}`, 'Warning');
/** Who revokes by kubectl is told here what page and program say beforehand. */
function whatIsLeft({ context: { attempt, nodeName } }: Scope): string {
  const retired = nodeName === undefined ? '' : ` Its node name ${nodeName} is retired.`;
  const certificate =
    ' Whoever holds the board holds a certificate that lists pods and nodes until the CA of the cluster is rotated: usher ca.';
  return retired + (attempt === 0 ? '' : certificate);
}
const claimLost = tell('ClaimLost', () => 'The device has no claim any more; it waits for one.');
export const quarantined = tell(
  'Quarantined',
  () => 'The device is held until an operator has looked at it.',
  'Warning',
);
const nodeSeen = tell('NodeSeen', (s) => `Node ${nameOf(s)} exists; its ticket is burnt.`);
const nodeGone = tell('NodeGone', (s) => `Node ${nameOf(s)} was deleted; the device may join again.`, 'Warning');
const releasing = tell(
  'NodeReleasing',
  (s) => `Node ${nameOf(s)} is being drained and deleted: its claim is gone, or names it otherwise.`,
);
const releasingGone = tell('NodeReleasing', (s) => `Node ${nameOf(s)} is being drained and deleted.`);
const newcomerOf = ({ event }: Scope): string => ('by' in event ? event.by : 'another device');
const replaced = tell('Replaced', (s) => `Device ${newcomerOf(s)} takes its place.`, 'Warning');
const released = tell('NodeReleased', (s) => `Node ${nameOf(s)} is gone; the device waits for a claim.`);

/** Leaving a state that may have a ticket out, on an operator's word or for want of a claim. */
export const leave = {
  CLAIM_LOST: { target: 'pending', actions: [...undoTicket, 'clearFailure', claimLost] },
  REJECT: { target: 'rejected', actions: [...undoTicket, 'clearFailure', rejected] },
  IGNORE: { target: 'ignored', actions: [...undoTicket, 'clearFailure', ignored] },
  REVOKE: { target: 'revoked', actions: [...undoTicket, releaseNode, 'clearFailure', revoked] },
  REPLACED: {
    target: 'replaced',
    actions: [
      ...undoTicket,
      releaseNode,
      show((s) => ({ code: 'DEVICE_REPLACED', params: { by: newcomerOf(s) } })),
      replaced,
    ],
  },
  HARDWARE_CHANGED: { target: 'quarantined', actions: [...undoTicket, show(errorOf), quarantined] },
} as const;
/** The Node goes; as long as pods are leaving it this is done again and again, but told once. */
const release = [{ guard: 'isAgain', actions: [releaseNode] }, { actions: [releaseNode, releasing] }] as const;
/** A Node of a device that has no ticket any more: what may be left of the ticket goes with it. */
export const releaseLate = [
  { guard: 'isAgain', actions: [releaseNode] },
  { actions: [...undoTicket, releaseNode, releasingGone] },
] as const;
export const seen = {
  target: 'labelling',
  actions: ['rememberName', 'noteJoined', ...burnUsedTicket, applyLabels, 'clearFailure', nodeSeen],
} as const;
export const joinedLeave = {
  NODE_GONE: [
    { guard: 'isUnclaimed', target: 'pending', actions: [...undoTicket, 'clearFailure', released] },
    {
      target: 'approved',
      actions: [...undoTicket, show((s) => ({ code: 'NODE_GONE', params: { nodeName: nameOf(s) } })), nodeGone],
    },
  ],
  RELEASE: release,
  REVOKE: leave.REVOKE,
  REPLACED: leave.REPLACED,
  // The node goes on working: taking it away is the operator's to decide.
  HARDWARE_CHANGED: { target: 'quarantined', actions: [show(errorOf), quarantined] },
} as const;
export const cleanUp = { actions: undoTicket } as const;
export const showReport = {
  actions: [
    show((s) =>
      'error' in s.event
        ? errorOf(s)
        : { code: 'DEVICE_REPORTED', params: { detail: 'detail' in s.event ? s.event.detail : '' } },
    ),
    tell('DeviceReported', (s) => `The device says: ${'detail' in s.event ? s.event.detail : ''}`, 'Warning'),
  ],
} as const;
export const failedTo = (error: (scope: Scope) => ShownError, story: string) =>
  ({
    target: 'failed',
    actions: [...undoTicket, 'noteFailure', show(error), tell('JoinFailed', () => story, 'Warning')],
  }) as const;
