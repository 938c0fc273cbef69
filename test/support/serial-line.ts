import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Instrument } from '../../lab/instruments/instrument.ts';

/** A pseudo-terminal on this machine with an instrument at its other end. */
export class SerialLine {
  readonly #folder: string;
  readonly #instrument: Instrument;
  #socat: ChildProcess | undefined;

  private constructor(folder: string, instrument: Instrument) {
    this.#folder = folder;
    this.#instrument = instrument;
  }

  static async to(instrument: Instrument): Promise<SerialLine> {
    const line = new SerialLine(await mkdtemp(join(tmpdir(), 'serial-')), instrument);
    await line.plug();
    return line;
  }

  get path(): string {
    return join(this.#folder, 'tty');
  }

  async plug(): Promise<void> {
    const socket = join(this.#folder, 'instrument.sock');
    await this.#instrument.openLine('here', socket);
    this.#socat = spawn('socat', [`PTY,link=${this.path},raw,echo=0`, `UNIX-CONNECT:${socket}`], { stdio: 'ignore' });
    await vi.waitFor(() => stat(this.path), { timeout: 5_000, interval: 10 });
  }

  async unplug(): Promise<void> {
    const socat = this.#socat;
    if (socat === undefined) return;
    this.#socat = undefined;
    const ended = once(socat, 'exit');
    socat.kill();
    await ended;
    await this.#instrument.close();
  }

  async remove(): Promise<void> {
    await this.unplug();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
