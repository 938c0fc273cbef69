import { afterAll, describe, expect, it } from 'vitest';
import type { LeaseTerms } from '../../../k8s/core/sensor-service/lease.ts';
import { runs } from '../../support/full-run.ts';
import { fuzzSeed } from '../../support/seeded.ts';
import type { Defects } from './fencing-model/service.ts';
import { type Fault, FAULTS, runSchedule } from './fencing-model/schedules.ts';

/** Schedules of each kind of fault; at least 100,000 in all. */
const SINGLE = runs(4_000, 20_000);
const CHAOS = runs(70_000, 500_000);
const DEFECT_TRIES = 20_000;
const seed = fuzzSeed('fencing model');

describe('the fencing protocol', () => {
  const counted = { schedules: 0, events: 0, unfenceable: 0 };
  afterAll(() => {
    process.stderr.write(`${JSON.stringify(counted)}\n`);
  });

  it.each(FAULTS)('never has two active at once: %s', { timeout: 1_800_000 }, (fault) => {
    for (const profile of ['Default', 'Fast'] as const) {
      const gaps: number[] = [];
      const count = Math.round((fault === 'chaos' ? CHAOS : SINGLE) / 2);
      for (let index = 0; index < count; index += 1) {
        const result = runSchedule(seed, index, { fault, profile });
        expect(result.violations, `USHER_SEED=${seed}, schedule ${index} of ${fault}, ${profile}`).toEqual([]);
        if (result.gapsMs.length > 0 && !result.isRough) gaps.push(Math.max(...result.gapsMs));
        counted.schedules += 1;
        counted.events += result.events;
        counted.unfenceable += result.unfenceable;
      }
      tell(fault, profile, gaps);
      const boundMs = LONGEST_GAP[fault];
      expect(gaps.length).toBeGreaterThan(0);
      if (boundMs !== undefined) expect(Math.max(...gaps)).toBeLessThan(boundMs[profile]);
    }
  });
});

describe('the model', () => {
  const defects: [string, Fault, { defects?: Defects; terms?: Partial<LeaseTerms> }][] = [
    ['the holder may hold as long as others wait', 'chaos', { terms: { renewDeadlineMs: 6_000 } }],
    ['no margin for the time that stopping takes', 'linkCut', { terms: { renewDeadlineMs: 5_650 } }],
    [
      'a grant counts from the answer',
      'linkCut',
      { defects: { countsFromAnswer: true }, terms: { renewDeadlineMs: 5_000 } },
    ],
    ['released before the processes are gone', 'serviceFrozen', { defects: { releasesBeforeGone: true } }],
    ['a standby that starts anew does not wait', 'chaos', { defects: { startsImpatient: true } }],
    [
      'an edit of HoldLast to Safe counts before the holder has seen it',
      'holdLast',
      { defects: { editsAtOnce: true } },
    ],
    ['a holder that has read Safe holds on all the same', 'holdLast', { defects: { holdsOnByOldTerms: true } }],
    ['writes that do not compare the version', 'chaos', { defects: { overwrites: true } }],
  ];

  it.each(defects)('finds the violation when there is a defect: %s', { timeout: 600_000 }, (_, fault, options) => {
    const found = Array.from({ length: DEFECT_TRIES }, (__, index) => index).find(
      (index) => runSchedule(seed, index, { fault, profile: 'Default', ...options }).violations.length > 0,
    );
    expect(found, `USHER_SEED=${seed}`).toBeDefined();
    process.stderr.write(`found in schedule ${String(found)}\n`);
  });
});

/** Nobody is active for longer than this, ms, on a network that loses nothing; after a power cut a lease has to run out. */
const LONGEST_GAP: Partial<Record<Fault, Record<'Default' | 'Fast', number>>> = {
  powerCut: { Default: 8_000, Fast: 4_000 },
  linkCut: { Default: 4_000, Fast: 2_500 },
  yield: { Default: 1_000, Fast: 1_000 },
};

function tell(fault: Fault, profile: string, gaps: number[]): void {
  const sorted = gaps.toSorted((one, other) => one - other);
  const at = (share: number): string =>
    String(Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)).padStart(6);
  process.stderr.write(
    `gap ms ${fault.padEnd(14)} ${profile.padEnd(8)} p50 ${at(0.5)} p95 ${at(0.95)} max ${at(1)} of ${sorted.length}\n`,
  );
}
