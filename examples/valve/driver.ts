import type { ModbusLine } from '../modbus/modbus-line.ts';
import type { Position, Valve } from './valve.ts';

/** On is open. */
const COIL = 0;
/** Holding register, in tenths of a second. */
const WATCHDOG_REGISTER = 0;

/** A motor valve behind a relay board with a watchdog, on Modbus. */
export class ModbusValve implements Valve {
  readonly #line: ModbusLine;

  constructor(line: ModbusLine) {
    this.#line = line;
  }

  open(): Promise<void> {
    return this.#line.open();
  }

  arm(watchdogMs: number): Promise<void> {
    return this.#line.writeRegister(WATCHDOG_REGISTER, Math.ceil(watchdogMs / 100));
  }

  move(to: Position): Promise<void> {
    return this.#line.writeCoil(COIL, to === 'open');
  }
}
