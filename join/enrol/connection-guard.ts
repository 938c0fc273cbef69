import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../foundation/clock.ts';
import { addressOf, countedAs } from './addresses.ts';
import type { EnrolCounters } from './counters.ts';
import type { EnrolLimits } from './limits.ts';
import { RateLimiter } from './rate-limiter.ts';

/** Callers that are remembered as those of admitted devices: more than a site has. */
const MOST_KNOWN = 8192;
/** A device waits no longer for its connection; a handshake that is older ends in vain. */
const HANDSHAKE_MS = 3000;
/** Handshakes that only known callers may begin when strangers have begun all the others, as a share of those. */
const SHARE_OF_KNOWN = 0.25;

/**
 * Refuses connections beyond the limits before any handshake is paid for. Addresses from which an admitted device spoke
 * have places of their own: strangers, however many addresses they take, can shut out only each other. When all places
 * are taken, the stranger who came first makes room, so that a new device gets its turn too.
 */
export class ConnectionGuard {
  readonly #clock: Clock;
  readonly #limits: EnrolLimits;
  readonly #counters: EnrolCounters;
  readonly #perIp: RateLimiter;
  readonly #all: RateLimiter;
  readonly #ofKnown: RateLimiter;
  readonly #known = new LRUCache<string, true>({ max: MOST_KNOWN });
  readonly #openPerIp = new Map<string, number>();
  /** Open connections and whom they count for, oldest first. */
  readonly #open = new Map<Socket, string>();
  /** When each handshake that is under way began, oldest first. */
  readonly #shaking = new Map<string, { socket: Socket; sinceMs: number }>();

  constructor({ clock, limits, counters }: { clock: Clock; limits: EnrolLimits; counters: EnrolCounters }) {
    this.#clock = clock;
    this.#limits = limits;
    this.#counters = counters;
    this.#perIp = new RateLimiter(clock, limits.connectionsPerIp);
    this.#all = new RateLimiter(clock, limits.connections);
    this.#ofKnown = new RateLimiter(clock, limits.connections);
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#open.size;
  }

  /** Guards a server that does not listen yet. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      const ip = countedAs(addressOf(socket.remoteAddress));
      if (!this.#mayCome(ip)) {
        this.#counters.connectionsRefused += 1;
        socket.destroy();
        return;
      }
      this.#note(socket, ip);
    });
    server.on('secureConnection', (socket) => this.#shaking.delete(portOf(socket)));
  }

  /** Notes that an admitted device spoke from there. @param ip as given by `addressOf` */
  welcome(ip: string): void {
    this.#known.set(countedAs(ip), true);
  }

  #mayCome(ip: string): boolean {
    const { handshakes, openConnections, openConnectionsPerIp } = this.#limits;
    const isKnown = this.#known.has(ip);
    const places = isKnown ? handshakes + Math.ceil(handshakes * SHARE_OF_KNOWN) : handshakes;
    if ((this.#openPerIp.get(ip) ?? 0) >= openConnectionsPerIp || this.#perIp.take(ip) > 0) return false;
    if ((isKnown ? this.#ofKnown : this.#all).take('all') > 0) return false;
    return (this.#shaking.size < places || this.#endStale()) && (this.#open.size < openConnections || this.#makeRoom());
  }

  /** Ends the handshake that began first if its device must have given up; false when it has not. */
  #endStale(): boolean {
    const [oldest] = this.#shaking;
    if (oldest === undefined) return false;
    const [port, { socket, sinceMs }] = oldest;
    if (this.#clock.nowMs() - sinceMs < HANDSHAKE_MS) return false;
    this.#counters.connectionsRefused += 1;
    this.#shaking.delete(port);
    this.#forget(socket);
    socket.destroy();
    return true;
  }

  /** Ends the oldest connection of a stranger; false when there is none. */
  #makeRoom(): boolean {
    for (const [socket, ip] of this.#open) {
      if (this.#known.has(ip)) continue;
      this.#counters.connectionsRefused += 1;
      this.#forget(socket);
      socket.destroy();
      return true;
    }
    return false;
  }

  #note(socket: Socket, ip: string): void {
    this.#open.set(socket, ip);
    const port = portOf(socket);
    this.#shaking.set(port, { socket, sinceMs: this.#clock.nowMs() });
    this.#openPerIp.set(ip, (this.#openPerIp.get(ip) ?? 0) + 1);
    socket.once('close', () => {
      this.#forget(socket);
      if (this.#shaking.get(port)?.socket === socket) this.#shaking.delete(port);
    });
  }

  #forget(socket: Socket): void {
    const ip = this.#open.get(socket);
    if (ip === undefined) return;
    this.#open.delete(socket);
    const left = (this.#openPerIp.get(ip) ?? 1) - 1;
    if (left === 0) this.#openPerIp.delete(ip);
    else this.#openPerIp.set(ip, left);
  }
}

/** What tells an open connection from all others, on the plain socket and on the one with TLS alike. */
function portOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${String(remotePort)}`;
}
