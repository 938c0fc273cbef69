import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { networkInterfaces } from 'node:os';
import { type CancelTimer, type Clock, sleep } from '../../foundation/clock.ts';
import type { Random } from '../../foundation/random.ts';
import { nextElapseMs, type PathUnit, readUnit, type ServiceUnit, type TimerUnit, type Unit } from '../core/unit.ts';
import { Service, type UnitState } from './service.ts';

const ENABLED = '/etc/systemd/system';
const UNIT_FOLDERS = [ENABLED, '/run/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system'];
const STATES = '/run/lab-init/units';
const BOOT_TARGETS = ['multi-user.target', 'timers.target'];
const NETWORK_ONLINE = 'network-online.target';
/** As NetworkManager-wait-online does: after that the boot goes on without a network. */
const NETWORK_LIMIT_MS = 30_000;
const NETWORK_POLL_MS = 50;
const FOLDER_POLL_MS = 100;

interface Timer {
  readonly activeMs: number;
  unit: TimerUnit;
  lastTriggerMs?: number;
  cancel?: CancelTimer;
}

interface Entry {
  readonly service: Service;
  activeMs?: number;
  inactiveMs?: number;
}

/** The answer to one `systemctl` command. */
export interface Answer {
  /** systemctl's own exit codes: 0, 1 failed, 5 no such unit. */
  readonly code: number;
  readonly message: string;
}

const DONE: Answer = { code: 0, message: '' };

/** Starts and stops the units of a machine as systemd would; unit files are read anew at every start. */
export class UnitManager {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #say: (line: string) => void;
  readonly #bootMs: number;
  readonly #services = new Map<string, Entry>();
  readonly #timers = new Map<string, Timer>();
  /** What ends the watch of a path unit. */
  readonly #watches = new Map<string, CancelTimer>();
  /** Starts that have not finished yet; others wait for them by `After=` and `Before=`. */
  readonly #jobs = new Map<string, Promise<boolean>>();
  /** Stops asked for so far, by unit. */
  readonly #stops = new Map<string, number>();
  #online: Promise<void> | undefined;

  constructor(clock: Clock, random: Random, say: (line: string) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#say = say;
    this.#bootMs = clock.nowMs();
    mkdirSync(STATES, { recursive: true });
  }

