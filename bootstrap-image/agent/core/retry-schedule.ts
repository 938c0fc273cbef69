import type { Random } from '../../../foundation/random.ts';

/** Right after a boot or a change of addresses: the cable was just plugged in and somebody is looking. */
const EAGER_MS = [250, 500, 1_000, 2_000];
const FIRST_PATIENT_MS = 1_000;
const PATIENT_MS = 5_000;
const LONGEST_MS = 300_000;
const JITTER = 0.3;
const SHORTEST_POLL_MS = 1_000;

/**
 * How long to wait before the next try: eager 250 ms to 2 s first, else 1 s; then 5 s doubling to 300 s; all ±30 %, so
 * that a site full of devices does not come back in one instant.
 * @param failures tries that failed in a row, at least 1
 * @returns milliseconds
 */
export function retryDelayMs(failures: number, eager: boolean, random: Random): number {
  const quick = eager ? EAGER_MS : [FIRST_PATIENT_MS];
  const index = Math.max(0, failures - 1);
  const plainMs = quick[index] ?? Math.min(LONGEST_MS, PATIENT_MS * 2 ** (index - quick.length));
  const [byte = 128] = random.bytes(1);
  return Math.round(plainMs * (1 - JITTER + (2 * JITTER * byte) / 255));
}

/** What the pause after a long poll depends on. */
export interface PolledAnswer {
  /** Whether the pinned CA vouches for who answered. */
  readonly isTrusted: boolean;
  readonly isNews: boolean;
  readonly tookMs: number;
  readonly retryAfterSec?: number | undefined;
}

/**
 * How long to wait after the answer to a long poll, in milliseconds: an appliance that has no place for one answers at
 * once, and must not be asked in a circle; nor may a stranger who makes up news keep the device busy.
 */
export function pollPauseMs({ isTrusted, isNews, tookMs, retryAfterSec = 0 }: PolledAnswer): number {
  if (tookMs >= SHORTEST_POLL_MS || (isNews && isTrusted)) return 0;
  return isNews ? SHORTEST_POLL_MS : Math.min(LONGEST_MS, Math.max(SHORTEST_POLL_MS, retryAfterSec * 1_000));
}
