import { asUsherError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';

interface Entry {
  name: string;
  stop: () => Promise<void>;
}

/** What was started and how to stop it, run in reverse order. A part that fails to stop keeps no other from stopping. */
export class StopList {
  readonly #logger: Logger;
  readonly #entries: Entry[] = [];
  #running: Promise<void> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(name: string, stop: () => Promise<void>): void {
    this.#entries.push({ name, stop });
  }

  /** Stops everything once; calling it again waits for the same stop. */
  run(): Promise<void> {
    this.#running ??= this.#stopAll();
    return this.#running;
  }

  async #stopAll(): Promise<void> {
    for (const { name, stop } of this.#entries.reverse()) {
      try {
        await stop();
      } catch (error) {
        const { code, message } = asUsherError(error);
        this.#logger.error({ part: name, code, detail: message }, 'a part did not stop cleanly');
      }
    }
  }
}
