import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../foundation/clock.ts';
import { hasErrno, UsherError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { makeCgroups, removeCgroups } from './cgroups.ts';
import { type Addressing, LAN } from './core/address-plan.ts';
import type { Board } from './core/board.ts';
import type { CgroupHierarchy } from './core/cgroup-plan.ts';
import { type Bind, foldersOf, LAB_FOLDER, layersOf, pathOnDisk, planMounts, toScript } from './core/mount-plan.ts';
import { labPrefix, namespaceOf } from './core/names.ts';
import {
  type Card,
  CARD_FOLDER,
  writeCard,
  writeDeviceTree,
  writeIdentity,
  writeLedFixture,
  writePowerFixture,
  writeTtyFixture,
} from './disk.ts';
import { fakeTimeLibrary } from './fake-time.ts';
import type { LabJournal } from './journal.ts';
import { type MachineExit, MachineProcess } from './machine-process.ts';
import type { LabNetwork } from './network.ts';
import { runTool, signalIfThere, type ToolResult } from './tools.ts';
import { until } from './wait.ts';

/** A machine to be: what it is, and the command that runs on it. */
export interface MachineSpec {
  readonly name: string;
  /** Its main process; the machine is switched off when it ends. */
  readonly command: readonly string[];
  /** Added to PATH, HOME and TERM; nothing of the lab's own environment is handed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the machine's name. */
  readonly hostname?: string;
  /** Default: by DHCP from the router. */
  readonly addressing?: Addressing;
  /** DHCP option 60 that it sends. Default `usher:1`. */
  readonly dhcpClass?: string;
  readonly mac: string;
  /** Given for a Raspberry Pi: it then has a device tree. */
  readonly board?: Board;
  readonly binds?: readonly Bind[];
  /** Gives what k3s keeps a disk of its own of this size, in memory: empty after each boot. */
  readonly dataDiskMiB?: number;
  /** What the machine prints, as it comes; console.log in its folder has it too. */
  readonly onOutput?: (text: string) => void;
}

/** What all machines of a lab share. */
export interface MachineContext {
  readonly lab: string;
  readonly labDir: string;
  readonly network: LabNetwork;
  readonly journal: LabJournal;
  readonly hierarchies: readonly CgroupHierarchy[];
  /** Host folders hidden from every machine. */
  readonly hidden: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ExecOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default 30,000; then the command is killed and TIMED_OUT thrown. */
  readonly timeoutMs?: number;
  readonly input?: string;
  /** Gives the result whatever the exit code; otherwise other than 0 is TOOL_FAILED. */
  readonly allowFailure?: boolean;
}

const SCRIPT = fileURLToPath(new URL('machine/machine.sh', import.meta.url));
const PATH = '/run/lab-init/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/cni';
/** Made on a disk when its first boot has come through. */
const SET_UP = 'disk/set-up';

/** A computer of the lab: namespaces, a disk folder that outlives them, and a main process. */
export class Machine {
  readonly name: string;
  readonly spec: MachineSpec;
  /** The machine's folder on the host: `disk`, `console.log`. */
  readonly folder: string;
  /** Its fixed address, when it has one. */
  fixedAddress: string | undefined;
  readonly #context: MachineContext;
  #running: MachineProcess | undefined;
  #plugged = true;
  #boots = 0;
  #cgroups: string[] = [];
  #lastTurn: Promise<void> = Promise.resolve();
  #removed = false;
  readonly #onBoot: (() => Promise<void>)[] = [];

  constructor(spec: MachineSpec, context: MachineContext) {
    this.name = spec.name;
    this.folder = join(context.labDir, spec.name);
    this.spec = spec;
    this.fixedAddress = spec.addressing?.kind === 'static' ? spec.addressing.address : undefined;
    this.#context = context;
  }

  /** The machine's pid 1 as the host counts, while it is on. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  get isOn(): boolean {
    return this.#running !== undefined;
  }

  get isPlugged(): boolean {
    return this.#plugged;
  }

  /** How often it was switched on in this run of the lab. */
  get boots(): number {
    return this.#boots;
  }

  /** Resolves when the main process has ended, with the machine; at once when it is off. */
  get exited(): Promise<MachineExit> {
    return this.#running?.exited ?? Promise.resolve({ code: -1 });
  }

  get consolePath(): string {
    return join(this.folder, 'console.log');
  }

  /** Where `path` of the machine lies on the host; readable while the machine is on or off (not /run, /tmp). */
  pathOnDisk(path: string): string {
    return pathOnDisk(this.folder, path);
  }

  /**
   * Switches it on; resolves when its file system stands and the main process is about to start. Nothing happens when
   * it is on.
   * @throws UsherError LAB_MACHINE_FAILED
   */
  boot(): Promise<void> {
    return this.#inTurn(() => this.#boot());
  }

  async #boot(): Promise<void> {
    if (this.#running !== undefined) return;
    if (this.#removed) throw new UsherError('STOPPED');
    const { lab, network, journal, hierarchies, logger } = this.#context;
    const plan = await this.#prepareDisk();
    this.#cgroups = hierarchies.map(({ parent }) => join(parent, `${labPrefix(lab)}${this.name}`));
    await journal.addCgroups(this.#cgroups);
    // Fresh ones, as after power-on: what Kubernetes made below them before is gone.
    await removeCgroups(this.#cgroups, logger);
    await makeCgroups(hierarchies, `${labPrefix(lab)}${this.name}`, logger);
    await writeFile(join(this.folder, 'boot/cgroups'), `${this.#cgroups.join('\n')}\n`);
    await writeFile(join(this.folder, 'boot/mounts'), plan);
    await network.detach(this.name);
    await network.attach(this.name, this.spec.mac, this.#plugged);
    if (this.fixedAddress !== undefined) await network.setAddress(this.name, this.fixedAddress);
    this.#boots += 1;
    const running = await this.#launch();
    this.#running = running;
    void running.exited.then(() => {
      if (this.#running === running) this.#running = undefined;
    });
    await this.#finishSetUp();
    for (const hook of this.#onBoot) await hook();
    logger.info({ machine: this.name, pid: running.pid }, 'Machine is on');
  }

  /** What is to be done at each boot from now on, as soon as the file system stands: what hangs on a port is there again. */
  onBoot(hook: () => Promise<void>): void {
    this.#onBoot.push(hook);
  }

  /** Pulls the power: SIGKILL to pid 1, with which the kernel ends everything on the machine. Its disk stays. */
  kill(): Promise<void> {
    return this.#inTurn(() => this.#kill());
  }

  async #kill(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    signalIfThere(running.pid, 'SIGKILL');
    await running.exited;
  }

  /** Asks the main process to end, and pulls the power after `graceMs`. */
  stop(graceMs: number): Promise<void> {
    return this.#inTurn(async () => {
      const running = this.#running;
      if (running === undefined) return;
      signalIfThere(running.pid, 'SIGTERM');
      const timer = setTimeout(() => signalIfThere(running.pid, 'SIGKILL'), graceMs);
      await running.exited;
      clearTimeout(timer);
    });
  }

  /** Puts the cable in the switch, or pulls it. */
  async setPlugged(plugged: boolean): Promise<void> {
    this.#plugged = plugged;
    if (this.isOn) await this.#context.network.setPlugged(this.name, plugged);
  }

  /**
   * Puts the clock wrong by so much (libfaketime's notation, `-10y`), at every boot from the next one on, since a Raspberry
   * Pi keeps no time while it is off; undefined puts it right again. It is wrong for Usher's own programs only: time has no
   * namespace, so k3s and all others go by the host's.
   * @throws UsherError TOOL_MISSING
   */
  async setClock(offset: string | undefined): Promise<void> {
    const file = join(this.folder, 'boot/clock');
    if (offset === undefined) {
      await rm(file, { force: true });
      if (this.isOn) await this.exec(['rm', '-f', `${LAB_FOLDER}/clock`]);
      return;
    }
    if (fakeTimeLibrary() === undefined)
      throw new UsherError('TOOL_MISSING', { tool: 'libfaketime', package: 'libfaketime' });
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${offset}\n`);
    if (this.isOn) await this.exec(['sh', '-c', `cat >${LAB_FOLDER}/clock`], { input: `${offset}\n` });
  }

  /** Pulls the power and puts another card in: an empty disk that takes over the card's files at the next boot. */
  reflash(card: Card): Promise<void> {
    return this.#inTurn(async () => {
      await this.#kill();
      await rm(join(this.folder, 'disk'), { recursive: true, force: true });
      await writeCard(this.folder, card);
    });
  }

  /** Switches it off for good and removes what is not on its disk: network and cgroups. */
  remove(): Promise<void> {
    return this.#inTurn(async () => {
      this.#removed = true;
      await this.#kill();
      await this.#context.network.detach(this.name);
      await removeCgroups(this.#cgroups, this.#context.logger);
    });
  }

  /**
   * Runs a command in the machine, in its namespaces and cgroups.
   * @throws UsherError LAB_MACHINE_OFF; TOOL_FAILED, TIMED_OUT
   */
  async exec(command: readonly string[], options: ExecOptions = {}): Promise<ToolResult> {
    const pid = this.#running?.pid;
    if (pid === undefined) throw new UsherError('LAB_MACHINE_OFF', { machine: this.name });
    const timeoutMs = options.timeoutMs ?? 30_000;
    // Ended from inside: killing nsenter alone would leave the command running in the machine.
    const limit = ['timeout', '--kill-after=1', String(timeoutMs / 1000)];
    const { file, args, env } = execCommand(this.folder, pid, [...limit, ...command], options.env);
    const result = await runTool(file, args, {
      env,
      timeoutMs: timeoutMs + 3000,
      ...(options.input === undefined ? {} : { input: options.input }),
    });
    const what = command.join(' ');
    if (result.code === 124 || result.code === 137) throw new UsherError('TIMED_OUT', { what, limitMs: timeoutMs });
    if (result.code !== 0 && options.allowFailure !== true) {
      const said = result.stderr.trim() || result.stdout.trim() || `exit code ${result.code}`;
      throw new UsherError('TOOL_FAILED', { tool: `${this.name}: ${what}`, detail: said.slice(-500) });
    }
    return result;
  }

  /** The machine's IPv4 address as its kernel has it now, or undefined. */
  async address(): Promise<string | undefined> {
    return this.isOn ? this.#context.network.addressOf(this.name) : undefined;
  }

  /** Waits until the machine has an IPv4 address. @throws UsherError TIMED_OUT */
  waitForAddress(timeoutMs: number): Promise<string> {
    return until(this.#context.clock, `${this.name}: DHCP`, timeoutMs, () => this.address());
  }

  /** Waits until the machine has printed something since it was switched on. @throws UsherError TIMED_OUT */
  async waitForConsole(pattern: RegExp, timeoutMs: number): Promise<void> {
    const seen = (): true | undefined => (pattern.test(this.#running?.printed ?? '') ? true : undefined);
    await until(this.#context.clock, `${this.name}: ${pattern.source}`, timeoutMs, seen);
  }

  /** True when its disk was set up by an earlier boot. */
  async hasDisk(): Promise<boolean> {
    return exists(join(this.folder, SET_UP));
  }

  /** A file of the running machine, of /run or /tmp too; undefined when there is none. */
  async readFile(path: string): Promise<string | undefined> {
    if (!this.isOn) return undefined;
    const result = await this.exec(['cat', '--', path], { allowFailure: true, timeoutMs: 5000 });
    return result.code === 0 ? result.stdout : undefined;
  }

  /** One change of power at a time: a kill that comes during a boot waits for it, and then finds what it must end. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#lastTurn.then(change);
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  async #prepareDisk(): Promise<string> {
    const layers = layersOf(await readFile('/proc/self/mountinfo', 'utf8'));
    const firstBoot = !(await this.hasDisk());
    const card = join(this.folder, CARD_FOLDER);
    for (const folder of [...foldersOf({ folder: this.folder, layers }), join(this.folder, 'boot')]) {
      await mkdir(folder, { recursive: true });
    }
    const spec = this.spec;
    const nameserver = spec.addressing?.kind === 'static' ? LAN.router : undefined;
    await writeIdentity(this.folder, spec.hostname ?? spec.name, nameserver);
    if (spec.board !== undefined) {
      await writeDeviceTree(join(this.folder, 'firmware'), spec.board);
      await writePowerFixture(this.folder);
      await writeLedFixture(this.folder);
      await writeTtyFixture(this.folder);
    }
    const steps = planMounts({
      folder: this.folder,
      binds: spec.binds ?? [],
      hierarchies: this.#context.hierarchies,
      layers,
      hidden: this.#context.hidden,
      firstBoot,
      ...(firstBoot && (await exists(card)) ? { card } : {}),
      deviceTree: spec.board !== undefined,
      ...(spec.dataDiskMiB === undefined ? {} : { dataDiskMiB: spec.dataDiskMiB }),
    });
    return toScript(steps);
  }

  #launch(): Promise<MachineProcess> {
    const { spec } = this;
    const dhcp = spec.addressing?.kind === 'static' ? '-' : (spec.dhcpClass ?? 'usher:1');
    const netns = namespaceOf(this.#context.lab, this.name);
    return MachineProcess.launch({
      machine: this.name,
      args: [SCRIPT, 'enter', this.folder, netns, spec.hostname ?? spec.name, dhcp, ...spec.command],
      env: environment(spec.env),
      consolePath: this.consolePath,
      onOutput: spec.onOutput,
      journal: this.#context.journal,
      logger: this.#context.logger,
    });
  }

  async #finishSetUp(): Promise<void> {
    await writeFile(join(this.folder, SET_UP), '');
    // The card's content is on the disk now, secrets included, and only there.
    await rm(join(this.folder, CARD_FOLDER), { recursive: true, force: true });
  }
}

/** The host's command that runs `command` in the machine of this folder and pid 1, in its namespaces and cgroups. */
export function execCommand(
  folder: string,
  pid: number,
  command: readonly string[],
  env?: Readonly<Record<string, string>>,
): { file: string; args: string[]; env: NodeJS.ProcessEnv } {
  return { file: '/bin/sh', args: [SCRIPT, 'exec', folder, String(pid), ...command], env: environment(env) };
}

function environment(own: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { PATH, HOME: '/root', TERM: 'linux', LANG: 'C.UTF-8', ...own };
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
