import { initialTransition, transition } from 'xstate';
import { toRfc3339 } from '../../foundation/clock.ts';
import type { ErrorCode } from '../../foundation/error-catalogue.ts';
import { UsherError } from '../../foundation/errors.ts';
import { JOIN_STATES, type DeviceFailure, type JoinState, type PersistedJoin } from '../../k8s/core/resources.ts';
import type { JoinAction, ShownError } from './actions.ts';
import { chart, LIMITS_MS, MAX_FAILURES, type JoinContext, type JoinEvent } from './chart.ts';

/** What becomes of the device's failure: shown anew, taken away, or left as it is. */
export type FailureChange = { is: 'shown'; failure: DeviceFailure } | { is: 'cleared' } | { is: 'kept' };

export interface Step {
  join: PersistedJoin;
  /** In the order in which they are to be done. */
  actions: JoinAction[];
  failure: FailureChange;
  /** False when the state has no answer to the event: then nothing else changed either. */
  taken: boolean;
}

/** The first wait after a failed attempt; it doubles with each further one. */
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 5 * 60_000;
/** The chart's memory of a device that never had a ticket. */
export const FRESH_CONTEXT: JoinContext = {
  attempt: 0,
  nodeName: undefined,
  ticketId: undefined,
  ticketedAt: undefined,
  joinedAt: undefined,
  failures: [],
};
const UNDO: ReadonlySet<string> = new Set(['burnTicket', 'unlistName', 'removeNodePassword']);

/**
 * One step of the join machine, as a pure function.
 * @param persisted as read from Device.status.join; a missing one starts at pending, an unknown state or schema is
 *   migrated to pending with failure STATE_UNKNOWN (the event then waits for the next look at the world)
 */
export function step(persisted: PersistedJoin | undefined, event: JoinEvent, nowMs: number): Step {
  if (persisted === undefined) {
    return step(startJoin(nowMs), event, nowMs);
  }
  const state = knownState(persisted);
  if (state === undefined) return migrate(persisted, nowMs);
  const before = chart.resolveState({ value: state, context: contextOf(persisted) });
  const timed = { ...event, at: toRfc3339(nowMs) };
  if (!before.can(timed)) return { join: persisted, actions: [], failure: { is: 'kept' }, taken: false };
  const [after, asked] = transition(chart, before, timed);
  const next = after.value;
  const join = persist(next, after.context, { persisted, entered: next !== state, event, nowMs });
  const mayHaveTicket = persisted.attempt > 0 && (persisted.nodeName ?? join.nodeName) !== undefined;
  const { actions, failure } = sortActions(asked, { join, mayHaveTicket, nowMs });
  return { join, actions, failure, taken: true };
}

/** The machine of a device that was admitted just now. */
export function startJoin(nowMs: number): PersistedJoin {
  const [snapshot] = initialTransition(chart, FRESH_CONTEXT);
  return { schema: 1, state: snapshot.value, attempt: snapshot.context.attempt, since: toRfc3339(nowMs) };
}

/** The persisted state's name when this version knows it. */
export function knownState(persisted: PersistedJoin): JoinState | undefined {
  const { schema } = persisted as { schema: number };
  return schema === 1 ? JOIN_STATES.find((name) => name === persisted.state) : undefined;
}

/** When the ticket of a ticketing or joining device stops to be valid, in milliseconds since the epoch. */
export function ticketExpiryMs(join: PersistedJoin): number {
  if (join.state === 'joining' && join.deadline !== undefined) return Date.parse(join.deadline);
  return Date.parse(join.since) + LIMITS_MS.ticket;
}

/** True while the device takes one of the places for joining devices. */
export function holdsPlace(join: PersistedJoin | undefined, nowMs: number): boolean {
  if (join?.state === 'ticketing') return true;
  return join?.state === 'joining' && nowMs < Date.parse(join.since) + LIMITS_MS.queuePlace;
}

function migrate(persisted: PersistedJoin, nowMs: number): Step {
  const join = startJoin(nowMs);
  // The count goes on, so that no ticket is ever made twice.
  join.attempt = Number.isSafeInteger(persisted.attempt) ? Math.max(0, persisted.attempt) : 0;
  if (persisted.nodeName !== undefined) join.nodeName = persisted.nodeName;
  if (persisted.ticketedAt !== undefined) join.ticketedAt = persisted.ticketedAt;
  if (persisted.joinedAt !== undefined) join.joinedAt = persisted.joinedAt;
  const error: ShownError = { code: 'STATE_UNKNOWN', params: { state: persisted.state } };
  const failure = failureOf(error, nowMs);
  const story = { type: 'Warning', reason: 'StateUnknown', message: failure.message } as const;
  return {
    join,
    actions: [{ name: 'emitEvent', params: story }],
    failure: { is: 'shown', failure },
    taken: true,
  };
}

