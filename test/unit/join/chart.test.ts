import { getShortestPaths } from 'xstate/graph';
import { describe, expect, it } from 'vitest';
import { chart, type JoinContext, type JoinEvent, type JoinEventType } from '../../../join/core/chart.ts';
import { FRESH_CONTEXT, step } from '../../../join/core/step.ts';
import { JOIN_STATES, type JoinState, type PersistedJoin } from '../../../k8s/core/resources.ts';

const NOW_MS = Date.parse('2026-03-01T12:00:00Z');
const at = new Date(NOW_MS).toISOString();
const context: JoinContext = {
  attempt: 1,
  nodeName: 'lathe-left',
  ticketId: 'abc123',
  ticketedAt: at,
  joinedAt: undefined,
  failures: [],
};

const EVENTS: { [Type in JoinEventType]: Extract<JoinEvent, { type: Type }> } = {
  APPROVE: { type: 'APPROVE', nodeName: 'lathe-left', claim: 'lathe-left' },
  CLAIM_LOST: { type: 'CLAIM_LOST' },
  CLAIM_CHANGED: { type: 'CLAIM_CHANGED' },
  RELEASE: { type: 'RELEASE', again: false },
  REPLACED: { type: 'REPLACED', by: 'newcomer' },
  ASKED: { type: 'ASKED', ticketId: 'abc123' },
  TICKET_MADE: { type: 'TICKET_MADE' },
  TICKET_FAILED: { type: 'TICKET_FAILED', error: { code: 'TICKET_FAILED', params: { detail: 'x' } } },
  NODE_SEEN: { type: 'NODE_SEEN', nodeName: 'lathe-left' },
  NODE_GONE: { type: 'NODE_GONE', claimed: true },
  SETTLED: { type: 'SETTLED' },
  LABELS_FAILED: {
    type: 'LABELS_FAILED',
    error: { code: 'NODE_LABELS_FAILED', params: { nodeName: 'a', detail: 'x' } },
  },
  REPORTED: { type: 'REPORTED', detail: 'DISK_FULL' },
  HARDWARE_CHANGED: {
    type: 'HARDWARE_CHANGED',
    error: { code: 'HARDWARE_CHANGED', params: { expected: 'a', actual: 'b' } },
  },
  DEADLINE: { type: 'DEADLINE' },
  IDLE: { type: 'IDLE' },
  RESUME: { type: 'RESUME' },
  REJECT: { type: 'REJECT' },
  IGNORE: { type: 'IGNORE' },
  REVOKE: { type: 'REVOKE' },
  RECONSIDER: { type: 'RECONSIDER' },
  RETRY: { type: 'RETRY' },
};
const ALL = Object.values(EVENTS);

