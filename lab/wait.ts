import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../foundation/clock.ts';
import { UsherError } from '../foundation/errors.ts';

const POLL_MS = 25;

/**
 * Asks `probe` again and again until it gives something.
 * @param what names what is waited for, in the error
 * @throws UsherError TIMED_OUT
 */
export async function until<T>(
  clock: Clock,
  what: string,
  limitMs: number,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const endMs = clock.nowMs() + limitMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (clock.nowMs() >= endMs) throw new UsherError('TIMED_OUT', { what, limitMs });
    await delay(POLL_MS);
  }
}
