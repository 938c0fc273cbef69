import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CardFile } from '../../join/protocol/messages.ts';
import { CROWD, LAN } from '../core/address-plan.ts';
import { type Lab, MASTER } from '../lab.ts';
import { CrowdNews, type CrowdOrder } from './crowd-messages.ts';
import { type HollowBoard, hollowBoard } from './hollow-board.ts';
import type { Milestone } from './hollow-pi.ts';

/** One hollow Pi as seen from outside. */
export interface HollowReport {
  readonly board: HollowBoard;
  readonly deviceId: string;
  /** Milliseconds since the epoch of each thing that has happened. */
  readonly moments: Partial<Record<Milestone, number>>;
  /** What went wrong on its way, newest last; it has tried again each time. */
  readonly troubles: string[];
}

export interface SwitchOnOptions {
  /** The cards, by the board's number. */
  readonly cards: ReadonlyMap<number, CardFile>;
  /** The first DHCP packets come evenly spread over this time. Default 10,000: see SPREAD_MS. */
  readonly spreadMs?: number;
  /** Default 10,000, as a kubelet's (a quarter of the time for which its Lease holds). */
  readonly heartbeatMs?: number;
}

const MACHINE = 'crowd';
const CHILD = fileURLToPath(new URL('crowd-child.ts', import.meta.url));
/** A DHCP client waits between one and ten seconds at random before its first packet (RFC 2131 section 4.4.1). */
const SPREAD_MS = 10_000;
const HEARTBEAT_MS = 10_000;
const MOST_TROUBLES = 20;

/**
 * Hollow Pis in one process, in a namespace of its own on the lab's switch. Each has its own key, MAC address and IP
 * address. The addresses lie behind the crowd's own one, to which the master gets a route: so no limit per address has
 * to be widened for them.
 */
export class Crowd {
  readonly #child: ChildProcess;
  readonly #reports = new Map<number, HollowReport>();

  private constructor(namespacePath: string) {
    this.#child = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', 'nsenter', `--net=${namespacePath}`, process.execPath, CHILD],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced', detached: true },
    );
    this.#child.on('message', (message) => this.#note(CrowdNews.parse(message)));
  }

  /** Makes the crowd's machine in a lab whose master is on; no hollow Pi has power yet. */
  static async start(lab: Lab): Promise<Crowd> {
    await lab.startMachine({
      name: MACHINE,
      command: ['sleep', 'infinity'],
      addressing: { kind: 'static', address: CROWD.address },
    });
    await lab.execIn(MACHINE, ['ip', 'route', 'add', 'local', CROWD.network, 'dev', 'lo']);
    await lab.execIn(MASTER, ['ip', 'route', 'add', CROWD.network, 'via', CROWD.address, 'src', LAN.master]);
    return new Crowd(lab.namespacePath(MACHINE));
  }

  /** Gives all these boards power at once. */
  switchOn({ cards, spreadMs = SPREAD_MS, heartbeatMs = HEARTBEAT_MS }: SwitchOnOptions): void {
    const pis = [...cards].map(([number, card]) => ({ number, card }));
    this.#send({ order: 'switch-on', spreadMs, heartbeatMs, pis });
  }

  /** Pulls the power of all. */
  switchOff(): void {
    this.#send({ order: 'switch-off' });
  }

  /** Every board that ever had power, by its number. */
  get reports(): ReadonlyMap<number, HollowReport> {
    return this.#reports;
  }

  /** Ends the process they live in; the machine goes with the lab. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  #send(order: CrowdOrder): void {
    this.#child.send(order);
  }

  #note(news: CrowdNews): void {
    if (news.news === 'board') {
      const { number, deviceId } = news;
      this.#reports.set(number, { board: hollowBoard(number), deviceId, moments: {}, troubles: [] });
      return;
    }
    const report = this.#reports.get(news.number);
    if (report === undefined) return;
    if (news.news === 'milestone') report.moments[news.what] ??= news.atMs;
    else {
      report.troubles.push(`${news.code}: ${news.detail}`);
      if (report.troubles.length > MOST_TROUBLES) report.troubles.shift();
    }
  }
}
