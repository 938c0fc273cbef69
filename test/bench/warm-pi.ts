import { chmod, mkdir, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsherError } from '../../foundation/errors.ts';
import type { Secret } from '../../foundation/secret.ts';
import type { Machine } from '../../lab/machine.ts';

const UNITS = '/etc/systemd/system';
const TARGETS = ['multi-user.target.wants', 'timers.target.wants'] as const;
const K3S_UNIT = 'k3s-agent.service';
const K3S_LOG = `/var/log/units/${K3S_UNIT}.log`;
const TICKET_FILES = ['/etc/rancher/node/password', '/etc/rancher/k3s/config.yaml'] as const;
const ADDRESS_LIMIT_MS = 20_000;

/** What `k3s agent` is started with by hand. */
export interface HandStart {
  readonly serverUrl: string;
  readonly token: Secret;
  readonly nodeName: string;
}

/**
 * A virtual Pi whose disk stays warm: k3s, images and containerd's content survive `wipe`, the identity does not. What is
 * done to its disk is done while its power is off.
 */
export class WarmPi {
  readonly machine: Machine;
  /** Links that start Usher's units at boot, and where they point. */
  #unitLinks = new Map<string, string>();

  constructor(machine: Machine) {
    this.machine = machine;
  }

  get mac(): string {
    return this.machine.spec.mac;
  }

  /** Pulls the power and takes every trace of a join off the disk: keys, state, tickets, certificates. */
  async wipe(): Promise<void> {
    await this.machine.kill();
    const agent = this.#path('/var/lib/rancher/k3s/agent');
    for (const name of await readdir(agent)) {
      if (/\.(crt|key|kubeconfig)$/.test(name)) await rm(join(agent, name));
    }
    for (const path of ['/var/lib/usher/device.key', '/var/lib/usher/state.json', '/var/lib/kubelet/pki', K3S_LOG]) {
      await rm(this.#path(path), { recursive: true, force: true });
    }
    // The folder itself stays: without it the overlay would show the one of the host.
    const rancher = this.#path('/etc/rancher');
    for (const name of await readdir(rancher)) await rm(join(rancher, name), { recursive: true });
    await rm(this.#path(`${UNITS}/${TARGETS[0]}/${K3S_UNIT}`), { force: true });
  }

  /** Boots with Usher's agent, and with this content of usher.json when given. */
  async bootWithCard(usherJson?: unknown): Promise<void> {
    if (usherJson !== undefined) {
      const path = this.#path('/boot/firmware/usher.json');
      await writeFile(path, `${JSON.stringify(usherJson)}\n`);
      await chmod(path, 0o600);
    }
    for (const [path, target] of this.#unitLinks) await symlink(target, path);
    this.#unitLinks = new Map();
    await this.#boot();
  }

  /** Boots without anything of Usher running, as a machine that an operator is about to join by hand. */
  async bootBare(): Promise<void> {
    for (const folder of TARGETS.map((target) => this.#path(`${UNITS}/${target}`))) {
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        this.#unitLinks.set(path, await readlink(path));
        await rm(path);
      }
    }
    await this.#boot();
  }

  /**
   * Starts k3s as an operator does, with the flags that the agent's configuration holds too.
   * @returns the moment just before the program began, in milliseconds since the epoch
   */
  async startByHand({ serverUrl, token, nodeName }: HandStart): Promise<number> {
    const { code } = await this.machine.exec(['test', '-e', '/sys/fs/cgroup/cgroup.controllers'], {
      allowFailure: true,
    });
    const command = ['/usr/local/bin/k3s', 'agent', '--server', serverUrl, '--token', token.reveal()];
    command.push('--node-name', nodeName, '--disable-default-registry-endpoint');
    if (code !== 0) command.push('--kubelet-arg', 'fail-cgroupv1=false');
    await mkdir(join(this.#path(K3S_LOG), '..'), { recursive: true });
    const script = `date +%s%N; exec setsid "$@" >>${K3S_LOG} 2>&1 </dev/null &`;
    const { stdout } = await this.machine.exec(['sh', '-c', script, 'sh', ...command]);
    return Number(stdout.trim()) / 1e6;
  }

  /** When the last of the ticket's files was put in its place, in milliseconds since the epoch. */
  async ticketWrittenMs(): Promise<number> {
    const stats = await Promise.all(TICKET_FILES.map((path) => stat(this.#path(path), { bigint: true })));
    // Renaming a file into place changes its ctime, not its mtime.
    return Math.max(...stats.map(({ ctimeNs }) => Number(ctimeNs) / 1e6));
  }

  /** When the unit of k3s began to start (its log was made then), in milliseconds since the epoch. */
  async k3sStartedMs(): Promise<number> {
    return Number((await stat(this.#path(K3S_LOG), { bigint: true })).birthtimeNs) / 1e6;
  }

  async #boot(): Promise<void> {
    await this.machine.setPlugged(true);
    await this.machine.boot();
    await this.machine.waitForAddress(ADDRESS_LIMIT_MS);
    const { stdout } = await this.machine.exec(['pgrep', '-x', 'k3s'], { allowFailure: true });
    if (stdout !== '') throw new UsherError('INTERNAL', { detail: 'k3s runs before the arm has begun' });
  }

  #path(path: string): string {
    return this.machine.pathOnDisk(path);
  }
}
