import type { Role } from '../../node/client/sensor-service.ts';
import { detailOf, giveUp, log, monotonicMs, waitFor } from './process-parts.ts';
import { repeat, type RepeatOptions } from './repeat.ts';

/**
 * Takes a reading every `periodMs` as long as a role lasts. A failure is logged; when nothing but failures came for
 * `patienceMs`, this process ends, so that its partner takes over.
 */
export async function takeReadings(
  { unit, signal }: Pick<Role, 'unit' | 'signal'>,
  read: () => Promise<void>,
  { periodMs, patienceMs }: Pick<RepeatOptions, 'periodMs' | 'patienceMs'>,
): Promise<void> {
  await repeat(read, {
    periodMs,
    signal,
    patienceMs,
    onFailure: (error) => log('no reading', { unit, detail: detailOf(error) }),
    onGiveUp: giveUp,
    nowMs: monotonicMs,
    wait: waitFor,
  });
}
