import { mkdir, rm, chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { check, type Liveness, newLiveness, pingPeriodMs, ponged } from '../core/fencing/liveness.ts';
import { LineSplitter } from '../grant-protocol/lines.ts';
import {
  GRANT_PROTOCOL,
  type Holding,
  parseServiceMessage,
  type ServiceMessage,
  type StandbyMessage,
} from '../grant-protocol/messages.ts';

/** A service that said hello. */
export interface Connection {
  /** Never used twice by one standby. */
  readonly id: number;
  readonly podUid: string;
  readonly holding: readonly Holding[];
  send(message: StandbyMessage): void;
  close(): void;
}

/** What happens on the grant socket of one service. */
export interface GrantListener {
  ready(connection: Connection): void;
  stopped(connection: Connection, unit: string, epoch: number): void;
  /** It closed, or the service stands still: whatever it was granted, it may still think so. */
  lost(connection: Connection, why: 'closed' | 'mute'): void;
}

export interface GrantServerOptions {
  readonly path: string;
  readonly service: string;
  readonly node: string;
  /** How long a service may be silent. */
  readonly limitMs: () => number;
  readonly nextId: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: GrantListener;
}

/** Bytes that may wait for a service that does not read. */
const MOST_WAITING = 65_536;
/** Services of one kind on one node: the running one, one that is being replaced, and some to spare. */
const MOST_CONNECTIONS = 16;

/** The grant socket of one service on this node. */
export class GrantServer {
  readonly #options: GrantServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: GrantServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on('error', (error) => options.logger.error({ err: error }, 'a grant socket failed'));
  }

  /** Makes the folder and the socket in it; one that an earlier standby left is replaced. */
  static async listen(options: GrantServerOptions): Promise<GrantServer> {
    await mkdir(dirname(options.path), { recursive: true, mode: 0o755 });
    await rm(options.path, { force: true });
    const server = new GrantServer(options);
    const listening = Promise.withResolvers<undefined>();
    server.#server.once('error', listening.reject);
    server.#server.listen(options.path, () => listening.resolve(undefined));
    await listening.promise;
    server.#server.off('error', listening.reject);
    // Services do not run as root. Who may reach the folder is up to the device plugin.
    await chmod(options.path, 0o666);
    return server;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = Promise.withResolvers<undefined>();
    this.#server.close(() => closed.resolve(undefined));
    await closed.promise;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const session = new Session(socket, this.#options);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      session.end('closed');
    });
  }
}

/** One connection from the first line to the last. */
class Session {
  readonly #socket: Socket;
  readonly #options: GrantServerOptions;
  readonly #lines = new LineSplitter();
  #connection: Connection | undefined;
  #liveness: Liveness;
  #cancel: CancelTimer = () => undefined;
  #ended = false;

  constructor(socket: Socket, options: GrantServerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#liveness = newLiveness(options.clock.nowMs());
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', (error) => options.logger.debug({ err: error }, 'a grant connection broke'));
    this.#arm();
  }

  end(why: 'closed' | 'mute'): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancel();
    if (this.#connection !== undefined) this.#options.listener.lost(this.#connection, why);
    this.#socket.destroy();
  }

  #arm(): void {
    const { clock } = this.#options;
    this.#cancel = clock.after(pingPeriodMs(this.#options.limitMs()), () => this.#check(), 'hold');
  }

  #check(): void {
    // What has arrived meanwhile is read first: it may prove that the service runs.
    setImmediate(() => {
      if (this.#ended) return;
      const { clock, limitMs } = this.#options;
      const { liveness, mute, pingId } = check(this.#liveness, clock.nowMs(), limitMs());
      this.#liveness = liveness;
      if (mute) {
        this.end('mute');
        return;
      }
      if (this.#connection !== undefined) this.#send({ type: 'ping', id: pingId });
      this.#arm();
    });
  }

  #read(text: string): void {
    const lines = this.#lines.push(text);
    for (const line of lines ?? []) {
      const message = parseServiceMessage(line);
      if (message !== undefined && this.#take(message)) continue;
      this.#options.logger.warn({ line: line.slice(0, 200) }, 'a service said something that is not understood');
      this.end('closed');
      return;
    }
    if (lines === undefined) this.end('closed');
  }

  /** False when it is not what may be said now. */
  #take(message: ServiceMessage): boolean {
    const { listener } = this.#options;
    if (message.type === 'hello') {
      if (this.#connection !== undefined || message.protocol !== GRANT_PROTOCOL) return false;
      this.#greet(message.podUid, message.holding);
      return true;
    }
    const connection = this.#connection;
    if (connection === undefined) return false;
    if (message.type === 'ready') listener.ready(connection);
    else if (message.type === 'stopped') listener.stopped(connection, message.unit, message.epoch);
    else this.#liveness = ponged(this.#liveness, message.id);
    return true;
  }

  #greet(podUid: string, holding: readonly Holding[]): void {
    const { nextId, service, node } = this.#options;
    const send = (message: StandbyMessage): void => this.#send(message);
    this.#connection = { id: nextId(), podUid, holding, send, close: () => this.end('closed') };
    this.#send({ type: 'welcome', service, node });
  }

  #send(message: StandbyMessage): void {
    if (this.#ended) return;
    if (this.#socket.writableLength > MOST_WAITING) this.end('mute');
    else this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}
