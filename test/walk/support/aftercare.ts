import { rm } from 'node:fs/promises';
import { systemClock } from '../../../foundation/clock.ts';
import { isUsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { sweepLab } from '../../../lab/sweep.ts';
import { until } from '../../../lab/wait.ts';

// `node aftercare.ts LAB FOLDER`: when standard input ends, which it does however the tests end, nothing is left of them.
const [, , lab = '', folder = ''] = process.argv;
const LIMIT_MS = 60_000;
process.stdin.resume().once('end', () => void clearUp());

async function clearUp(): Promise<void> {
  await until(systemClock, 'the end of the tests', LIMIT_MS, isSwept);
  await rm(folder, { recursive: true, force: true });
}

/** A process that was killed is there, and so has the lab, until its parent has looked. */
async function isSwept(): Promise<true | undefined> {
  try {
    await sweepLab(lab, silentLogger);
    return true;
  } catch (error) {
    if (isUsherError(error, 'LAB_ALREADY_RUNNING')) return undefined;
    throw error;
  }
}
