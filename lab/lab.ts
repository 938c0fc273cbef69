import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, systemClock } from '../foundation/clock.ts';
import { UsherError } from '../foundation/errors.ts';
import { type Logger, silentLogger } from '../foundation/logger.ts';
import { CardWriter, PI_BINDS, PI_COMMAND } from './card.ts';
import { findCgroups } from './cgroups.ts';
import { DHCP_HOSTS_FILE, dnsmasqCommand, LAN } from './core/address-plan.ts';
import { CONTROL_SOCKET, DEFAULT_LAB_NAME } from './core/control.ts';
import { boardOf, type BoardOptions, plainMacOf } from './core/board.ts';
import type { Bind } from './core/mount-plan.ts';
import { checkLabName, checkMachineName, checkStateDir, RELAY } from './core/names.ts';
import type { LabStatus, MachineStatus } from './core/status.ts';
import { ControlServer } from './control-server.ts';
import { type Card, writeCard } from './disk.ts';
import { INSTRUMENTS_FOLDER, INSTRUMENTS_IN_MACHINE } from './instruments/serial-adapter.ts';
import { LabJournal } from './journal.ts';
import { type ExecOptions, Machine, type MachineContext, type MachineSpec } from './machine.ts';
import { LabNetwork } from './network.ts';
import { Relay, type RelayTarget } from './relay.ts';
import { statusOf } from './status.ts';
import { sweep } from './sweep.ts';
import { markOf, type ToolResult } from './tools.ts';
import { Wiring } from './instruments/wiring.ts';
import { Weather } from './weather.ts';

export interface LabOptions {
  /** A letter, then at most 11 letters or digits. Default `lab`. */
  readonly name?: string;
  /** Where disks and logs are kept. Default `/var/lib/usher-lab/<name>`. */
  readonly labDir?: string;
  /** Forget the disks of earlier runs. */
  readonly fresh?: boolean;
  /** Lease time of the router; dnsmasq gives at least 120. Default 3600. */
  readonly leaseSec?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface PiOptions extends BoardOptions {
  /** Default: `pi-1`, `pi-2`, … */
  readonly name?: string;
  /** What is on its card; not looked at when its disk was kept from an earlier run. Default: as the lab's cards are. */
  readonly card?: Card;
  /** Its card belongs to no site, and the device is admitted by its claim code; not looked at when `card` is given. */
  readonly generic?: boolean;
  /** More host folders that it sees. */
  readonly binds?: MachineSpec['binds'];
  /** DHCP option 60 that it sends. */
  readonly dhcpClass?: string;
  /** Gives what k3s keeps a small disk of its own, that can be filled. */
  readonly dataDiskMiB?: number;
}

/** Gives the card for a board, of the site or a generic one; asked only when a card must be written. */
export type CardSource = (machine: string, isGeneric: boolean) => Promise<Card>;

/** A machine as callers name it; its MAC address is derived from its name unless given. */
export type MachineOptions = Omit<MachineSpec, 'mac'> & { readonly mac?: string };

export const LABS_FOLDER = '/var/lib/usher-lab';
export const ROUTER = 'router';
export const MASTER = 'master';
const MASTER_GRACE_MS = 3000;
const ROUTER_START_MS = 5000;

/** A virtual site: router, switch, and any machines, made of namespaces on this one. */
export class Lab {
  readonly name: string;
  readonly labDir: string;
  readonly #options: LabOptions;
  readonly #logger: Logger;
  readonly #network: LabNetwork;
  readonly #machines = new Map<string, Machine>();
  readonly #relays: Relay[] = [];
  #context: MachineContext | undefined;
  #journal: LabJournal | undefined;
  #starting: Promise<void> | undefined;
  #ending: Promise<void> | undefined;
  readonly cards: CardWriter;
  readonly weather: Weather;
  readonly wiring: Wiring;
  #cardSource: CardSource;
  #control: ControlServer | undefined;

  constructor(options: LabOptions = {}) {
    this.name = checkLabName(options.name ?? DEFAULT_LAB_NAME);
    this.labDir = checkStateDir(options.labDir ?? join(LABS_FOLDER, this.name));
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#network = new LabNetwork(this.name);
    this.cards = new CardWriter(this.labDir);
    this.wiring = new Wiring({ labDir: this.labDir, machine: (name) => this.machine(name) });
    this.weather = new Weather({
      network: this.#network,
      machine: (machine) => this.machine(machine),
      machines: () => this.machines,
      router: () => this.machine(ROUTER),
      redirect: (from, to) => this.#relays[0]?.redirect(from, to),
    });
    this.#cardSource = () => this.cards.write();
  }

