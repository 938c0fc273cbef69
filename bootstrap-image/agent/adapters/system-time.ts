import { isUsherError } from '../../../foundation/errors.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import { clockCorrection, clockFloor, type ToldTime } from '../core/clock-rule.ts';
import { readText } from './read-file.ts';
import { run } from './services.ts';

/** Sets the machine's clock (milliseconds since the epoch). */
export type SetClock = (ms: number) => Promise<void>;

/** By date(1), which every system has; needs the right to set the clock. */
export const setSystemClock: SetClock = (ms) => run('date', ['-u', '-s', `@${(ms / 1_000).toFixed(3)}`]);

export interface DeviceTimeOptions {
  readonly clock: Clock;
  readonly setClock: SetClock;
  /** The file that systemd-timesyncd makes once NTP has answered. */
  readonly synchronisedPath: string;
  readonly logger: Logger;
}

/** Keeps the device's clock plausible. A clock that may not be set is no reason to stop. */
export class DeviceTime {
  readonly #options: DeviceTimeOptions;

  constructor(options: DeviceTimeOptions) {
    this.#options = options;
  }

  /** True when NTP has set the clock. */
  async isSynchronised(): Promise<boolean> {
    return (await readText(this.#options.synchronisedPath)) !== undefined;
  }

  /** Follows the appliance's time if it is far from ours. */
  async follow(told: ToldTime): Promise<void> {
    const correctMs = clockCorrection(this.#options.clock.nowMs(), told, await this.isSynchronised());
    if (correctMs !== undefined) await this.#set(correctMs, 'the clock now follows the appliance');
  }

  /** Never earlier than the card was written. */
  async raiseTo(issuedAt: string): Promise<void> {
    const floorMs = clockFloor(this.#options.clock.nowMs(), issuedAt);
    if (floorMs !== undefined) await this.#set(floorMs, 'the clock was earlier than the card');
  }

  async #set(ms: number, message: string): Promise<void> {
    const wasMs = this.#options.clock.nowMs();
    try {
      await this.#options.setClock(ms);
      this.#options.logger.info({ wasMs, nowMs: ms }, message);
    } catch (error) {
      if (!isUsherError(error)) throw error;
      this.#options.logger.warn({ code: error.code, detail: error.message }, 'the clock could not be set');
    }
  }
}
