import { type Act, doubleActiveMs } from '../../../lab/instruments/act-log.ts';
import type { ValveChange } from '../../../lab/instruments/valve.ts';

/** Longest time between two acts of one that goes on acting; services act every tenth of a second, and a bad reading takes two. */
const BREAK_MS = 1_000;

/** What an instrument says about a time. */
export interface Judgement {
  /** The longest time in which nobody acted. */
  readonly gapMs: number;
  readonly doubleActiveMs: number;
  /** Who acted, in order. */
  readonly actors: readonly string[];
}

/** Judges what an instrument logged, up to now. */
export function judge(acts: readonly Act[]): Judgement {
  const breaks = acts.slice(1).map(({ atMs }, index) => atMs - (acts[index]?.atMs ?? atMs));
  const actors = acts.filter(({ by }, index) => by !== acts[index - 1]?.by).map(({ by }) => by);
  return { gapMs: Math.max(0, ...breaks), doubleActiveMs: doubleActiveMs(acts, BREAK_MS), actors };
}

/**
 * Times from which on the valve stood open although nobody spoke to it for longer than its watchdog waits, with some room for
 * timers. The word that closes it at last says nothing about the silence before it.
 * @param over.nowMs when it is judged: an opening that has not ended lasts until then
 */
export function unheldOpenings(
  changes: readonly ValveChange[],
  acts: readonly Act[],
  { watchdogMs, nowMs }: { watchdogMs: number; nowMs: number },
): number[] {
  return changes.flatMap(({ atMs, isOpen }, index) => {
    if (!isOpen) return [];
    const untilMs = changes[index + 1]?.atMs ?? nowMs;
    const words = acts.filter((act) => act.atMs > atMs && act.atMs < untilMs);
    const moments = [atMs, ...words.map((word) => word.atMs), untilMs];
    return moments.filter((momentMs, at) => (moments[at + 1] ?? momentMs) - momentMs > watchdogMs);
  });
}