  /**
   * Sweeps what an earlier run left, and brings up switch and router.
   * @throws UsherError NEEDS_ROOT, LAB_ALREADY_RUNNING, TOOL_MISSING, LAB_MACHINE_FAILED; everything is taken down again
   */
  async up(): Promise<void> {
    if (process.getuid?.() !== 0) throw new UsherError('NEEDS_ROOT', { what: 'The lab' });
    this.#refuseWhenEnding();
    this.#starting ??= this.#bringUp();
    try {
      await this.#starting;
    } catch (error) {
      await this.down();
      throw error;
    }
  }

  async #bringUp(): Promise<void> {
    const { journal, leftovers } = await LabJournal.take(this.name, this.labDir);
    this.#journal = journal;
    await sweep(this.name, leftovers, this.#logger);
    if (this.#options.fresh === true) await rm(this.labDir, { recursive: true, force: true });
    await mkdir(join(this.labDir, INSTRUMENTS_FOLDER), { recursive: true, mode: 0o700 });
    this.#context = {
      lab: this.name,
      labDir: this.labDir,
      network: this.#network,
      journal,
      hierarchies: await findCgroups(),
      hidden: [LABS_FOLDER, this.labDir],
      clock: this.#options.clock ?? systemClock,
      logger: this.#logger,
    };
    await this.#network.makeSwitch();
    await this.#startRouter();
    this.#control = new ControlServer(this, this.#logger);
    await this.#control.listen(join(this.labDir, CONTROL_SOCKET));
  }

  /** Makes a machine and switches it on. @throws UsherError CONFIG_INVALID, LAB_MACHINE_FAILED */
  async startMachine(options: MachineOptions): Promise<Machine> {
    const machine = this.#addMachine({ ...options, mac: options.mac ?? plainMacOf(this.name, options.name) });
    await machine.boot();
    return machine;
  }

  /** Puts a Raspberry Pi on the table: its card is in, its cable is not, its power is off. */
  async addPi(options: PiOptions = {}): Promise<Machine> {
    const name = options.name ?? this.#freeName();
    const board = boardOf(this.name, name, options);
    const machine = this.#addMachine({
      name,
      hostname: 'raspberrypi',
      command: PI_COMMAND,
      mac: board.mac,
      board,
      binds: [...PI_BINDS, this.#instrumentsBind(), ...(options.binds ?? [])],
      ...(options.dhcpClass === undefined ? {} : { dhcpClass: options.dhcpClass }),
      ...(options.dataDiskMiB === undefined ? {} : { dataDiskMiB: options.dataDiskMiB }),
    });
    await machine.setPlugged(false);
    if (!(await machine.hasDisk())) {
      const card = options.card ?? (await this.#cardSource(name, options.generic === true));
      await writeCard(machine.folder, card);
    }
    return machine;
  }

  /** From now on cards come from here; before, they belong to no site. */
  useCards(source: CardSource): void {
    this.#cardSource = source;
  }

  /** Puts the network cable in; a Raspberry Pi that is off gets its power with it, as by a PoE switch. */
  async plug(name: string): Promise<void> {
    const machine = this.machine(name);
    await machine.setPlugged(true);
    await machine.boot();
  }

  /** Pulls the network cable; the machine stays on. */
  async unplug(name: string): Promise<void> {
    await this.machine(name).setPlugged(false);
  }

  /** Pulls the power. */
  async kill(name: string): Promise<void> {
    await this.machine(name).kill();
  }

  async boot(name: string): Promise<void> {
    await this.machine(name).boot();
  }