/** Where each event leads from each state; what is not listed is no answer at all, `same` an answer without leaving. */
const WAYS: Record<JoinState, Partial<Record<JoinEventType, JoinState | 'same'>>> = {
  pending: {
    APPROVE: 'approved',
    NODE_SEEN: 'labelling',
    REJECT: 'rejected',
    IGNORE: 'ignored',
    REVOKE: 'revoked',
    REPLACED: 'replaced',
    HARDWARE_CHANGED: 'quarantined',
    RELEASE: 'same',
    REPORTED: 'same',
    IDLE: 'same',
    RESUME: 'same',
  },
  approved: {
    ASKED: 'ticketing',
    CLAIM_LOST: 'pending',
    NODE_SEEN: 'labelling',
    REJECT: 'rejected',
    IGNORE: 'ignored',
    REVOKE: 'revoked',
    REPLACED: 'replaced',
    HARDWARE_CHANGED: 'quarantined',
    REPORTED: 'same',
    RESUME: 'same',
  },
  ticketing: {
    TICKET_MADE: 'joining',
    TICKET_FAILED: 'failed',
    DEADLINE: 'failed',
    CLAIM_LOST: 'pending',
    REJECT: 'rejected',
    IGNORE: 'ignored',
    REVOKE: 'revoked',
    REPLACED: 'replaced',
    HARDWARE_CHANGED: 'quarantined',
    RESUME: 'same',
  },
  joining: {
    NODE_SEEN: 'labelling',
    ASKED: 'same',
    REPORTED: 'failed',
    DEADLINE: 'failed',
    CLAIM_LOST: 'pending',
    REJECT: 'rejected',
    IGNORE: 'ignored',
    REVOKE: 'revoked',
    REPLACED: 'replaced',
    HARDWARE_CHANGED: 'quarantined',
  },
  labelling: {
    SETTLED: 'ready',
    CLAIM_CHANGED: 'same',
    LABELS_FAILED: 'same',
    DEADLINE: 'same',
    RESUME: 'same',
    NODE_GONE: 'approved',
    RELEASE: 'same',
    REVOKE: 'revoked',
    REPLACED: 'replaced',
    HARDWARE_CHANGED: 'quarantined',
  },
  ready: {
    RESUME: 'same',
    CLAIM_CHANGED: 'labelling',
    NODE_GONE: 'approved',
    RELEASE: 'same',
    REVOKE: 'revoked',
    REPLACED: 'replaced',
    HARDWARE_CHANGED: 'quarantined',
  },
  failed: {
    DEADLINE: 'approved',
    RETRY: 'approved',
    NODE_SEEN: 'labelling',
    CLAIM_LOST: 'pending',
    REJECT: 'rejected',
    IGNORE: 'ignored',
    REVOKE: 'revoked',
    REPLACED: 'replaced',
    HARDWARE_CHANGED: 'quarantined',
    REPORTED: 'same',
    RESUME: 'same',
  },
  quarantined: {
    RETRY: 'pending',
    REJECT: 'rejected',
    IGNORE: 'ignored',
    REVOKE: 'revoked',
    REPLACED: 'replaced',
    RELEASE: 'same',
    RESUME: 'same',
  },
  rejected: {
    RECONSIDER: 'pending',
    IGNORE: 'ignored',
    REVOKE: 'revoked',
    REPLACED: 'replaced',
    RELEASE: 'same',
    RESUME: 'same',
  },
  ignored: {
    RECONSIDER: 'pending',
    REJECT: 'rejected',
    REVOKE: 'revoked',
    REPLACED: 'replaced',
    RELEASE: 'same',
    RESUME: 'same',
  },
  revoked: { RECONSIDER: 'pending', RELEASE: 'same', RESUME: 'same' },
  replaced: { RETRY: 'pending', REVOKE: 'revoked', RELEASE: 'same', RESUME: 'same' },
};

function persisted(state: string): PersistedJoin {
  return { schema: 1, state, attempt: 1, nodeName: 'lathe-left', ticketId: 'abc123', since: at };
}

describe('the join chart', () => {
  it('has exactly the states that are persisted, each described', () => {
    expect(Object.keys(chart.states).sort()).toEqual([...JOIN_STATES].sort());
    for (const state of Object.values(chart.states)) expect(state.description).toMatch(/\w.*\.$/);
  });

  it('reaches every state from pending', () => {
    const events = ALL.map((event) => ({ ...event, at }));
    const paths = getShortestPaths(chart, {
      input: FRESH_CONTEXT,
      events,
      serializeState: (snapshot) => snapshot.value,
    });
    expect(new Set(paths.map(({ state }) => state.value))).toEqual(new Set(JOIN_STATES));
  });

  it.each(JOIN_STATES)('answers every event as the table says: %s', (state) => {
    const ways = Object.fromEntries(
      ALL.flatMap((event) => {
        const taken = step(persisted(state), event, NOW_MS);
        if (!taken.taken) return [];
        return [[event.type, taken.join.state === state ? 'same' : taken.join.state]];
      }),
    );
    expect(ways).toEqual(WAYS[state]);
  });

  it.each(JOIN_STATES)('goes on from its JSON as from itself: %s', (state) => {
    for (const event of ALL) {
      const before = step(persisted(state), event, NOW_MS).join;
      const restarted = JSON.parse(JSON.stringify(before)) as PersistedJoin;
      for (const next of ALL) expect(step(restarted, next, NOW_MS + 1)).toEqual(step(before, next, NOW_MS + 1));
    }
  });

  it('takes no ticket number back', () => {
    for (const state of JOIN_STATES) {
      for (const event of ALL) {
        const snapshot = chart.resolveState({ value: state, context });
        expect(step({ ...persisted(snapshot.value), attempt: 3 }, event, NOW_MS).join.attempt).toBeGreaterThanOrEqual(
          3,
        );
      }
    }
  });
});
