import { mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { once } from 'node:events';
import { ActLog } from './act-log.ts';
import { type ModbusRegisters, ModbusSlave } from './modbus-slave.ts';

const SLAVE = 1;

/**
 * A simulated instrument on a serial line. Several machines may have a line to it, as two Pis of a pair have; it knows
 * which line it is spoken to on, and logs who did what.
 */
export class Instrument {
  readonly acts = new ActLog();
  readonly #lines = new Map<string, { server: Server; sockets: Set<Socket> }>();
  readonly #registersFor: (by: string, acts: ActLog) => ModbusRegisters;

  /** @param registersFor what it does for the machine at the end of a line */
  constructor(registersFor: (by: string, acts: ActLog) => ModbusRegisters) {
    this.#registersFor = registersFor;
  }

  /** Opens the end of a line at `socketPath` for the machine `by`. */
  async openLine(by: string, socketPath: string): Promise<void> {
    await this.closeLine(by);
    await mkdir(dirname(socketPath), { recursive: true });
    await rm(socketPath, { force: true });
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      const slave = new ModbusSlave(SLAVE, this.#registersFor(by, this.acts));
      sockets.add(socket);
      socket.on('data', (bytes) => socket.write(slave.take(bytes)));
      // A power cut ends the other side in the middle of a word.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    });
    server.listen(socketPath);
    await once(server, 'listening');
    this.#lines.set(by, { server, sockets });
  }

  async closeLine(by: string): Promise<void> {
    const line = this.#lines.get(by);
    if (line === undefined) return;
    this.#lines.delete(by);
    for (const socket of line.sockets) socket.destroy();
    const closed = once(line.server, 'close');
    line.server.close();
    await closed;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lines.keys()].map((by) => this.closeLine(by)));
  }
}