  /** Starts all enabled units in their order. */
  async boot(): Promise<void> {
    const names = BOOT_TARGETS.flatMap((target) => listing(`${ENABLED}/${target}.wants`));
    const units = names.map((name) => this.#find(name)).filter((unit) => unit !== undefined);
    await Promise.all(this.#enqueue(units));
  }

  /** Carries out one `systemctl VERB UNIT…`. */
  async handle(verb: string, names: readonly string[], flags: readonly string[]): Promise<Answer> {
    switch (verb) {
      case 'daemon-reload':
      case 'reset-failed':
        return DONE;
      case 'start':
      case 'stop':
      case 'restart':
      case 'try-restart':
      case 'enable':
      case 'disable':
        break;
      default:
        return { code: 1, message: `the lab's systemctl does not know ${verb}` };
    }
    for (const name of names) {
      const unit = this.#find(name);
      if (unit === undefined) return { code: 5, message: `Unit ${name} not found.` };
      const answer = await this.#carryOut(verb, unit, flags);
      if (answer.code !== 0) return answer;
    }
    return DONE;
  }

  async #carryOut(verb: string, unit: Unit, flags: readonly string[]): Promise<Answer> {
    const now = flags.includes('--now');
    if (verb === 'enable') enable(unit);
    if (verb === 'disable') disable(unit.name);
    const running = this.#services.get(unit.name)?.service.state === 'active';
    const stops = verb === 'stop' || verb.endsWith('restart') || (verb === 'disable' && now);
    const starts =
      verb === 'start' || verb === 'restart' || (verb === 'try-restart' && running) || (verb === 'enable' && now);
    if (stops && !starts) this.#takeBack(unit.name);
    const work = async (): Promise<boolean> => {
      if (stops) await this.#stop(unit);
      return starts ? (await Promise.all(this.#enqueue([unit]))).every(Boolean) : true;
    };
    if (flags.includes('--no-block')) {
      void work();
      return DONE;
    }
    return (await work())
      ? DONE
      : { code: 1, message: `Job for ${unit.name} failed. See /var/log/units/${unit.name}.log` };
  }

  /** Registers the starts of `units` and of what they pull in before any of them runs, so that they see each other. */
  #enqueue(units: readonly Unit[]): Promise<boolean>[] {
    const all = new Map(units.map((unit) => [unit.name, unit]));
    for (const unit of units) {
      for (const pulled of unit.pullsIn.map((name) => this.#find(name))) {
        if (pulled !== undefined && !all.has(pulled.name)) all.set(pulled.name, pulled);
      }
    }
    let begin: () => void = () => undefined;
    const registered = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const jobs = [...all.values()].map((unit) => {
      const pending = this.#jobs.get(unit.name);
      if (pending !== undefined) return pending;
      const job = registered
        .then(() => this.#start(unit))
        .finally(() => {
          if (this.#jobs.get(unit.name) === job) this.#jobs.delete(unit.name);
        });
      this.#jobs.set(unit.name, job);
      return job;
    });
    begin();
    return jobs;
  }

  /** As systemd does: a stop cancels a start that still waits. */
  #takeBack(name: string): void {
    this.#stops.set(name, (this.#stops.get(name) ?? 0) + 1);
    this.#jobs.delete(name);
  }

  async #start(unit: Unit): Promise<boolean> {
    const stops = this.#stops.get(unit.name);
    await Promise.all(this.#earlierJobs(unit));
    if (unit.after.includes(NETWORK_ONLINE)) await this.#networkOnline();
    if (this.#stops.get(unit.name) !== stops) {
      this.#say(`${unit.name}: its start is taken back`);
      return false;
    }
    if (!unit.conditionPathExists.every(conditionHolds)) {
      this.#say(`${unit.name}: skipped, a condition is not met`);
      return true;
    }
    if (unit.kind === 'timer') return this.#startTimer(unit);
    return unit.kind === 'path' ? this.#startPath(unit) : this.#startService(unit);
  }

  async #startService(unit: ServiceUnit): Promise<boolean> {
    let entry = this.#services.get(unit.name);
    if (entry === undefined) {
      const service = new Service(unit, this.#clock, (state) => this.#onState(unit.name, state));
      entry = { service };
      this.#services.set(unit.name, entry);
    }
    return entry.service.start(unit);
  }

  async #stop(unit: Unit): Promise<void> {
    if (unit.kind === 'service') {
      await this.#services.get(unit.name)?.service.stop();
      return;
    }
    this.#timers.get(unit.name)?.cancel?.();
    this.#timers.delete(unit.name);
    this.#watches.get(unit.name)?.();
    this.#watches.delete(unit.name);
    this.#publish(unit.name, 'inactive');
  }

  #startTimer(unit: TimerUnit): boolean {
    const timer = this.#timers.get(unit.name) ?? { activeMs: this.#clock.nowMs(), unit };
    timer.unit = unit;
    this.#timers.set(unit.name, timer);
    this.#publish(unit.name, 'active');
    this.#arm(timer);
    return true;
  }

  #startPath(unit: PathUnit): boolean {
    if (unit.makesFolder) mkdirSync(unit.folder, { recursive: true });
    if (!this.#watches.has(unit.name)) this.#publish(unit.name, 'active');
    this.#watch(unit);
    return true;
  }

  /** Looks again and again, where systemd is told by the kernel. */
  #watch(unit: PathUnit): void {
    this.#watches.get(unit.name)?.();
    const state = this.#services.get(unit.starts)?.service.state ?? 'inactive';
    const started = this.#find(unit.starts);
    if (started !== undefined && state === 'inactive' && listing(unit.folder).length > 0) {
      void Promise.all(this.#enqueue([started]));
    }
    this.#watches.set(
      unit.name,
      this.#clock.after(FOLDER_POLL_MS, () => this.#watch(unit)),
    );
  }

  #arm(timer: Timer): void {
    timer.cancel?.();
    const watched = this.#services.get(timer.unit.starts);
    // While its unit runs, a timer waits for the end of it.
    if (watched?.service.state === 'active' || watched?.service.state === 'activating') return;
    const dueMs = nextElapseMs(timer.unit, {
      boot: this.#bootMs,
      active: timer.activeMs,
      lastTrigger: timer.lastTriggerMs,
      unitActive: watched?.activeMs,
      unitInactive: watched?.inactiveMs,
    });
    if (dueMs === undefined) return;
    const delayMs = Math.max(0, dueMs - this.#clock.nowMs()) + this.#fraction() * timer.unit.randomizedDelayMs;
    timer.cancel = this.#clock.after(delayMs, () => {
      timer.lastTriggerMs = this.#clock.nowMs();
      const unit = this.#find(timer.unit.starts);
      if (unit !== undefined) void Promise.all(this.#enqueue([unit]));
    });
  }

