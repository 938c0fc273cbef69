import { describe, expect, it } from 'vitest';
import type { Act } from '../../../lab/instruments/act-log.ts';
import type { ValveChange } from '../../../lab/instruments/valve.ts';
import { judge, unheldOpenings } from '../../site/support/judge.ts';

const acts = (text: string): Act[] =>
  text.split(' ').map((word) => ({ by: word.slice(0, 1), atMs: Number(word.slice(1)), what: 'read', value: 0 }));

/** Words that keep the valve open, one each 250 ms. */
const words = (fromMs: number, untilMs: number): string =>
  Array.from({ length: Math.floor((untilMs - fromMs) / 250) + 1 }, (_, at) => `a${String(fromMs + at * 250)}+`).join(
    ' ',
  );

const changesOf = (text: string): ValveChange[] =>
  text.split(' ').map((word) => ({
    ...{ atMs: Number(word.slice(1, -1)), isOpen: word.endsWith('+') },
    by: word.startsWith('w') ? undefined : word.slice(0, 1),
  }));

describe('what an instrument says about a takeover', () => {
  it.each([
    ['one after the other', 'a0 a100 a200 b5200 b5300', { gapMs: 5000, doubleActiveMs: 0, actors: ['a', 'b'] }],
    ['and back', 'a0 a100 b200 b300 a1500', { gapMs: 1200, doubleActiveMs: 0, actors: ['a', 'b', 'a'] }],
    ['two for a while', 'a0 b100 a200 b300 b400', { doubleActiveMs: 100 }],
    ['a single late act', 'a0 a100 b5000 b5100 a5150 b5200', { doubleActiveMs: 1 }],
  ])('%s', (_what, text, expected) => {
    expect(judge(acts(text))).toMatchObject(expected);
  });

  // A word of the valve as "a100+": who, when, open (+) or closed (-); "w" is its own watchdog, which is no act.
  it.each([
    ['closed by its watchdog', 'a100+ a200+ w1200-', []],
    ['closed by another node long after the last word', 'a100+ a200+ b5200-', [200]],
    ['opened anew by another node long after the last word', 'a100+ b5200+ b5300-', [100]],
    ['closed too late by its watchdog', 'a100+ a200+ w5000-', [200]],
    ['held by words', `${words(100, 6_100)} a6200-`, []],
    ['still open, and held', words(100, 9_900), []],
    ['still open, and forgotten', 'a100+ a200+', [200]],
    ['closed, with nobody speaking', 'a100+ a200- b9000-', []],
  ])('a valve %s', (_what, text, expected) => {
    const changes = changesOf(text);
    const spoken = changes.flatMap(({ atMs, by, isOpen }): Act[] =>
      // The valve logs the act, then the change.
      by === undefined ? [] : [{ by, atMs: atMs - 0.01, what: 'write', value: isOpen ? 1 : 0 }],
    );
    const limits = { watchdogMs: 1_500, nowMs: 10_000 };
    expect(unheldOpenings(changes, spoken, limits)).toEqual(expected);
    // Whether a word that changes nothing counts as a change, too, makes no difference.
    const turns = changes.filter(({ isOpen }, index) => isOpen !== (changes[index - 1]?.isOpen ?? false));
    expect(unheldOpenings(turns, spoken, limits).map(Math.ceil)).toEqual(expected);
  });
});
