import { type Clock, sleep } from '../../foundation/clock.ts';
import type { Identify } from '../../join/protocol/messages.ts';
import type { Led } from './adapters/led.ts';

/** Half a period: two and a half times a second is seen across a hall and is no mere disk activity. */
const BLINK_MS = 200;

export interface IdentificationOptions {
  readonly led: Led;
  readonly clock: Clock;
  /** Called whenever {@link Identification.words} has changed. */
  readonly onChange: () => void;
}

/** Lets a person find this board: its LED blinks and its console shows two words, one request at a time. */
export class Identification {
  readonly #options: IdentificationOptions;
  #asked: { words: string; ended: AbortController; over: Promise<void> } | undefined;
  #words: string | undefined;

  constructor(options: IdentificationOptions) {
    this.#options = options;
  }

  /** What the console is to show now. */
  get words(): string | undefined {
    return this.#words;
  }

  /** Begins at once and does not wait; the same words again change nothing, others take their place. */
  show(what: Identify): void {
    const before = this.#asked;
    if (before?.words === what.words) return;
    before?.ended.abort();
    const ended = new AbortController();
    const over = (before?.over ?? Promise.resolve()).then(() => this.#run(what, ended.signal));
    this.#asked = { words: what.words, ended, over };
  }

  /** Ends what is shown before its time; {@link over} tells when the LED is given back. */
  stop(): void {
    this.#asked?.ended.abort();
  }

  /** Resolves when nothing is shown any more and the LED is given back. */
  async over(): Promise<void> {
    await this.#asked?.over;
  }

  async #run({ words, seconds }: Identify, signal: AbortSignal): Promise<void> {
    const { led, clock } = this.#options;
    const isEnded = (): boolean => signal.aborted;
    if (isEnded()) return;
    this.#say(words);
    await led.borrow();
    // Counted, not compared with a clock that may be set meanwhile.
    for (let leftMs = seconds * 1000, on = true; leftMs > 0 && !isEnded(); leftMs -= BLINK_MS, on = !on) {
      await led.light(on);
      // An end by the signal is an end like any other.
      await Promise.allSettled([sleep(clock, Math.min(BLINK_MS, leftMs), signal)]);
    }
    await led.giveBack();
    if (this.#asked?.ended.signal === signal) this.#asked = undefined;
    this.#say(undefined);
  }

  #say(words: string | undefined): void {
    this.#words = words;
    this.#options.onChange();
  }
}
