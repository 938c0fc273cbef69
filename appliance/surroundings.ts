import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Random } from '../foundation/random.ts';

/** What the composition root hands to every part: time, randomness, the log, and how to tell a person what goes on. */
export interface Surroundings {
  clock: Clock;
  random: Random;
  logger: Logger;
  /** What is being done now, in a few words; called again with a new text when something else begins. */
  progress: (what: string) => void;
  /** Aborted when the start is to be given up. */
  signal: AbortSignal;
}
