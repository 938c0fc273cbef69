import { access, copyFile, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { stringify } from 'yaml';
import { type Clock, sleep } from '../../foundation/clock.ts';
import { asUsherError, isUsherError, messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import { type AdminKubeClient, createKubeClient } from '../client/create-kube-client.ts';
import { k3sServerConfig } from '../core/k3s-config.ts';
import { bracketed, caHashOf, type ClusterEvent, type SiteCluster, untilReady } from './cluster.ts';
import { writePrivateFile } from './private-file.ts';
import { capLog, endServer, type RunningProcess, runServer, type ServerProcessOptions } from './server-process.ts';

export interface K3sServerOptions {
  k3sPath: string;
  /** Folder of all its state, readable by root alone: configuration, tokens, log, and k3s' own data below `data/`. */
  stateDir: string;
  nodeName: string;
  /** Address on the LAN. */
  nodeIp?: string;
  /** All addresses on the LAN, when there may be several; the first is the node's. */
  addresses?: readonly string[];
  tlsSans?: readonly string[];
  apiPort?: number;
  /** Whether the master runs pods itself. Default true. */
  runsPods?: boolean;
  /** Image archives for a site without a network; copied to where k3s imports them from. */
  imageArchives?: readonly string[];
  /** Address at which this process reaches the API, when it is not on the same network namespace. */
  apiAddress?: string;
  /** Words before the command, for instance `ip netns exec NAME`. */
  launcher?: readonly string[];
  /** Further k3s settings by name. */
  extraConfig?: Readonly<Record<string, unknown>>;
  clock: Clock;
  random: Random;
  logger: Logger;
  readyLimitMs?: number;
  stopLimitMs?: number;
}

const READY_POLL_MS = 100;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** A server that ran this long starts its waits anew. */
const STEADY_MS = 60_000;
const MAX_LOG_BYTES = 32 * 2 ** 20;

/** Runs `k3s server` with a hardened configuration, and starts it again when it dies. */
export class K3sServer implements SiteCluster {
  readonly kubeconfigPath: string;
  readonly masterNodeNames: readonly string[];
  readonly #options: K3sServerOptions;
  readonly #logger: Logger;
  readonly #handlers = new Set<(event: ClusterEvent) => void>();
  readonly #stop = new AbortController();
  readonly #process: ServerProcessOptions;
  #running: RunningProcess | undefined;
  #supervision: Promise<void> | undefined;
  #client: AdminKubeClient | undefined;
  #addresses: readonly string[];
  #stopLog: () => void = () => undefined;

  constructor(options: K3sServerOptions) {
    this.#options = options;
    this.#addresses = options.addresses ?? (options.nodeIp === undefined ? [] : [options.nodeIp]);
    this.#logger = options.logger.child({ part: 'k3s' });
    this.kubeconfigPath = join(options.stateDir, 'admin.kubeconfig');
    this.masterNodeNames = options.runsPods === false ? [] : [options.nodeName];
    const command = [...(options.launcher ?? []), options.k3sPath, 'server', '--config', this.#file('config.yaml')];
    const [program = options.k3sPath, ...args] = command;
    this.#process = {
      command: [program, ...args],
      env: environmentForK3s(),
      logPath: this.#file('k3s.log'),
      maxLogBytes: MAX_LOG_BYTES,
      pidPath: this.#file('k3s.pid'),
      beforeLaunch: () => this.#forgetKubeletCertificate(),
      clock: options.clock,
      logger: this.#logger,
    };
  }

  /**
   * Starts the server, or takes over the one an appliance before this one left running. Only this first start fails
   * loudly; call {@link stop} also after that.
   * @throws UsherError K3S_NOT_READY, K3S_NOT_EXECUTABLE, K3S_EXITED, STOPPED
   */
  async start(): Promise<void> {
    const changed = await this.#prepare();
    this.#stopLog = capLog(this.#process);
    let running = await this.#launch();
    if (running.adopted && changed) {
      // It was left running with other settings: an address that this machine does not have any more, for instance.
      await endServer(running, this.#process, this.#stopLimitMs);
      running = await this.#launch();
    }
    await this.#readyOrEnded(running);
    this.#supervision = this.#supervise(running);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#stopLog();
    if (this.#running !== undefined) await endServer(this.#running, this.#process, this.#stopLimitMs);
    await this.#supervision;
    await this.#client?.close();
  }

  onEvent(handler: (event: ClusterEvent) => void): () => void {
    this.#handlers.add(handler);
    return () => {
      this.#handlers.delete(handler);
    };
  }

  adminClient(): AdminKubeClient {
    const { clock } = this.#options;
    const access = { kubeconfigPath: this.kubeconfigPath };
    return (this.#client ??= createKubeClient({ access, clock, logger: this.#logger }));
  }

  /**
   * The first address still there stays the node's. k3s takes its addresses, and those in its certificate, when it starts:
   * so it is started anew; nodes and pods go on meanwhile.
   */
  async moveTo(addresses: readonly string[]): Promise<void> {
    if (addresses.length === 0 || addresses.every((address) => this.#addresses.includes(address))) return;
    const kept = this.#addresses.filter((address) => addresses.includes(address));
    this.#addresses = [...new Set([...kept, ...addresses])];
    this.#logger.warn({ addresses: this.#addresses }, 'the addresses of this machine have changed: k3s server follows');
    if (!(await this.#prepare()) || this.#running === undefined) return;
    // Whoever supervises it starts it again.
    await endServer(this.#running, this.#process, this.#stopLimitMs);
  }

  joinServerUrl(address: string): string {
    return `https://${bracketed(address)}:${String(this.#apiPort)}`;
  }

  async caHash(): Promise<string> {
    return caHashOf(await this.adminClient().getRaw('/cacerts'));
  }

  /** Process id of the server, while it runs. */
  get pid(): number | undefined {
    return this.#running?.pid;
  }

  get #stopLimitMs(): number {
    return this.#options.stopLimitMs ?? 20_000;
  }

  get #apiPort(): number {
    return this.#options.apiPort ?? 6443;
  }

  #file(name: string): string {
    return join(this.#options.stateDir, name);
  }

  /** Writes all that k3s reads. Gives whether its configuration is another one than before. */
  async #prepare(): Promise<boolean> {
    const { random, stateDir } = this.#options;
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    // k3s dies when these differ from those it was started with first: made once, kept for ever.
    await makeOnce(this.#file('server-token'), random);
    await makeOnce(this.#file('agent-token'), random);
    const images = this.#options.imageArchives ?? [];
    if (images.length > 0) await copyImages(images, join(this.#file('data'), 'agent', 'images'));
    const config = k3sServerConfig({
      dataDir: this.#file('data'),
      kubeconfigPath: this.#file('k3s.kubeconfig'),
      serverTokenPath: this.#file('server-token'),
      agentTokenPath: this.#file('agent-token'),
      nodeName: this.#options.nodeName,
      ...(this.#addresses[0] === undefined ? {} : { nodeIp: this.#addresses[0] }),
      apiPort: this.#apiPort,
      tlsSans: [
        ...(this.#options.tlsSans ?? []),
        ...this.#addresses.slice(1),
        ...(this.#options.apiAddress === undefined ? [] : [this.#options.apiAddress]),
      ],
      runsPods: this.#options.runsPods ?? true,
      cgroupV1: !(await exists('/sys/fs/cgroup/cgroup.controllers')),
      ...(this.#options.extraConfig === undefined ? {} : { extra: this.#options.extraConfig }),
    });
    const text = stringify(config);
    if (text === (await readOr(this.#file('config.yaml'), ''))) return false;
    await writePrivateFile(this.#file('config.yaml'), text);
    return true;
  }

  async #launch(): Promise<RunningProcess> {
    this.#emit({ type: 'starting' });
    const running = await runServer(this.#process);
    this.#running = running;
    this.#logger.info({ pid: running.pid, adopted: running.adopted }, 'k3s server is starting');
    return running;
  }

  /**
   * A kubelet certificate whose Node is gone (deleted, or never made because k3s died in between) keeps an agent out for
   * ever; without one it gets a new one, and on the master the token for that is always at hand.
   */
  async #forgetKubeletCertificate(): Promise<void> {
    const folder = join(this.#file('data'), 'agent');
    for (const name of ['client-kubelet.crt', 'client-kubelet.key']) await rm(join(folder, name), { force: true });
  }

  /** @throws UsherError K3S_NOT_READY, K3S_EXITED, STOPPED */
  async #readyOrEnded(running: RunningProcess): Promise<void> {
    const { clock, readyLimitMs = 120_000 } = this.#options;
    const startedMs = clock.nowMs();
    const attempt = new AbortController();
    const signal = AbortSignal.any([attempt.signal, this.#stop.signal]);
    const ended = running.ended.then((detail) => {
      throw new UsherError(this.#stop.signal.aborted ? 'STOPPED' : 'K3S_EXITED', { detail });
    });
    try {
      const isReady = (): Promise<boolean> => this.#isReady();
      const ready = untilReady({ clock, limitMs: readyLimitMs, pollMs: READY_POLL_MS, isReady, signal });
      await Promise.race([ready, ended]);
    } finally {
      attempt.abort();
    }
    this.#emit({ type: 'ready', afterMs: clock.nowMs() - startedMs });
  }

  async #isReady(): Promise<boolean> {
    if (!(await this.#adoptKubeconfig())) return false;
    try {
      return await this.adminClient().isReady();
    } catch (error) {
      // Read while k3s was still writing it.
      if (isUsherError(error, 'CONFIG_INVALID')) return false;
      throw error;
    }
  }

  /** Copies k3s' kubeconfig with the address at which the API is reached from here. False while there is none yet. */
  async #adoptKubeconfig(): Promise<boolean> {
    try {
      const text = await readFile(this.#file('k3s.kubeconfig'), 'utf8');
      const { apiAddress } = this.#options;
      const server = apiAddress === undefined ? '$&' : `https://${bracketed(apiAddress)}:${String(this.#apiPort)}`;
      const ours = text.replace(/https:\/\/[^\s"']+/, server);
      if (ours !== (await readOr(this.kubeconfigPath, ''))) await writePrivateFile(this.kubeconfigPath, ours);
      return true;
    } catch (error) {
      this.#logger.debug({ detail: messageOf(error) }, 'k3s has written no kubeconfig yet');
      return false;
    }
  }

  async #supervise(first: RunningProcess): Promise<void> {
    const { clock } = this.#options;
    let running = first;
    let failures = 0;
    for (;;) {
      const sinceMs = clock.nowMs();
      const detail = await running.ended;
      if (this.#isStopping()) return;
      failures = clock.nowMs() - sinceMs >= STEADY_MS ? 0 : failures + 1;
      const retryInMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
      this.#logger.error({ detail, retryInMs }, 'k3s server ended: starting it again');
      this.#emit({ type: 'exited', detail, retryInMs });
      try {
        await sleep(clock, retryInMs, this.#stop.signal);
        running = await this.#launch();
        await this.#readyOrEnded(running);
      } catch (error) {
        if (this.#isStopping()) return;
        const { code, message } = asUsherError(error);
        this.#logger.error({ code, detail: message }, 'k3s is not ready');
      }
    }
  }

  #isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  #emit(event: ClusterEvent): void {
    for (const handler of this.#handlers) {
      try {
        handler(event);
      } catch (error) {
        this.#logger.error({ err: error, event: event.type }, 'a handler of k3s events failed');
      }
    }
  }
}

/** k3s reads settings from K3S_… variables too; those of this process are not meant for it. */
function environmentForK3s(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('K3S_')));
}

async function makeOnce(path: string, random: Random): Promise<void> {
  if (await exists(path)) return;
  await writePrivateFile(path, `${Buffer.from(random.bytes(32)).toString('hex')}\n`);
}

/** Copies what is not there yet, and tells k3s to import only what changed since its last start. */
async function copyImages(archives: readonly string[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!(await exists(join(folder, '.cache.json')))) await writeFile(join(folder, '.cache.json'), '');
  for (const archive of archives) {
    const target = join(folder, basename(archive));
    const { size, mtime } = await stat(archive);
    const present = (await exists(target)) ? await stat(target) : undefined;
    if (present?.size === size && present.mtimeMs === mtime.getTime()) continue;
    const draft = join(folder, `.${basename(archive)}.draft`);
    await copyFile(archive, draft);
    await utimes(draft, mtime, mtime);
    await rename(draft, target);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

async function readOr(path: string, fallback: string): Promise<string> {
  return (await exists(path)) ? await readFile(path, 'utf8') : fallback;
}
