import type { Clock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import { WaitingLine } from '../core/waiting-line.ts';

/** Hellos whose evidence is looked at side by side: each costs the API server some ten requests. */
const AT_ONCE = 16;
/** Hellos that wait for their turn; a device gives up after ten seconds, so more could not be served. */
const MOST_WAITING = 64;

/**
 * Takes in devices at the pace of the API server. When a whole site gets its power back, those that find the line too
 * long are sent away at once, with the time after which there is room, instead of all of them waiting until none is
 * served.
 */
export class HelloGate {
  readonly #clock: Clock;
  readonly #line = new WaitingLine();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does `work` when it is the device's turn. @throws UsherError ENROL_BUSY when the line is too long */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < AT_ONCE) this.#running += 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= MOST_WAITING) {
      throw new UsherError('ENROL_BUSY', { retryAfterSec: this.#line.turnAway(this.#clock.nowMs()) });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
