import { describe, expect, it } from 'vitest';
import type { LeaseRecord } from '../../../node/core/fencing/lease-record.ts';
import { newUnit, type UnitEvent } from '../../../node/core/fencing/unit-state.ts';
import { type Outcome, step } from '../../../node/core/fencing/unit-step.ts';
import { termsOf } from './fencing-model/world.ts';

/** Terms of the default profile: 6 s of lease, 4 s to renew, every second. */
const HELD: LeaseRecord = {
  ...{ uid: 'u', version: '10', holder: 'pi-b', epoch: 1, renewTime: 't1', leaseDurationMs: 6_000 },
  ...{ candidates: ['pi-b', 'pi-a'], terms: termsOf('Default'), unheld: false, safeNext: false },
  ...{ yieldTo: undefined, takeoverBy: undefined },
};

/** One unit on pi-a, and what it does at each event. */
class Candidate {
  #last: Outcome = { state: newUnit('pi-a'), actions: [], wakeAtMs: undefined };

  constructor(record: LeaseRecord, { isReady = true } = {}) {
    if (isReady) this.hear(0, { type: 'service-ready', connection: 1 });
    this.hear(0, { type: 'observed', record });
  }

  get wakeAtMs(): number | undefined {
    return this.#last.wakeAtMs;
  }

  hear(nowMs: number, event: UnitEvent): string[] {
    this.#last = step(this.#last.state, event, nowMs);
    return this.#last.actions.map(({ type }) => type);
  }

  answer(nowMs: number, record: LeaseRecord): string[] {
    return this.hear(nowMs, { type: 'answered', id: this.#last.state.requests, record });
  }
}

describe('a candidate that misses the beats of the holder', () => {
  it('asks the store once, and waits no less and no longer for the answer that nothing is new', () => {
    const unit = new Candidate(HELD);
    expect(unit.wakeAtMs).toBe(3_000);
    expect(unit.hear(2_999, { type: 'tick' })).toEqual([]);
    expect(unit.hear(3_000, { type: 'tick' })).toEqual(['read']);
    expect(unit.answer(3_020, HELD)).toEqual([]);
    expect(unit.wakeAtMs).toBe(6_000);
    expect(unit.hear(5_999, { type: 'tick' })).toEqual([]);
    expect(unit.hear(6_000, { type: 'tick' })).toEqual(['write']);
  });

  it('waits anew when the store knows of a beat that the watch did not tell', () => {
    const unit = new Candidate(HELD);
    unit.hear(3_000, { type: 'tick' });
    unit.answer(3_020, { ...HELD, version: '13', renewTime: 't4' });
    expect(unit.wakeAtMs).toBe(6_020);
    expect(unit.hear(6_020, { type: 'tick' })).toEqual(['read']);
    unit.answer(6_030, { ...HELD, version: '13', renewTime: 't4' });
    expect(unit.hear(9_019, { type: 'tick' })).toEqual([]);
    expect(unit.hear(9_020, { type: 'tick' })).toEqual(['write']);
  });

  it('does not believe an answer that the watch has overtaken', () => {
    const unit = new Candidate(HELD);
    unit.hear(3_000, { type: 'tick' });
    unit.hear(3_010, { type: 'observed', record: { ...HELD, version: '13', renewTime: 't4' } });
    unit.answer(3_020, HELD);
    expect(unit.hear(9_009, { type: 'tick' })).toEqual([]);
    expect(unit.hear(9_010, { type: 'tick' })).toEqual(['write']);
  });

  it('asks again, by another request, when no answer comes, and runs when its time has come', () => {
    const unit = new Candidate(HELD);
    unit.hear(3_000, { type: 'tick' });
    expect(unit.wakeAtMs).toBe(4_500);
    expect(unit.hear(4_500, { type: 'tick' })).toEqual(['abort', 'read']);
    expect(unit.hear(6_000, { type: 'tick' })).toEqual(['abort', 'write']);
  });

  it.each<[string, LeaseRecord, boolean, string[]]>([
    ['whose service is not ready', HELD, false, ['read']],
    [
      'that waits for an operator',
      { ...HELD, terms: termsOf('Default', { onControlPlaneLoss: 'HoldLast' }) },
      true,
      ['read'],
    ],
    ['of a unit that nobody may hold yet', { ...HELD, candidates: [] }, true, ['read']],
    ['of a Lease that makes no sense', { ...HELD, terms: undefined }, true, []],
    ['of a Lease that was released', { ...HELD, holder: undefined, candidates: ['pi-b'] }, true, []],
  ])('%s', (_, record, isReady, expected) => {
    expect(new Candidate(record, { isReady }).hear(3_000, { type: 'tick' })).toEqual(expected);
  });
});
