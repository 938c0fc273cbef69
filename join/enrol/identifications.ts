import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import type { Identify } from '../protocol/messages.ts';

/** What the device API lends to whoever wants a device to show itself. */
export interface DevicesThatShow {
  /** True while the device waits for news: it then hears at once. */
  isListening(deviceId: string): boolean;
  /**
   * Asks the device to blink and show `words` for `seconds`. Gives true as soon as it was told, and false when it has not
   * asked for news within `waitMs`; it is then not told any more. Nothing is written anywhere.
   */
  show(deviceId: string, what: Identify, waitMs: number): Promise<boolean>;
}

interface Entry {
  readonly words: string;
  readonly untilMs: number;
  isTold: boolean;
  onTold: () => void;
  cancel: CancelTimer;
}

/** What devices are asked to show just now; in memory, one thing per device, gone when its time is over. */
export class Identifications {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Offers it to the device's requests, as {@link DevicesThatShow.show} says. A later one takes the place of an earlier. */
  offer(deviceId: string, { words, seconds }: Identify, waitMs: number): Promise<boolean> {
    this.#remove(deviceId);
    return new Promise((resolve) => {
      const entry: Entry = {
        words,
        untilMs: this.#clock.nowMs() + seconds * 1000,
        isTold: false,
        onTold: () => {
          entry.cancel();
          entry.cancel = this.#clock.after(entry.untilMs - this.#clock.nowMs(), () => this.#remove(deviceId));
          resolve(true);
        },
        cancel: this.#clock.after(waitMs, () => {
          this.#remove(deviceId);
          resolve(false);
        }),
      };
      this.#entries.set(deviceId, entry);
    });
  }

  /** True when the device is to be told something that it has not heard yet. */
  isNews(deviceId: string): boolean {
    return this.#entries.get(deviceId)?.isTold === false;
  }

  /** What to tell the device in the reply that goes out now; empty when there is nothing to show. */
  tell(deviceId: string): { identify?: Identify } {
    const entry = this.#entries.get(deviceId);
    const leftMs = (entry?.untilMs ?? 0) - this.#clock.nowMs();
    if (entry === undefined || leftMs <= 0) return {};
    if (!entry.isTold) {
      entry.isTold = true;
      entry.onTold();
    }
    return { identify: { words: entry.words, seconds: Math.ceil(leftMs / 1000) } };
  }

  #remove(deviceId: string): void {
    this.#entries.get(deviceId)?.cancel();
    this.#entries.delete(deviceId);
  }
}
