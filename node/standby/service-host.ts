import { type Clock, sleep } from '../../foundation/clock.ts';
import { asUsherError, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { type Connection, GrantServer } from './grant-server.ts';
import type { Holding } from '../grant-protocol/messages.ts';
import type { ProcessKiller } from './process-killer.ts';
import type { ProcessName } from './process-state.ts';
import type { UnitRunner } from './unit-runner.ts';

/** What is known about pods, and done about their processes. */
export interface PodPort {
  isOf(podUid: string, namespace: string, service: string): boolean;
  onChange(handler: () => void): void;
  /** What is known may be out of date: its watch is to begin anew. */
  refresh(): void;
}

export interface ServiceHostOptions {
  readonly node: string;
  readonly namespace: string;
  readonly service: string;
  readonly socketPath: string;
  readonly pods: PodPort;
  /** Neither of what it promises is ever rejected. */
  readonly killer: ProcessKiller & { processesOf(podUid: string): Promise<number[]> };
  readonly nextId: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Silence that is too long, when no terms say otherwise. */
const DEFAULT_LIMIT_MS = 1_000;
const KILL_ROUND_MS = 2_000;

/** One service on this node: its grant socket, who is connected, and its units. */
export class ServiceHost {
  readonly #options: ServiceHostOptions;
  /** By Lease: where a service has changed between one active node and all, a unit has two for a while. */
  readonly #units: { readonly unit: string; readonly runner: UnitRunner }[] = [];
  readonly #connections = new Map<number, Connection>();
  readonly #ready = new Set<number>();
  /** Said ready, but its pod is not known yet: it cannot be fenced. */
  readonly #waiting = new Set<number>();
  /** Pods of connections that were ever ready: their processes may have to be killed after the connection ended. */
  readonly #podUids = new Map<number, string>();
  /** What it said it holds from an earlier standby, as long as it does. */
  readonly #holding = new Map<number, readonly Holding[]>();
  /** By pod: looking through all processes is much work, and a service may say that it is ready as often as it likes. */
  readonly #looks = new Map<string, Promise<boolean>>();
  readonly #admitting = new Set<number>();
  #server: GrantServer | undefined;

  constructor(options: ServiceHostOptions) {
    this.#options = options;
    options.pods.onChange(() => {
      for (const id of this.#waiting) void this.#admit(id);
    });
  }

  /** @throws UsherError GRANT_SOCKET_FAILED */
  async start(): Promise<void> {
    const { socketPath: path, service, node, clock, logger, nextId } = this.#options;
    try {
      this.#server = await GrantServer.listen({
        path,
        service,
        node,
        nextId,
        clock,
        logger,
        limitMs: () => this.#limitMs(),
        listener: {
          ready: (connection) => {
            if (!this.#connections.has(connection.id)) this.#holding.set(connection.id, connection.holding);
            this.#connections.set(connection.id, connection);
            if (this.#ready.has(connection.id)) {
              this.#tellAll(connection.id);
              return;
            }
            this.#waiting.add(connection.id);
            void this.#admit(connection.id);
          },
          stopped: (connection, unit, epoch) => {
            this.#ready.delete(connection.id);
            this.#holding.delete(connection.id);
            for (const { runner } of this.#units.filter((one) => one.unit === unit)) {
              runner.hear({ type: 'service-stopped', connection: connection.id, epoch });
            }
          },
          lost: (connection, why) => this.#lost(connection, why),
        },
      });
    } catch (error) {
      throw new UsherError('GRANT_SOCKET_FAILED', { path, detail: asUsherError(error).message }, { cause: error });
    }
  }

  addUnit(unit: string, runner: UnitRunner): void {
    this.#units.push({ unit, runner });
    for (const id of this.#ready) this.#tellReady(id, unit, runner);
  }

  send(id: number, message: Parameters<Connection['send']>[0]): void {
    this.#connections.get(id)?.send(message);
  }

  /** Resolves when no process of the connection's pod is left; tries again as long as there is one. */
  async kill(id: number): Promise<void> {
    const { killer, clock, logger, service } = this.#options;
    const podUid = this.#podUids.get(id);
    if (podUid === undefined) return;
    while (!(await killer.killPod(podUid, KILL_ROUND_MS))) {
      const error = new UsherError('FENCING_STUCK', { service, pod: podUid });
      logger.error({ code: error.code, remedy: error.remedy }, error.message);
      await sleep(clock, KILL_ROUND_MS);
    }
    this.#podUids.delete(id);
  }

  /** Those of units with `fencing: Watchdog` that outlasted being killed. */
  stuck(): ProcessName[] {
    return this.#units.flatMap(({ runner: { state } }) => {
      const { role } = state;
      if (role.name !== 'stopping' || !role.killing || role.terms.fencing !== 'Watchdog') return [];
      const podUid = this.#podUids.get(role.connection);
      return podUid === undefined ? [] : [...this.#options.killer.leftOf(podUid)];
    });
  }

  /** From now on nothing is granted, and nothing renewed. */
  halt(): void {
    for (const { runner } of this.#units) runner.stop();
  }

  async stop(): Promise<void> {
    this.halt();
    await this.#server?.close();
  }

  /** A service becomes a candidate only if its processes could be killed: seen in /proc, and of a pod of this service. */
  async #admit(id: number): Promise<void> {
    const connection = this.#connections.get(id);
    if (connection === undefined || !this.#waiting.has(id) || this.#admitting.has(id)) return;
    const { pods, namespace, service, logger } = this.#options;
    if (!pods.isOf(connection.podUid, namespace, service)) return;
    this.#admitting.add(id);
    const isSeen = await this.#isSeen(connection.podUid);
    this.#admitting.delete(id);
    if (!isSeen) {
      if (!this.#waiting.has(id)) return;
      const error = new UsherError('FENCING_BLIND', { service, pod: connection.podUid });
      logger.error({ code: error.code, remedy: error.remedy }, error.message);
      return;
    }
    if (!this.#waiting.delete(id)) return;
    this.#podUids.set(id, connection.podUid);
    this.#ready.add(id);
    this.#tellAll(id);
  }

  /** Whether processes of the pod are seen; asked anew only when the look that is under way has ended. */
  async #isSeen(podUid: string): Promise<boolean> {
    const known = this.#looks.get(podUid);
    if (known !== undefined) return await known;
    const look = this.#options.killer.processesOf(podUid).then((pids) => pids.length > 0);
    this.#looks.set(podUid, look);
    try {
      return await look;
    } finally {
      this.#looks.delete(podUid);
    }
  }

  #tellAll(id: number): void {
    for (const { unit, runner } of this.#units) this.#tellReady(id, unit, runner);
  }

  #tellReady(id: number, unit: string, runner: UnitRunner): void {
    const holding = this.#holding.get(id)?.find((one) => one.unit === unit)?.epoch;
    runner.hear({ type: 'service-ready', connection: id, holding });
  }

  #lost(connection: Connection, why: 'closed' | 'mute'): void {
    const { id, podUid } = connection;
    if (!this.#connections.delete(id)) return;
    this.#waiting.delete(id);
    this.#ready.delete(id);
    this.#holding.delete(id);
    this.#options.logger.info({ podUid, why, service: this.#options.service }, 'a service was lost');
    for (const { runner } of this.#units) runner.hear({ type: 'service-lost', connection: id });
    const isActing = this.#units.some(
      ({ runner: { state } }) => 'connection' in state.role && state.role.connection === id,
    );
    if (!isActing) this.#podUids.delete(id);
  }

  #limitMs(): number {
    const limits = this.#units.map(({ runner: { terms } }) => terms?.stopMs ?? DEFAULT_LIMIT_MS);
    return Math.min(DEFAULT_LIMIT_MS, ...limits);
  }
}
