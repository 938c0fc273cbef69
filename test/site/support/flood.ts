import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { findAppliance } from '../../../api/client/find-appliance.ts';
import { Http } from '../../../api/client/http.ts';
import { ENROL_PORT } from '../../../join/protocol/messages.ts';
import { CROWD, LAN } from '../../../lab/core/address-plan.ts';
import { MASTER } from '../../../lab/lab.ts';
import { FloodReport, type FloodMessage, type FloodOrder } from './flood-messages.ts';
import type { RunningSite } from './running-site.ts';

const CHILD = fileURLToPath(new URL('flood-child.ts', import.meta.url));
const NAME = 'flood';

/** A machine on the LAN with a whole network of addresses, from which everything is tried that only costs time. */
export class Flood {
  readonly #child: ChildProcess;
  readonly #caPem: string;
  readonly #ended = new AbortController();
  #lastId = 0;

  private constructor(child: ChildProcess, caPem: string) {
    this.#child = child;
    child.once('exit', () => this.#ended.abort(new TypeError('the process that floods has ended')));
    this.#caPem = caPem;
  }

  static async plugIn({ site: { lab } }: RunningSite, caPem: string): Promise<Flood> {
    const addressing = { kind: 'static', address: CROWD.address } as const;
    await lab.startMachine({ name: NAME, command: ['sleep', 'infinity'], addressing });
    await lab.execIn(NAME, ['ip', 'route', 'add', 'local', CROWD.network, 'dev', 'lo']);
    await lab.execIn(MASTER, ['ip', 'route', 'add', CROWD.network, 'via', CROWD.address, 'src', LAN.master]);
    const inside = ['--pdeathsig', 'KILL', 'nsenter', `--net=${lab.namespacePath(NAME)}`, process.execPath, CHILD];
    const child = spawn('setpriv', inside, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true });
    return new Flood(child, caPem);
  }

  /** Carries out an order, beside others that are under way, and gives how it went. */
  async run(order: FloodOrder, limitMs = 400_000): Promise<FloodReport> {
    const id = (this.#lastId += 1);
    const stop = AbortSignal.any([AbortSignal.timeout(limitMs), this.#ended.signal]);
    const message: FloodMessage = { id, order, caPem: this.#caPem, host: LAN.master, port: ENROL_PORT };
    this.#child.send(message);
    for (;;) {
      const [received] = (await once(this.#child, 'message', { signal: stop })) as unknown[];
      const report = FloodReport.parse(received);
      if (report.id === id) return report;
    }
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

/** Resident memory of the appliance in MiB (proc(5)); its pid is as the master counts. */
export async function rssMbOf({ site: { lab } }: RunningSite, pid: number): Promise<number> {
  const { stdout } = await lab.execIn(MASTER, ['cat', `/proc/${String(pid)}/status`]);
  return Number(/VmRSS:\s+(\d+)/.exec(stdout)?.[1] ?? NaN) / 1024;
}

/** The samples of one metric of the appliance, by their labels as they stand there. */
export async function metricOf({ site }: RunningSite, metric: string): Promise<Map<string, number>> {
  const http = new Http(findAppliance({ tokenFile: site.cliFile, env: {} }), 30_000);
  try {
    let text = '';
    for await (const chunk of await http.open({ method: 'GET', path: '/metrics' })) text += String(chunk);
    const samples = text.matchAll(new RegExp(`^${metric}(\\{[^}]*\\})? (\\S+)`, 'gm'));
    return new Map([...samples].map(([, labels = '', value]) => [labels, Number(value)]));
  } finally {
    http.close();
  }
}
