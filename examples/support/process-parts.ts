import { setTimeout as delay } from 'node:timers/promises';

/** CLOCK_MONOTONIC in milliseconds, the clock of grants and of commands' ends. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** Resolves after the time, or at once when the signal is aborted. */
export async function waitFor(delayMs: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(delayMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}

/** Writes one line of JSON, as log shippers read it. */
export function log(msg: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), msg, ...fields })}\n`);
}

/** What went wrong, in words; libraries throw more than Errors. */
export function detailOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}

/** A positive number from the environment. */
export function numberOf(name: string, otherwise: number, env: NodeJS.ProcessEnv = process.env): number {
  const value = Number(env[name] ?? otherwise);
  return Number.isFinite(value) && value > 0 ? value : otherwise;
}

/** Ends this process: the partner takes over at once, and Kubernetes starts this container anew. */
export function giveUp(error: unknown): never {
  log('the device does not answer; the partner takes over', { detail: detailOf(error) });
  process.exit(1);
}

/** Ends this process: a standby without its line would take over and fail, so it waits as one that has never had it. */
export function lineLost(): never {
  giveUp('the line is gone');
}
