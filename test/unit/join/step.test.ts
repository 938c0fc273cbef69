import { describe, expect, it } from 'vitest';
import { holdsPlace, startJoin, step, ticketExpiryMs } from '../../../join/core/step.ts';
import type { JoinEvent } from '../../../join/core/chart.ts';
import type { PersistedJoin } from '../../../k8s/core/resources.ts';

const T0 = Date.parse('2026-03-01T12:00:00Z');
const SEC = 1000;
const MIN = 60 * SEC;
const HOUR = 60 * MIN;
const approve: JoinEvent = { type: 'APPROVE', nodeName: 'lathe-left', claim: 'lathe-left' };
const asked: JoinEvent = { type: 'ASKED', ticketId: 'abc123' };
const failed: JoinEvent = { type: 'TICKET_FAILED', error: { code: 'TICKET_FAILED', params: { detail: 'no room' } } };

/** Follows events, each at its moment in milliseconds after T0. */
function follow(...events: [number, JoinEvent][]): PersistedJoin {
  let join = startJoin(T0);
  for (const [afterMs, event] of events) join = step(join, event, T0 + afterMs).join;
  return join;
}
const names = (join: PersistedJoin, event: JoinEvent): string[] =>
  step(join, event, T0 + HOUR)
    .actions.map(({ name }) => name)
    .filter((name) => name !== 'emitEvent');

describe('step', () => {
  it('gives a ticket 30 s to be made and 6 min to live, counted from the request', () => {
    const ticketing = follow([0, approve], [SEC, asked]);
    expect(ticketing).toMatchObject({ state: 'ticketing', attempt: 1, ticketId: 'abc123', nodeName: 'lathe-left' });
    expect(Date.parse(ticketing.deadline ?? '')).toBe(T0 + 31 * SEC);
    const joining = step(ticketing, { type: 'TICKET_MADE' }, T0 + 5 * SEC).join;
    expect(Date.parse(joining.deadline ?? '')).toBe(T0 + SEC + 6 * MIN);
    expect(ticketExpiryMs(ticketing)).toBe(ticketExpiryMs(joining));
  });

  it('holds a place while ticketing and for 90 s of joining', () => {
    const ticketing = follow([0, approve], [0, asked]);
    const joining = step(ticketing, { type: 'TICKET_MADE' }, T0).join;
    expect(holdsPlace(ticketing, T0 + HOUR)).toBe(true);
    expect(holdsPlace(joining, T0 + 89 * SEC)).toBe(true);
    expect(holdsPlace(joining, T0 + 90 * SEC)).toBe(false);
    expect(holdsPlace(step(joining, { type: 'NODE_SEEN', nodeName: 'lathe-left' }, T0).join, T0)).toBe(false);
  });

  it('makes a ticket password first and undoes it in reverse', () => {
    expect(names(follow([0, approve]), asked)).toEqual(['makeNodePassword', 'listName', 'makeBootstrapToken']);
    const ticketing = follow([0, approve], [0, asked]);
    const undone = ['burnTicket', 'unlistName', 'removeNodePassword'];
    for (const event of [failed, { type: 'DEADLINE' }, { type: 'CLAIM_LOST' }] satisfies JoinEvent[]) {
      expect(names(ticketing, event)).toEqual(undone);
    }
  });

  it('burns a used ticket but leaves the password, which k3s adopts', () => {
    const joining = follow([0, approve], [0, asked], [0, { type: 'TICKET_MADE' }]);
    const seen = step(joining, { type: 'NODE_SEEN', nodeName: 'lathe-left' }, T0);
    expect(seen.join.ticketId).toBeUndefined();
    expect(names(joining, { type: 'NODE_SEEN', nodeName: 'lathe-left' })).toEqual([
      'burnTicket',
      'unlistName',
      'applyLabels',
    ]);
  });

  it('has nothing to undo for a device that never had a ticket', () => {
    expect(names(follow([0, approve]), { type: 'CLAIM_LOST' })).toEqual([]);
  });

  it('waits longer after each failure, and a day after the oldest of five', () => {
    let join = startJoin(T0);
    const waits: number[] = [];
    const codes: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const nowMs = T0 + round * HOUR;
      for (const event of [approve, asked]) join = step(join, event, nowMs).join;
      const taken = step(join, failed, nowMs);
      join = taken.join;
      if (taken.failure.is === 'shown') codes.push(taken.failure.failure.code);
      waits.push(Date.parse(join.deadline ?? '') - nowMs);
      if (round < 4) join = step(join, { type: 'DEADLINE' }, nowMs + 10 * MIN).join;
    }
    expect(waits).toEqual([10 * SEC, 20 * SEC, 40 * SEC, 80 * SEC, 20 * HOUR]);
    expect(codes).toEqual([...Array<string>(4).fill('TICKET_FAILED'), 'TOO_MANY_ATTEMPTS']);
    const retried = step(join, { type: 'RETRY' }, T0 + 5 * HOUR).join;
    expect(retried).toMatchObject({ state: 'approved', attempt: 5 });
    expect(retried.failures).toBeUndefined();
  });

  it('counts no failure that is older than a day', () => {
    const long = follow([0, approve], [0, asked], [0, failed], [HOUR, { type: 'DEADLINE' }], [25 * HOUR, asked]);
    expect(step(long, failed, T0 + 25 * HOUR).join.failures).toEqual([new Date(T0 + 25 * HOUR).toISOString()]);
  });

  it('sets labels again when they are not set in 30 s', () => {
    const labelling = follow([0, approve], [0, { type: 'NODE_SEEN', nodeName: 'lathe-left' }]);
    expect(Date.parse(labelling.deadline ?? '')).toBe(T0 + 30 * SEC);
    const again = step(labelling, { type: 'DEADLINE' }, T0 + 30 * SEC);
    expect(again.actions.map(({ name }) => name)).toEqual(['applyLabels']);
    expect(again.join).toEqual({ ...labelling, deadline: new Date(T0 + 60 * SEC).toISOString() });
  });

  it('holds a name whose password Usher did not make until an operator has looked', () => {
    const ticketing = follow([0, approve], [0, asked]);
    const error = { code: 'NODE_PASSWORD_FOREIGN', params: { nodeName: 'lathe-left', secret: 's' } } as const;
    const held = step(ticketing, { type: 'TICKET_FAILED', error }, T0);
    expect(held.join.state).toBe('quarantined');
    expect(held.failure).toMatchObject({ is: 'shown', failure: { code: 'NODE_PASSWORD_FOREIGN' } });
  });

  it.each([
    ['an unknown state', { schema: 1, state: 'provisioning', attempt: 4, nodeName: 'lathe-left', since: 'x' }],
    ['an unknown schema', { schema: 2, state: 'ready', attempt: 4, nodeName: 'lathe-left', since: 'x' }],
    ['rubbish', { schema: 1, state: '', attempt: Number.NaN, since: '' }],
  ])('migrates %s to pending', (_, persisted) => {
    const taken = step(persisted as PersistedJoin, { type: 'RESUME' }, T0);
    expect(taken.join.state).toBe('pending');
    expect(taken.join.attempt).toBe(Number.isNaN(persisted.attempt) ? 0 : 4);
    expect(taken.failure).toMatchObject({ is: 'shown', failure: { code: 'STATE_UNKNOWN' } });
  });
});
