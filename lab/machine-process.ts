import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { isUsherError, UsherError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { bootReport } from './boot-report.ts';
import type { LabJournal } from './journal.ts';
import { markOf } from './tools.ts';

/** How the main process ended: its exit code, or -1 when the power was pulled. */
export interface MachineExit {
  readonly code: number;
}

export interface LaunchOptions {
  readonly machine: string;
  /** Arguments of machine.sh. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly consolePath: string;
  readonly onOutput?: ((text: string) => void) | undefined;
  readonly journal: LabJournal;
  readonly logger: Logger;
}

const BOOT_TIMEOUT_MS = 20_000;
const KEPT_OUTPUT = 16_384;
/** unshare of util-linux 2.38 says so whenever a signal ended what it had started. */
const UNSHARE_NOISE = 'unshare: sigprocmask unblock failed: Invalid argument\n';

/** The host's process in which a machine's namespaces hang: it ends with the machine, and the machine with it. */
export class MachineProcess {
  /** Resolves when every process of the machine is gone and its console is written. */
  readonly exited: Promise<MachineExit>;
  readonly #options: LaunchOptions;
  readonly #child: ChildProcess;
  readonly #console: WriteStream;
  #pid = 0;
  #printed = '';

  private constructor(options: LaunchOptions) {
    this.#options = options;
    this.#console = createWriteStream(options.consolePath, { flags: 'a', mode: 0o600 });
    this.#console.on('error', (err) => options.logger.warn({ err, machine: options.machine }, 'No console log'));
    this.#console.write('[lab] power on\n');
    // The signal of a dead parent ends the machine with the lab, however the lab ends; a session of its own keeps a
    // Ctrl-C at the terminal from reaching the machines before the lab has decided anything.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', '/bin/sh', ...options.args], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: options.env,
      cwd: '/',
      detached: true,
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#onOutput(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#onOutput(chunk));
    this.exited = this.#whenExited();
  }

  /**
   * Starts machine.sh and waits until the machine's pid 1 is about to start the command.
   * @throws UsherError LAB_MACHINE_FAILED with its last words; TOOL_MISSING, TIMED_OUT
   */
  static async launch(options: LaunchOptions): Promise<MachineProcess> {
    const process = new MachineProcess(options);
    try {
      process.#pid = await bootReport(process.#child, options.machine, BOOT_TIMEOUT_MS);
      const mark = process.#child.pid === undefined ? undefined : await markOf(process.#child.pid);
      if (mark !== undefined) await options.journal.addProcess(mark);
      return process;
    } catch (error) {
      process.#child.kill('SIGKILL');
      await process.exited;
      if (!isUsherError(error, 'LAB_MACHINE_FAILED') || process.#printed === '') throw error;
      const detail = process.#printed.trim().split('\n').slice(-3).join('; ');
      throw new UsherError('LAB_MACHINE_FAILED', { machine: options.machine, detail }, { cause: error });
    }
  }

  /** The machine's pid 1, as the host counts. */
  get pid(): number {
    return this.#pid;
  }

  /** The newest part of what it printed. */
  get printed(): string {
    return this.#printed;
  }

  #onOutput(chunk: Buffer): void {
    const text = chunk.toString('utf8').replace(UNSHARE_NOISE, '');
    this.#printed = `${this.#printed}${text}`.slice(-KEPT_OUTPUT);
    this.#console.write(text);
    this.#options.onOutput?.(text);
  }

  async #whenExited(): Promise<MachineExit> {
    const child = this.#child;
    const code = await new Promise<number>((resolve) => {
      child.once('error', () => {
        resolve(-1);
      });
      child.once('close', (exitCode) => {
        resolve(exitCode ?? -1);
      });
    });
    if (child.pid !== undefined) await this.#options.journal.removeProcess(child.pid);
    await new Promise((closed) => this.#console.end('[lab] power off\n', () => closed(undefined)));
    return { code };
  }
}