interface Passage {
  persisted: PersistedJoin;
  entered: boolean;
  event: JoinEvent;
  nowMs: number;
}

function persist(state: JoinState, context: JoinContext, passage: Passage): PersistedJoin {
  const { persisted, entered, nowMs } = passage;
  const deadline = deadlineOf(state, context, passage);
  return {
    schema: 1,
    state,
    attempt: context.attempt,
    since: entered ? toRfc3339(nowMs) : persisted.since,
    ...(deadline === undefined ? {} : { deadline }),
    ...(context.nodeName === undefined ? {} : { nodeName: context.nodeName }),
    ...(context.ticketId === undefined ? {} : { ticketId: context.ticketId }),
    ...(context.ticketedAt === undefined ? {} : { ticketedAt: context.ticketedAt }),
    ...(context.joinedAt === undefined ? {} : { joinedAt: context.joinedAt }),
    ...(context.failures.length === 0 ? {} : { failures: [...context.failures] }),
  };
}

function deadlineOf(state: JoinState, context: JoinContext, passage: Passage): string | undefined {
  const { persisted, entered, event, nowMs } = passage;
  const again = event.type === 'DEADLINE' && state === 'labelling';
  if (!entered && !again) return persisted.deadline;
  switch (state) {
    case 'ticketing':
      return toRfc3339(nowMs + LIMITS_MS.ticketing);
    case 'joining':
      // The ticket's life began with the request: its bootstrap token ends at the same moment.
      return toRfc3339(Date.parse(persisted.since) + LIMITS_MS.ticket);
    case 'labelling':
      return toRfc3339(nowMs + LIMITS_MS.labelling);
    case 'failed':
      return toRfc3339(retryAtMs(context.failures, nowMs));
    case 'pending':
    case 'approved':
    case 'ready':
    case 'quarantined':
    case 'rejected':
    case 'ignored':
    case 'revoked':
    case 'replaced':
      return undefined;
  }
}

function retryAtMs(failures: readonly string[], nowMs: number): number {
  const [oldest] = failures;
  if (failures.length >= MAX_FAILURES && oldest !== undefined) return Date.parse(oldest) + LIMITS_MS.failureMemory;
  return nowMs + Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, failures.length - 1));
}

interface AskedAction {
  readonly type: string;
  readonly params: unknown;
}

function sortActions(
  asked: readonly AskedAction[],
  { join, mayHaveTicket, nowMs }: { join: PersistedJoin; mayHaveTicket: boolean; nowMs: number },
): { actions: JoinAction[]; failure: FailureChange } {
  const actions: JoinAction[] = [];
  let failure: FailureChange = { is: 'kept' };
  for (const { type, params } of asked) {
    if (type === 'clearFailure') failure = { is: 'cleared' };
    else if (type === 'showFailure') failure = { is: 'shown', failure: shownIn(join, params as ShownError, nowMs) };
    // Nothing is undone for a device that never had a ticket.
    else if (!UNDO.has(type) || mayHaveTicket) actions.push({ name: type, params } as JoinAction);
  }
  return { actions, failure };
}

function shownIn(join: PersistedJoin, error: ShownError, nowMs: number): DeviceFailure {
  if (join.state !== 'failed' || join.deadline === undefined) return failureOf(error, nowMs);
  const tooMany: ShownError = { code: 'TOO_MANY_ATTEMPTS', params: { attempts: MAX_FAILURES } };
  const failure = failureOf((join.failures ?? []).length >= MAX_FAILURES ? tooMany : error, nowMs);
  return { ...failure, retryAt: join.deadline };
}

/** An error of the catalogue as it stands in a device's status. */
export function failureOf(error: { code: ErrorCode; params: ShownError['params'] }, nowMs: number): DeviceFailure {
  return { ...new UsherError(error.code, error.params).toBody(), since: toRfc3339(nowMs) };
}

function contextOf(persisted: PersistedJoin): JoinContext {
  return {
    attempt: persisted.attempt,
    nodeName: persisted.nodeName,
    ticketId: persisted.ticketId,
    ticketedAt: persisted.ticketedAt,
    joinedAt: persisted.joinedAt,
    failures: persisted.failures ?? [],
  };
}