  /** From 0 to below 1. */
  #fraction(): number {
    return (this.#random.bytes(1)[0] ?? 0) / 256;
  }

  #onState(name: string, state: UnitState): void {
    const entry = this.#services.get(name);
    if (entry !== undefined && state === 'activating') entry.activeMs = this.#clock.nowMs();
    if (entry !== undefined && (state === 'inactive' || state === 'failed')) entry.inactiveMs = this.#clock.nowMs();
    this.#publish(name, state);
    for (const timer of this.#timers.values()) {
      if (timer.unit.starts === name) this.#arm(timer);
    }
  }

  /** Renamed into place, because systemctl reads it at any moment. */
  #publish(name: string, state: UnitState): void {
    writeFileSync(`${STATES}/.next-${name}`, `${state}\n`);
    renameSync(`${STATES}/.next-${name}`, `${STATES}/${name}`);
    this.#say(`${name}: ${state}`);
  }

  /** Starts under way that `unit` must wait for. */
  #earlierJobs(unit: Unit): Promise<boolean>[] {
    const jobs = [...this.#jobs].filter(([name]) => name !== unit.name);
    return jobs
      .filter(([name]) => unit.after.includes(name) || this.#find(name)?.before.includes(unit.name) === true)
      .map(([, job]) => job);
  }

  #networkOnline(): Promise<void> {
    this.#online ??= this.#waitForNetwork();
    return this.#online;
  }

  async #waitForNetwork(): Promise<void> {
    const endMs = this.#clock.nowMs() + NETWORK_LIMIT_MS;
    while (this.#clock.nowMs() < endMs) {
      const addresses = networkInterfaces()['eth0'] ?? [];
      if (addresses.some((address) => address.family === 'IPv4')) return;
      await sleep(this.#clock, NETWORK_POLL_MS);
    }
    this.#say(`${NETWORK_ONLINE}: no address yet, going on`);
  }

  #find(name: string): Unit | undefined {
    const path = UNIT_FOLDERS.map((folder) => `${folder}/${name}`).find((candidate) => existsSync(candidate));
    return path === undefined || !/\.(service|timer|path)$/.test(name)
      ? undefined
      : readUnit(name, readFileSync(path, 'utf8'));
  }
}

function conditionHolds(condition: string): boolean {
  return condition.startsWith('!') ? !existsSync(condition.slice(1).trim()) : existsSync(condition);
}

function enable(unit: Unit): void {
  for (const target of unit.wantedBy) {
    const folder = `${ENABLED}/${target}.wants`;
    mkdirSync(folder, { recursive: true });
    const link = `${folder}/${unit.name}`;
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(`../${unit.name}`, link);
  }
}

function disable(name: string): void {
  for (const folder of listing(ENABLED).filter((entry) => entry.endsWith('.wants'))) {
    rmSync(`${ENABLED}/${folder}/${name}`, { force: true });
  }
}

function listing(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
