import { describe, expect, it } from 'vitest';
import { repeat } from '../../../examples/support/repeat.ts';
import { UsherError } from '../../../foundation/errors.ts';

/** What became of `turns`, one after the other; each takes some time and may fail. The last one ends it. */
async function run(turns: readonly { takesMs?: number; fails?: boolean }[]): Promise<object> {
  const end = new AbortController();
  let nowMs = 0;
  const begun: number[] = [];
  const seen = { begun, failures: 0, gaveUpAtMs: undefined as number | undefined };
  const work = async (): Promise<void> => {
    const { takesMs = 0, fails = false } = turns[begun.length] ?? {};
    begun.push(nowMs);
    nowMs += takesMs;
    await Promise.resolve();
    if (begun.length === turns.length) end.abort();
    if (fails) throw new UsherError('INTERNAL', { detail: 'no answer' });
  };
  await repeat(work, {
    periodMs: 100,
    signal: end.signal,
    patienceMs: 250,
    onFailure: () => (seen.failures += 1),
    onGiveUp: () => (seen.gaveUpAtMs = nowMs),
    nowMs: () => nowMs,
    wait: (delayMs) => Promise.resolve(void (nowMs += delayMs)),
  });
  return seen;
}

describe('doing something again and again', () => {
  it('keeps the period, and loses turns instead of piling them up', async () => {
    const turns = [{}, { takesMs: 30 }, { takesMs: 250 }, {}, {}];
    expect(await run(turns)).toEqual({ begun: [0, 100, 200, 450, 550], failures: 0, gaveUpAtMs: undefined });
  });

  it('goes on after failures, and gives up when there are only failures', async () => {
    const bad = { fails: true };
    expect(await run([bad, bad, {}, bad, {}])).toMatchObject({ failures: 3, gaveUpAtMs: undefined });
    expect(await run([{}, bad, bad, bad, bad, bad])).toEqual({
      begun: [0, 100, 200, 300],
      failures: 3,
      gaveUpAtMs: 300,
    });
  });

  it('takes a failure at the end for the end', async () => {
    expect(await run([{}, { fails: true }])).toMatchObject({ failures: 0 });
  });
});
