import { expect, it } from 'vitest';
import type { LeaseRecord } from '../../../node/core/fencing/lease-record.ts';
import { newUnit, type UnitEvent, type UnitState } from '../../../node/core/fencing/unit-state.ts';
import { step } from '../../../node/core/fencing/unit-step.ts';
import { termsOf } from './fencing-model/world.ts';

const HOLD_LAST = termsOf('Default', { onControlPlaneLoss: 'HoldLast' });
const FREE: LeaseRecord = {
  ...{ uid: 'u', version: '10', holder: undefined, epoch: 1, renewTime: 't1', leaseDurationMs: 6_000 },
  ...{ candidates: ['pi-a', 'pi-b'], terms: HOLD_LAST, unheld: false, safeNext: false },
  ...{ yieldTo: undefined, takeoverBy: undefined },
};
const HELD: LeaseRecord = { ...FREE, version: '11', holder: 'pi-a', epoch: 2, renewTime: 't2' };

/** Acquires at 0, reads `edited`, and gets no answer to its next renewals; gives when its grant ends, as granted. */
function grantedUntilMs(edited: LeaseRecord): number {
  let untilMs = 0;
  let state: UnitState = newUnit('pi-a');
  const hear = (nowMs: number, event: UnitEvent): void => {
    const outcome = step(state, event, nowMs);
    state = outcome.state;
    for (const action of outcome.actions) if (action.type === 'grant') untilMs = action.validUntilMs;
  };
  hear(0, { type: 'service-ready', connection: 1 });
  hear(0, { type: 'observed', record: FREE });
  hear(0, { type: 'answered', id: state.requests, record: HELD });
  hear(500, { type: 'observed', record: edited });
  for (const nowMs of [1_000, 2_000, 3_000]) {
    hear(nowMs, { type: 'tick' });
    hear(nowMs + 10, { type: 'unanswered', id: state.requests });
  }
  return untilMs;
}

it.each<[string, Partial<LeaseRecord>, number]>([
  ['while nobody says otherwise', {}, 7_010],
  ['no longer than its grant once it has read that the terms are Safe', { terms: termsOf('Default') }, 4_000],
  ['no longer than its grant once it has read that they are to be', { safeNext: true }, 4_000],
  ['no longer than its grant once they make no sense', { terms: undefined }, 4_000],
])('a holder of HoldLast that gets no answers goes on %s', (_, edit, expectedMs) => {
  expect(grantedUntilMs({ ...HELD, version: '12', ...edit })).toBe(expectedMs);
});

it('leaves all others to a person’s word as long as the terms are only to be Safe', () => {
  const candidate = step(newUnit('pi-b'), { type: 'service-ready', connection: 1 }, 0).state;
  const { wakeAtMs, state } = step(candidate, { type: 'observed', record: { ...HELD, safeNext: true } }, 0);
  expect(wakeAtMs).toBe(3_000);
  expect(step(state, { type: 'tick' }, 60_000).actions.map(({ type }) => type)).toEqual(['read']);
});
