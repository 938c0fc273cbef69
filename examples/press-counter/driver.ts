import modbus from 'modbus-serial';
import type { Press } from './press.ts';

/** Holding registers of the counter, the high word first. */
const COUNTER = 0;
const WORDS = 2;
const ANSWER_MS = 400;

export interface ModbusPressOptions {
  readonly host: string;
  /** Default 502. */
  readonly port?: number;
}

/** A press whose controller speaks Modbus TCP. Any node of the site reaches it. */
export class ModbusPress implements Press {
  readonly #options: ModbusPressOptions;
  #client = new modbus.default();

  constructor(options: ModbusPressOptions) {
    this.#options = options;
  }

  async strokes(): Promise<number> {
    if (!this.#client.isOpen) await this.#connect();
    try {
      const { data } = await this.#client.readHoldingRegisters(COUNTER, WORDS);
      const [high = 0, low = 0] = data;
      return high * 2 ** 16 + low;
    } catch (error) {
      // What comes on this connection now may be the answer to an earlier question.
      this.#client.destroy();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (!this.#client.isOpen) return;
    const closed = Promise.withResolvers<undefined>();
    this.#client.close(() => closed.resolve(undefined));
    await closed.promise;
  }

  async #connect(): Promise<void> {
    const { host, port = 502 } = this.#options;
    const client = new modbus.default();
    client.setID(1);
    client.setTimeout(ANSWER_MS);
    // The request under way fails as well, and that is told; without a listener this would end the process.
    client.on('error', () => undefined);
    await client.connectTCP(host, { port, timeout: ANSWER_MS });
    this.#client = client;
  }
}
