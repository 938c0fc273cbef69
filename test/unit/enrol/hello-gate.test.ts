import { describe, expect, it } from 'vitest';
import { UsherError } from '../../../foundation/errors.ts';
import { HelloGate } from '../../../join/enrol/hello-gate.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** Hellos that are looked at until they are told to end. */
function crowd(gate: HelloGate, count: number): { begun: () => number; end: () => void; all: Promise<unknown>[] } {
  let begun = 0;
  const ends: (() => void)[] = [];
  const all = Array.from({ length: count }, () =>
    gate.run(() => {
      begun += 1;
      return new Promise<void>((resolve) => ends.push(resolve));
    }),
  );
  for (const one of all) one.catch(() => undefined);
  return { begun: () => begun, end: () => ends.shift()?.(), all };
}

describe('a site whose power comes back', () => {
  it('is taken in sixteen at a time, in order, and the end of the line is asked to come back', async () => {
    const { begun, end, all } = crowd(new HelloGate(new ManualClock(0)), 100);
    await Promise.resolve();
    expect(begun()).toBe(16);
    const refused = (await Promise.allSettled(all.slice(80))).map((one) =>
      one.status === 'rejected' ? (one.reason as unknown) : one,
    );
    for (const error of refused) {
      expect(error).toBeInstanceOf(UsherError);
      expect(error).toMatchObject({ code: 'ENROL_BUSY' });
    }
    for (let ended = 0; ended < 80; ended += 1) {
      end();
      await new Promise(setImmediate);
      expect(begun()).toBe(Math.min(80, 17 + ended));
    }
    await Promise.all(all.slice(0, 80));
  });

  it('gives a place free when the work of one fails', async () => {
    const gate = new HelloGate(new ManualClock(0));
    for (let n = 0; n < 200; n += 1) {
      await expect(gate.run(() => Promise.reject(new UsherError('NOT_APPROVED')))).rejects.toThrow(UsherError);
    }
    expect(await gate.run(() => Promise.resolve('in'))).toBe('in');
  });
});
