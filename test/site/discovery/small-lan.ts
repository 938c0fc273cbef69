import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const STEP_TIMEOUT_MS = 20_000;

/** Sets the address a DHCP client was given and touches nothing else of the machine; for udhcpc and dhclient. */
const LEASE_SCRIPT = `#!/bin/sh
address="\${ip:-$new_ip_address}"
[ -n "$address" ] && ip addr replace "$address/24" dev "$interface"
exit 0
`;

/** A program that runs in a namespace, with the lines it printed. */
export class Program {
  readonly lines: string[] = [];
  readonly #child;
  readonly #ended: Promise<unknown>;
  readonly #listeners = new Set<() => void>();

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.lines.push(line);
      for (const listener of this.#listeners) listener();
    });
  }

  /** The first line, printed already or later, for which `find` gives something; what it gives. */
  async line<T>(find: (line: string) => T | undefined, timeoutMs = STEP_TIMEOUT_MS): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let read = 0;
    const look = (): void => {
      for (; read < this.lines.length; read += 1) {
        const found = find(this.lines[read] ?? '');
        if (found !== undefined) resolve(found);
      }
    };
    const timer = setTimeout(() => {
      reject(new TypeError(`nothing within ${String(timeoutMs)} ms; last lines:\n${this.lines.slice(-5).join('\n')}`));
    }, timeoutMs);
    this.#listeners.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(look);
    }
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.#ended;
    clearTimeout(timer);
  }
}

export type Host = 'router' | 'pi' | 'third';

/**
 * Three machines on a switch, as network namespaces: a router whose bridge is the switch and whose dnsmasq (wildcard
 * sockets, its default) is the DHCP server, a Pi, and a third host with a fixed address.
 */
export class SmallLan {
  readonly folder: string;
  readonly #programs: Program[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<SmallLan> {
    const lan = new SmallLan(await mkdtemp(join(tmpdir(), 'usher-lan-')));
    await writeFile(join(lan.folder, 'lease.sh'), LEASE_SCRIPT, { mode: 0o755 });
    for (const host of ['router', 'pi', 'third'] as const) {
      await run('ip', ['netns', 'add', lan.namespace(host)]);
      await lan.ip(host, 'link set lo up');
    }
    await lan.ip('router', 'link add lan type bridge');
    await lan.ip('router', 'addr add 10.98.7.1/24 dev lan');
    await lan.ip('router', 'link set lan up');
    await lan.plug('pi', 'b8:27:eb:c0:ff:ee');
    await lan.plug('third', '00:00:0c:00:00:09');
    await lan.ip('third', 'addr add 10.98.7.9/24 dev eth0');
    lan.start('router', 'dnsmasq', [
      ...['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--no-ping', '--log-facility=-'],
      ...['--interface=lan', '--dhcp-range=10.98.7.100,10.98.7.150,1h', `--dhcp-leasefile=${lan.leaseFile}`],
    ]);
    return lan;
  }

  get leaseFile(): string {
    return join(this.folder, 'dnsmasq.leases');
  }

  namespace(host: Host): string {
    return `ush-disc-${String(process.pid)}-${host}`;
  }

  /** Puts a network card with this MAC address into the host and its cable into the switch. */
  async plug(host: Host, mac: string): Promise<void> {
    const port = `to-${host}`;
    const card = ['name', 'eth0', 'netns', this.namespace(host), 'address', mac];
    await run('ip', ['link', 'add', ...card, 'type', 'veth', 'peer', 'name', port, 'netns', this.namespace('router')]);
    await this.ip('router', `link set ${port} master lan up`);
    await this.ip(host, 'link set eth0 up');
  }

  async ip(host: Host, command: string): Promise<string> {
    return (await run('ip', ['-n', this.namespace(host), ...command.split(' ')])).stdout;
  }

  /** Runs a program on a host to its end and gives its output. */
  async exec(host: Host, command: string, args: readonly string[]): Promise<string> {
    const { stdout } = await run('ip', ['netns', 'exec', this.namespace(host), command, ...args], {
      timeout: STEP_TIMEOUT_MS,
    });
    return stdout;
  }

  /** Starts a program on a host; it ends with the LAN at the latest. */
  start(host: Host, command: string, args: readonly string[]): Program {
    const program = new Program('ip', ['netns', 'exec', this.namespace(host), command, ...args]);
    this.#programs.push(program);
    return program;
  }

  /** Gets a lease by busybox' udhcpc. */
  async udhcpc(host: Host, hostname: string, device = 'eth0'): Promise<void> {
    await this.exec(host, 'udhcpc', [
      '-i',
      device,
      '-f',
      '-n',
      '-q',
      '-s',
      join(this.folder, 'lease.sh'),
      '-x',
      `hostname:${hostname}`,
    ]);
  }

  /** Gets a lease by ISC dhclient, which sends this vendor class, and ends the client without giving the lease back. */
  async dhclient(host: Host, vendorClass: string): Promise<void> {
    const files = Object.fromEntries(
      ['conf', 'lease', 'pid'].map((name) => [name, join(this.folder, `dhclient.${name}`)]),
    );
    const [conf = '', lease = '', pid = ''] = Object.values(files);
    await writeFile(conf, `send vendor-class-identifier "${vendorClass}";\n`);
    const script = ['-sf', join(this.folder, 'lease.sh'), '-cf', conf, '-lf', lease, '-pf', pid];
    await this.exec(host, 'dhclient', ['-1', ...script, 'eth0']);
    await this.exec(host, 'dhclient', ['-x', ...script, 'eth0']);
  }

  /** Processes that run on a host. */
  async processes(host: Host): Promise<number[]> {
    const { stdout } = await run('ip', ['netns', 'pids', this.namespace(host)]);
    return stdout.split('\n').filter(Boolean).map(Number);
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    for (const host of ['third', 'pi', 'router'] as const) await run('ip', ['netns', 'del', this.namespace(host)]);
    await rm(this.folder, { recursive: true });
  }
}
