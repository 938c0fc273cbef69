import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { messageOf } from '../../foundation/errors.ts';
import type { Clock, CancelTimer } from '../../foundation/clock.ts';
import { fakeTimeEnvironment } from '../fake-time.ts';
import { restartsAfter, type ServiceUnit } from '../core/unit.ts';
import { parseEnvironment, type UnitCommand } from '../core/unit-file.ts';

export type UnitState = 'inactive' | 'activating' | 'active' | 'deactivating' | 'failed';

const LOGS = '/var/log/units';
/** Says how far the machine's clock is off, when the lab has put it wrong. */
const CLOCK = '/run/lab-init/clock';
const PATH = '/run/lab-init/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** What systemd counts as a clean end besides exit code 0 (systemd.service(5), SuccessExitStatus=). */
const CLEAN_SIGNALS: readonly (NodeJS.Signals | null)[] = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'];

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One service of a machine: its processes, its state, its log. */
export class Service {
  readonly #clock: Clock;
  readonly #onState: (state: UnitState) => void;
  #unit: ServiceUnit;
  #state: UnitState = 'inactive';
  #main: ChildProcess | undefined;
  #mainEnded: Promise<Ending> | undefined;
  #cancelRestart: CancelTimer | undefined;
  #starts: number[] = [];
  /** Set while a stop was asked for, so that an end is not taken for a crash. */
  #stopping = false;

  constructor(unit: ServiceUnit, clock: Clock, onState: (state: UnitState) => void) {
    this.#unit = unit;
    this.#clock = clock;
    this.#onState = onState;
  }

  get state(): UnitState {
    return this.#state;
  }

  /** Starts it with what its unit file says now; resolves with whether it counts as started. */
  async start(unit: ServiceUnit): Promise<boolean> {
    this.#unit = unit;
    if (this.#main !== undefined) return true;
    this.#cancelRestart?.();
    this.#cancelRestart = undefined;
    this.#stopping = false;
    this.#starts.push(this.#clock.nowMs());
    this.#set('activating');
    for (const command of unit.startPre) {
      if (!(await this.#runOnce(command))) return this.#ended({ code: 1, signal: null });
    }
    return unit.oneshot ? this.#startOneshot() : this.#startMain();
  }

  /** Ends it, by SIGTERM and after its time limit by SIGKILL; a pending restart is called off. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelRestart?.();
    this.#cancelRestart = undefined;
    const ended = this.#mainEnded;
    if (ended === undefined) {
      this.#set('inactive');
      return;
    }
    this.#set('deactivating');
    this.#kill('SIGTERM');
    const cancel = this.#limit(this.#unit.timeoutStopMs);
    await ended;
    cancel();
    this.#set('inactive');
  }

  async #startMain(): Promise<boolean> {
    const [command] = this.#unit.start;
    if (command === undefined) return this.#ended({ code: 1, signal: null });
    const ended = this.#spawn(command);
    // A program that cannot be executed has no pid; everything else counts as started (Type=exec).
    if (this.#main?.pid === undefined) return this.#ended(await ended);
    this.#set('active');
    void ended.then((ending) => this.#ended(ending));
    return true;
  }

  async #startOneshot(): Promise<boolean> {
    for (const command of this.#unit.start) {
      if (!(await this.#runOnce(command))) return this.#ended({ code: 1, signal: null });
    }
    if (this.#unit.remainAfterExit) this.#set('active');
    else this.#ended({ code: 0, signal: null });
    return true;
  }

  /** One command to its end; true when it succeeded, or was allowed to fail, and no stop was asked for meanwhile. */
  async #runOnce(command: UnitCommand): Promise<boolean> {
    const ended = this.#spawn(command);
    const cancel = this.#limit(this.#unit.timeoutStartMs);
    const { code } = await ended;
    cancel();
    return !this.#stopping && (code === 0 || command.mayFail);
  }

  #spawn(command: UnitCommand): Promise<Ending> {
    const log = this.#openLog();
    const { workingDirectory, umask } = this.#unit;
    const script = ['-c', 'umask "$0" && exec "$@"', umask, ...command.argv];
    const child = spawn('/bin/sh', script, {
      cwd: workingDirectory,
      env: this.#environment(),
      stdio: ['ignore', log, log],
      // Its own process group, so that a stop reaches its children too.
      detached: true,
    });
    closeSync(log);
    this.#main = child;
    this.#mainEnded = new Promise((resolve) => {
      child.once('error', () => {
        resolve({ code: 127, signal: null });
      });
      child.once('exit', (code, signal) => {
        resolve({ code, signal });
      });
    });
    return this.#mainEnded.then((ending) => {
      this.#main = undefined;
      this.#mainEnded = undefined;
      return ending;
    });
  }

  /** Decides what follows an end: nothing, a restart, or failure. Gives whether it was a clean one. */
  #ended({ code, signal }: Ending): boolean {
    const clean = code === 0 || CLEAN_SIGNALS.includes(signal);
    this.#log(`ended with ${signal ?? `code ${code ?? -1}`}`);
    if (this.#stopping) return clean;
    if (restartsAfter(this.#unit, clean ? 0 : (code ?? undefined)) && !this.#limitHit()) {
      this.#set('activating');
      this.#cancelRestart = this.#clock.after(this.#unit.restartMs, () => {
        void this.start(this.#unit);
      });
    } else {
      this.#set(clean ? 'inactive' : 'failed');
    }
    return clean;
  }

  #limitHit(): boolean {
    const { burst, intervalMs } = this.#unit.startLimit;
    const now = this.#clock.nowMs();
    this.#starts = this.#starts.filter((at) => now - at < intervalMs);
    const hit = intervalMs > 0 && this.#starts.length >= burst;
    if (hit) this.#log('start request repeated too quickly');
    return hit;
  }

  /** Kills what runs when the time is up; gives the way to call that off. */
  #limit(limitMs: number): CancelTimer {
    if (!Number.isFinite(limitMs)) return () => undefined;
    return this.#clock.after(limitMs, () => this.#kill('SIGKILL'));
  }

  #kill(signal: NodeJS.Signals): void {
    const pid = this.#main?.pid;
    if (pid === undefined) return;
    try {
      process.kill(this.#unit.killsOnlyMain ? pid : -pid, signal);
    } catch (error) {
      this.#log(`kill: ${messageOf(error)}`);
    }
  }

  #environment(): NodeJS.ProcessEnv {
    const environment: NodeJS.ProcessEnv = { PATH, HOME: '/root', LANG: 'C.UTF-8', ...this.#unit.environment };
    // Only those: a k3s in Go asks the kernel itself, and what it starts must not live in another time than it.
    if (this.#unit.name.startsWith('usher-')) Object.assign(environment, fakeTimeEnvironment(CLOCK));
    for (const file of this.#unit.environmentFiles) {
      try {
        Object.assign(environment, parseEnvironment(readFileSync(file.replace(/^-/, ''), 'utf8').split('\n')));
      } catch (error) {
        if (!file.startsWith('-')) this.#log(`EnvironmentFile: ${messageOf(error)}`);
      }
    }
    return environment;
  }

  #openLog(): number {
    mkdirSync(LOGS, { recursive: true });
    return openSync(`${LOGS}/${this.#unit.name}.log`, 'a', 0o640);
  }

  #log(text: string): void {
    const log = this.#openLog();
    writeSync(log, `[lab] ${text}\n`);
    closeSync(log);
  }

  #set(state: UnitState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#onState(state);
  }
}
