import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { I2cBus } from './i2c-bus.ts';

const TOOL = '/usr/sbin/i2ctransfer';
const LIMIT_MS = 500;
const run = promisify(execFile);

/** An I2C bus of the kernel (`/dev/i2c-N`), by Debian's i2c-tools. */
export class I2cTransfer implements I2cBus {
  readonly #bus: number;
  readonly #tool: string;

  /** @param bus N of `/dev/i2c-N` */
  constructor(bus: number, tool = TOOL) {
    this.#bus = bus;
    this.#tool = tool;
  }

  async read(address: number, count: number): Promise<Uint8Array> {
    const message = `r${count}@0x${address.toString(16).padStart(2, '0')}`;
    const { stdout } = await run(this.#tool, ['-y', String(this.#bus), message], { timeout: LIMIT_MS });
    return Uint8Array.from(stdout.trim().split(/\s+/), Number);
  }
}
