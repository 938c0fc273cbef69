import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SYSFS_FIXTURES } from '../core/mount-plan.ts';
import type { Machine } from '../machine.ts';
import type { Instrument } from './instrument.ts';

/** Folder of a lab with the sockets of its instruments, and where every Pi sees it. */
export const INSTRUMENTS_FOLDER = 'instruments';
export const INSTRUMENTS_IN_MACHINE = '/run/lab-instruments';

/** A USB serial adapter, as lsusb tells of it. */
export interface AdapterOptions {
  /** For instance `ttyUSB0`. */
  readonly tty: string;
  readonly vendor: string;
  readonly product: string;
  readonly serial: string;
}

const PLUGGED_MS = 5_000;

/**
 * A USB serial adapter with an instrument behind it: a pseudo-terminal in the machine, whose name in /dev and in sysfs is
 * that of the adapter, and whose other end is a socket of the instrument. Plugged in, it stays so over every boot.
 */
export class SerialAdapter {
  readonly #machine: Machine;
  readonly #instrument: Instrument;
  readonly #options: AdapterOptions;
  readonly #socket: string;
  readonly #socketInMachine: string;
  #isPlugged = false;

  /** @param labDir of the machine's lab */
  constructor(labDir: string, machine: Machine, instrument: Instrument, options: AdapterOptions) {
    const name = `${machine.name}.${options.tty}.sock`;
    this.#machine = machine;
    this.#instrument = instrument;
    this.#options = options;
    this.#socket = join(labDir, INSTRUMENTS_FOLDER, name);
    this.#socketInMachine = join(INSTRUMENTS_IN_MACHINE, name);
    machine.onBoot(() => this.#appear());
  }

  get path(): string {
    return `/dev/${this.#options.tty}`;
  }

  async plug(): Promise<void> {
    this.#isPlugged = true;
    await this.#instrument.openLine(this.#machine.name, this.#socket);
    await this.#writeIdentity();
    await this.#appear();
  }

  async unplug(): Promise<void> {
    this.#isPlugged = false;
    await this.#instrument.closeLine(this.#machine.name);
    await rm(this.#sysfsFolder(), { recursive: true, force: true });
    if (!this.#machine.isOn) return;
    // The link goes first: it must not point to what is another's by then.
    const pidFile = this.#pidFile();
    await this.#machine.exec(['sh', '-c', `rm -f ${this.path}; kill $(cat ${pidFile}) 2>/dev/null; rm -f ${pidFile}`]);
  }

  async #appear(): Promise<void> {
    if (!this.#isPlugged || !this.#machine.isOn) return;
    const ends = `PTY,link=${this.path},raw,echo=0,mode=666 UNIX-CONNECT:${this.#socketInMachine}`;
    // socat ends when the last program closes its side; a real adapter does not, so the shell holds the line open.
    const script = [
      `socat ${ends} & echo $! >${this.#pidFile()}`,
      `until [ -e ${this.path} ]; do kill -0 $! || exit 1; sleep 0.02; done`,
      `exec 3<>${this.path}`,
      'wait',
    ].join('\n');
    const limit = { timeoutMs: PLUGGED_MS };
    await this.#machine.exec(['sh', '-c', `setsid sh -c '${script}' >/dev/null 2>&1 </dev/null &`], limit);
    const ready = `until [ -e ${this.path} ]; do sleep 0.02; done`;
    await this.#machine.exec(['sh', '-c', ready], limit);
  }

  async #writeIdentity(): Promise<void> {
    const folder = join(this.#sysfsFolder(), 'device');
    await mkdir(folder, { recursive: true });
    const { vendor, product, serial } = this.#options;
    for (const [name, text] of Object.entries({ idVendor: vendor, idProduct: product, serial })) {
      await writeFile(join(folder, name), `${text}\n`);
    }
  }

  #sysfsFolder(): string {
    return join(this.#machine.folder, SYSFS_FIXTURES, 'tty', this.#options.tty);
  }

  #pidFile(): string {
    return `/run/lab-init/${this.#options.tty}.pid`;
  }
}
