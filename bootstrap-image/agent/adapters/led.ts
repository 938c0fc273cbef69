import { constants, open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../../foundation/errors.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { DevicePaths } from '../core/device-paths.ts';
import { removeDurably, writeDurably } from './durable-file.ts';
import { readFact, readText } from './read-file.ts';
import { parseJson } from './state-file.ts';

/** What drove the LED before it was borrowed. */
const Borrowed = z.object({ led: z.string(), trigger: z.string(), brightness: z.string() });
type Borrowed = z.infer<typeof Borrowed>;

const NO_TRIGGER = 'none';

/**
 * The activity LED (Linux, Documentation/leds/leds-class.rst). What drives it is written down before it is touched, on a
 * disk that a boot empties as a boot resets the LED: so whoever starts after a killed agent can give it back. A board
 * without one, or a kernel that refuses, is no fault: nothing here throws.
 */
export class Led {
  readonly #paths: Pick<DevicePaths, 'leds' | 'ledBorrowed'>;
  readonly #logger: Logger;
  #led: { path: string; on: string } | undefined;

  constructor(paths: Pick<DevicePaths, 'leds' | 'ledBorrowed'>, logger: Logger) {
    this.#paths = paths;
    this.#logger = logger;
  }

  /** Takes the LED from the kernel; gives false when the board has none. */
  async borrow(): Promise<boolean> {
    return (await this.#attempt(() => this.#take())) ?? false;
  }

  /** Lights it, or not; nothing happens unless it is borrowed. */
  async light(on: boolean): Promise<void> {
    const led = this.#led;
    if (led !== undefined) await this.#attempt(() => writeExisting(join(led.path, 'brightness'), on ? led.on : '0'));
  }

  /** Gives the LED back to what drove it, also one that an earlier run borrowed. May be repeated. */
  async giveBack(): Promise<void> {
    this.#led = undefined;
    await this.#attempt(async () => {
      const borrowed = await this.#borrowed();
      if (borrowed === undefined) return;
      const { led, trigger, brightness } = borrowed;
      await this.#attempt(() => writeExisting(join(led, 'trigger'), trigger));
      // Only then, and only without one: a trigger sets the brightness itself, and a brightness of 0 ends it.
      if (trigger === NO_TRIGGER) await this.#attempt(() => writeExisting(join(led, 'brightness'), brightness));
      await removeDurably(this.#paths.ledBorrowed);
    });
  }

  async #take(): Promise<boolean> {
    for (const led of this.#paths.leds) {
      const triggers = await readFact(join(led, 'trigger'));
      if (triggers === undefined) continue;
      // What an earlier run wrote down is the truth: what drives the LED now may be that run's own doing.
      if ((await this.#borrowed()) === undefined) {
        const brightness = (await readFact(join(led, 'brightness'))) ?? '0';
        await this.#writeDown({ led, trigger: chosenOf(triggers), brightness });
      }
      await writeExisting(join(led, 'trigger'), NO_TRIGGER);
      this.#led = { path: led, on: (await readFact(join(led, 'max_brightness'))) ?? '1' };
      return true;
    }
    return false;
  }

  async #borrowed(): Promise<Borrowed | undefined> {
    const text = await readText(this.#paths.ledBorrowed);
    return text === undefined ? undefined : Borrowed.safeParse(parseJson(text)).data;
  }

  async #writeDown(borrowed: Borrowed): Promise<void> {
    await writeDurably(this.#paths.ledBorrowed, `${JSON.stringify(borrowed)}\n`, 0o600);
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#logger.debug({ detail: messageOf(error) }, 'the LED does not obey');
      return undefined;
    }
  }
}

/** The trigger in brackets: `none [mmc0] timer`. */
function chosenOf(triggers: string): string {
  return /\[([^\]]+)\]/.exec(triggers)?.[1] ?? triggers;
}

/** Never creates the file: a LED is there or it is not. */
async function writeExisting(path: string, text: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_TRUNC);
  try {
    await file.write(text);
  } finally {
    await file.close();
  }
}
