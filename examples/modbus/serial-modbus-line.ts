import modbus from 'modbus-serial';
import type { ModbusLine } from './modbus-line.ts';
import { SERIAL_BINDING } from './serial-binding.ts';

export interface SerialModbusOptions {
  /** Device file of the serial line. */
  readonly path: string;
  /** Default 19,200, as the standard recommends. */
  readonly baudRate?: number;
  /** Address of the instrument on the line, 1 to 247. Default 1. */
  readonly slave?: number;
  /** How long an answer may take. Default 300. */
  readonly answerMs?: number;
  /** Called when an open line is gone, as when its adapter was unplugged: a standby would not notice else. */
  readonly onLost?: () => void;
}

/** Modbus RTU on a serial line (MODBUS over Serial Line 1.02). One request at a time, as the line wants it. */
export class SerialModbusLine implements ModbusLine {
  readonly #options: Required<SerialModbusOptions>;
  #client = new modbus.default();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: SerialModbusOptions) {
    this.#options = { baudRate: 19_200, slave: 1, answerMs: 300, onLost: () => undefined, ...options };
  }

  async open(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#client.isOpen) return;
      const { path, baudRate, slave, answerMs, onLost } = this.#options;
      const client = new modbus.default();
      client.setID(slave);
      client.setTimeout(answerMs);
      // The request under way fails as well, and that is told; without a listener this would end the process.
      client.on('error', () => undefined);
      // Handed on to SerialPort as it is; its type does not say so.
      const port = { baudRate, binding: SERIAL_BINDING };
      await client.connectRTUBuffered(path, port);
      // Not told of a line that is closed by will.
      client.on('close', onLost);
      this.#client = client;
    });
  }

  readInputRegisters(address: number, count: number): Promise<readonly number[]> {
    return this.#inTurn(async () => (await this.#client.readInputRegisters(address, count)).data);
  }

  async writeCoil(address: number, on: boolean): Promise<void> {
    await this.#inTurn(() => this.#client.writeCoil(address, on));
  }

  async writeRegister(address: number, value: number): Promise<void> {
    await this.#inTurn(() => this.#client.writeRegister(address, value));
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#client.isOpen) return;
      const closed = Promise.withResolvers<undefined>();
      this.#client.close(() => closed.resolve(undefined));
      await closed.promise;
    });
  }

  /** On a free line the work begins a microtask after it was asked for. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    // Whoever asked hears of it.
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
