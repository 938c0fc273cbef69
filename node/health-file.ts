import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';

/** Where the standby writes it, and probes read it. */
export const HEALTH_FILE = '/run/usher/standby/health.json';

/** How often it is written, and when it is too old: the standby then does nothing any more. */
const WRITE_MS = 1_000;
const TOO_OLD_MS = 10_000;

export interface HealthFileOptions {
  readonly path: string;
  /** CLOCK_MONOTONIC. */
  readonly clock: Clock;
  readonly status: () => object;
  readonly logger: Logger;
}

/**
 * Writes again and again, as long as the process turns. Gives what stops it. While it cannot be written it grows too old,
 * which the probe sees.
 */
export function keepHealthFile({ path, clock, status, logger }: HealthFileOptions): () => void {
  let cancel = (): void => undefined;
  let problem: string | undefined;
  const write = (): void => {
    const text = JSON.stringify({ monotonicMs: Math.floor(clock.nowMs()), ...status() });
    const found = tryToWrite(path, text);
    if (found !== problem) {
      if (found === undefined) logger.info({}, 'the health file is written again');
      else logger.error({ detail: found }, 'the health file cannot be written');
    }
    problem = found;
    cancel = clock.after(WRITE_MS, write, 'hold');
  };
  write();
  return () => cancel();
}

/** What went wrong, if anything did. */
function tryToWrite(path: string, text: string): string | undefined {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** For a probe of the kubelet: true when the file is fresh. */
export function isHealthy(path: string, clock: Clock): boolean {
  return readHealth(path, clock) !== undefined;
}

/** The same of one that also says `known`: the standby has found out what it is to do. */
export function isAtWork(path: string, clock: Clock): boolean {
  const health = readHealth(path, clock);
  return health !== undefined && 'known' in health && health.known === true;
}

/** What the standby said last; undefined when it is too old, or nothing is there. */
export function readHealth(path: string, clock: Clock): object | undefined {
  try {
    const health: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof health !== 'object' || health === null || !('monotonicMs' in health)) return undefined;
    const ageMs = clock.nowMs() - Number(health.monotonicMs);
    return ageMs >= 0 && ageMs < TOO_OLD_MS ? health : undefined;
  } catch {
    return undefined;
  }
}
