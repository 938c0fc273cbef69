import { type Clock, systemClock } from '../../foundation/clock.ts';

/**
 * CLOCK_MONOTONIC as a Clock: nobody sets it, and it is the same in all containers of a machine. It stands still while a
 * machine sleeps, which nodes must therefore not do.
 */
export const monotonicClock: Clock = {
  nowMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  after: (delayMs, run, hold) => systemClock.after(delayMs, run, hold),
};
