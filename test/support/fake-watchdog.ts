import type { Clock } from '../../foundation/clock.ts';
import type { WatchdogFacts } from '../../node/core/watchdog.ts';
import type { Watchdog } from '../../node/standby/watchdog-device.ts';

/** A watchdog that is none: it notes what it is told, and knows when a real one would have reset the machine. */
export class FakeWatchdog implements Watchdog {
  readonly told: string[] = [];
  /** Taken away, it is a machine without one. */
  facts: WatchdogFacts | undefined;
  /** What opening it fails with. */
  refusal: 'EBUSY' | 'EACCES' | undefined;
  /** Every pet fails. */
  isBroken = false;
  readonly #clock: Clock;
  #isOpen = false;
  #runsSinceMs: number | undefined;

  constructor(clock: Clock, facts: Partial<WatchdogFacts> = {}) {
    this.#clock = clock;
    const wanted = { identity: 'Fake watchdog', timeoutMs: 15_000, isRunning: false, isForGood: false, ...facts };
    this.facts = wanted;
    if (wanted.isRunning) this.#runsSinceMs = clock.nowMs();
  }

  /** When it resets the machine unless it is petted; undefined while it does not run. */
  get resetsAtMs(): number | undefined {
    return this.#runsSinceMs === undefined ? undefined : this.#runsSinceMs + (this.facts?.timeoutMs ?? 0);
  }

  look(): WatchdogFacts | undefined {
    return this.facts === undefined ? undefined : { ...this.facts, isRunning: this.#runsSinceMs !== undefined };
  }

  open(): void {
    if (this.refusal !== undefined) throw Object.assign(new TypeError(this.refusal), { code: this.refusal });
    this.#note('open');
    this.#isOpen = true;
    this.#runsSinceMs = this.#clock.nowMs();
  }

  pet(): void {
    if (this.isBroken) throw Object.assign(new TypeError('EIO'), { code: 'EIO' });
    if (!this.#isOpen) return;
    this.#note('pet');
    this.#runsSinceMs = this.#clock.nowMs();
  }

  disarm(): void {
    this.#note('disarm');
    this.#isOpen = false;
    if (this.facts?.isForGood !== true) this.#runsSinceMs = undefined;
  }

  abandon(): void {
    this.#note('abandon');
    this.#isOpen = false;
  }

  #note(what: string): void {
    this.told.push(what);
  }
}