  /** Writes a new card for the same board: power off, empty disk, the card in, and power on again if it was on. */
  async reflash(name: string, card?: Card): Promise<void> {
    const machine = this.machine(name);
    const wasOn = machine.isOn;
    await machine.reflash(card ?? (await this.#cardSource(name, false)));
    if (wasOn) await machine.boot();
  }

  /** Runs a command in a machine. @throws UsherError LAB_MACHINE_UNKNOWN, LAB_MACHINE_OFF, TOOL_FAILED, TIMED_OUT */
  async execIn(name: string, command: readonly string[], options?: ExecOptions): Promise<ToolResult> {
    return this.machine(name).exec(command, options);
  }

  /** The machine's IPv4 address, or undefined while it has none. */
  async addressOf(name: string): Promise<string | undefined> {
    return this.machine(name).address();
  }

  /** @throws UsherError LAB_MACHINE_UNKNOWN */
  machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new UsherError('LAB_MACHINE_UNKNOWN', { machine: name });
    return machine;
  }

  get machines(): Machine[] {
    return [...this.#machines.values()];
  }

  /** File of a machine's network namespace, for nsenter and connectIn. */
  namespacePath(name: string): string {
    return this.#network.pathOf(name);
  }

  /**
   * Opens a port on the host's loopback that leads into the lab, by a cable of its own in the switch, and gives its number.
   * @throws UsherError LISTEN_FAILED
   */
  async openRelay(target: RelayTarget): Promise<number> {
    const relay = this.#relays[0] ?? (await this.#plugRelay());
    const wasRunning = relay.pid !== undefined;
    const port = await relay.open(target);
    const mark = relay.pid === undefined || wasRunning ? undefined : await markOf(relay.pid);
    if (mark !== undefined) await this.#journal?.addProcess(mark);
    return port;
  }

  async status(): Promise<LabStatus> {
    const machines: MachineStatus[] = await Promise.all(this.machines.map(statusOf));
    return { name: this.name, labDir: this.labDir, pid: process.pid, machines };
  }

  /** Takes everything down but the disks, within five seconds. Calling it again is harmless. */
  async down(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    // Its error is that of up(); here it only must be over, so that nothing is made behind our back.
    await this.#starting?.catch(() => undefined);
    if (this.#journal === undefined) return;
    await this.#control?.close();
    await this.wiring.close();
    await Promise.all(this.#relays.map((relay) => relay.close()));
    // The master first and by itself, so that its Kubernetes can write down what it knows; the others have nothing to lose.
    await this.#machines.get(MASTER)?.stop(MASTER_GRACE_MS);
    await Promise.all(this.machines.map((machine) => machine.remove()));
    await this.#network.removeAll();
    await this.#journal.release();
    this.#logger.info({ lab: this.name }, 'Lab is down');
  }

  async #plugRelay(): Promise<Relay> {
    const relay = new Relay(this.#network.pathOf(RELAY));
    this.#relays.push(relay);
    await this.#network.attach(RELAY, plainMacOf(this.name, RELAY), true);
    await this.#network.setAddress(RELAY, LAN.relay);
    return relay;
  }

  /** Only ways to instruments lie there, no secrets. */
  #instrumentsBind(): Bind {
    return { from: join(this.labDir, INSTRUMENTS_FOLDER), to: INSTRUMENTS_IN_MACHINE };
  }

  #addMachine(spec: MachineSpec): Machine {
    const name = checkMachineName(spec.name);
    this.#refuseWhenEnding();
    if (this.#context === undefined) throw new UsherError('LAB_NOT_RUNNING', { name: this.name });
    if (this.#machines.has(name)) throw new UsherError('CONFIG_INVALID', { detail: `machine ${name} exists already` });
    const machine = new Machine(spec, this.#context);
    this.#machines.set(name, machine);
    return machine;
  }

  #refuseWhenEnding(): void {
    if (this.#ending !== undefined) throw new UsherError('STOPPED');
  }

  #freeName(): string {
    for (let number = 1; ; number += 1) {
      if (!this.#machines.has(`pi-${number}`)) return `pi-${number}`;
    }
  }

  async #startRouter(): Promise<void> {
    const { leaseSec } = this.#options;
    const router = this.#addMachine({
      name: ROUTER,
      command: dnsmasqCommand(leaseSec === undefined ? {} : { leaseSec }),
      addressing: { kind: 'static', address: LAN.router },
      mac: plainMacOf(this.name, ROUTER),
    });
    const hosts = router.pathOnDisk(DHCP_HOSTS_FILE);
    await mkdir(dirname(hosts), { recursive: true });
    await writeFile(hosts, '');
    await router.boot();
    await router.waitForConsole(/DHCP, IP range/, ROUTER_START_MS);
  }
}
