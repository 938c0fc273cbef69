import { type Clock, systemClock } from '../../foundation/clock.ts';
import { labNowMs } from './act-log.ts';
import { Instrument } from './instrument.ts';

/** Coil of the valve: on is open, off is closed, which is its safe state. */
export const VALVE_COIL = 0;
/** Holding register: after so many tenths of a second without a write it closes by itself; 0 switches that off. */
export const VALVE_WATCHDOG_REGISTER = 0;

/** From when on the valve stood so, and by whose word; `undefined` when its own watchdog closed it. */
export interface ValveChange {
  readonly atMs: number;
  readonly isOpen: boolean;
  readonly by: string | undefined;
}

/**
 * A motor valve behind a relay board with a watchdog, simulated: one coil, and a register for the watchdog, as such
 * boards have. It stays as it is until it is told otherwise, or its watchdog ends.
 */
export class Valve {
  readonly instrument: Instrument;
  readonly #changes: ValveChange[] = [{ atMs: labNowMs(), isOpen: false, by: undefined }];
  readonly #clock: Clock;
  #watchdogMs = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.instrument = new Instrument((by, acts) => ({
      readCoils: (address) => (address === VALVE_COIL ? [this.isOpen] : undefined),
      writeCoil: (address, on) => {
        if (address !== VALVE_COIL) return undefined;
        acts.add(by, 'write', on ? 1 : 0);
        this.#become(on, by);
        return true;
      },
      writeHolding: (address, value) => {
        if (address !== VALVE_WATCHDOG_REGISTER) return undefined;
        this.#watchdogMs = value * 100;
        this.#arm();
        return true;
      },
    }));
  }

  get isOpen(): boolean {
    return this.#changes.at(-1)?.isOpen ?? false;
  }

  /** Every change since the beginning. */
  get changes(): readonly ValveChange[] {
    return this.#changes;
  }

  #become(isOpen: boolean, by: string | undefined): void {
    if (isOpen !== this.isOpen || by !== undefined) this.#changes.push({ atMs: labNowMs(), isOpen, by });
    this.#arm();
  }

  #arm(): void {
    this.#cancel?.();
    if (this.#watchdogMs === 0 || !this.isOpen) return;
    this.#cancel = this.#clock.after(this.#watchdogMs, () => this.#become(false, undefined));
  }
}
