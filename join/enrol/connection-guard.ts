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
/** What all strangers together may open is kept to this share for addresses that were not heard of lately. */
const SHARE_OF_NEW = 0.25;

interface Handshake {
  socket: Socket;
  ip: string;
  sinceMs: number;
}

/**
 * Refuses connections beyond the limits before any handshake is paid for. Addresses from which an admitted device spoke
 * have places of their own: strangers, however many addresses they take, can shut out only each other. Among strangers
 * whoever takes most pays first: an address that comes for the first time finds a share of the connections kept for it,
 * and when all places are taken, the address that holds most of them makes room. So nobody shuts out a new device from
 * one address, or from a few.
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
  /** Open connections, oldest first: whom they count for, and what tells their handshakes apart. */
  readonly #open = new Map<Socket, { ip: string; port: string }>();
  /** When each handshake that is under way began, oldest first. */
  readonly #shaking = new Map<string, Handshake>();

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
    const { connections, handshakes, openConnections, openConnectionsPerIp } = this.#limits;
    const isKnown = this.#known.has(ip);
    const isNew = this.#perIp.isFull(ip);
    if ((this.#openPerIp.get(ip) ?? 0) >= openConnectionsPerIp || this.#perIp.take(ip) > 0) return false;
    const kept = isNew ? 0 : Math.floor(connections.uses * SHARE_OF_NEW);
    if ((isKnown ? this.#ofKnown.take('all') : this.#all.take('all', kept)) > 0) return false;
    const places = isKnown ? handshakes + Math.ceil(handshakes * SHARE_OF_KNOWN) : handshakes;
    const mayShake = this.#shaking.size < places || this.#endStale() || this.#endGreedy(ip);
    return mayShake && (this.#open.size < openConnections || this.#makeRoom());
  }

  /** Ends the handshake that began first if its device must have given up; false when it has not. */
  #endStale(): boolean {
    const [oldest] = this.#shaking.values();
    if (oldest === undefined || this.#clock.nowMs() - oldest.sinceMs < HANDSHAKE_MS) return false;
    this.#refuse(oldest.socket);
    return true;
  }

  /** Ends the latest handshake of the stranger's address that has most, unless this one would then have as many. */
  #endGreedy(ip: string): boolean {
    const perIp = new Map<string, number>();
    for (const shaking of this.#shaking.values()) perIp.set(shaking.ip, (perIp.get(shaking.ip) ?? 0) + 1);
    const greediest = this.#greediestOf(perIp);
    if (greediest === undefined || (perIp.get(greediest) ?? 0) <= (perIp.get(ip) ?? 0) + 1) return false;
    const latest = [...this.#shaking.values()].findLast((shaking) => shaking.ip === greediest);
    if (latest !== undefined) this.#refuse(latest.socket);
    return latest !== undefined;
  }

  /** Ends the oldest connection of the stranger's address that has most; false when all are of known callers. */
  #makeRoom(): boolean {
    const greediest = this.#greediestOf(this.#openPerIp);
    for (const [socket, { ip }] of this.#open) {
      if (ip !== greediest) continue;
      this.#refuse(socket);
      return true;
    }
    return false;
  }

  /** The stranger's address that has most; of several the one that came first. */
  #greediestOf(counts: ReadonlyMap<string, number>): string | undefined {
    let greediest: string | undefined;
    for (const [ip, count] of counts) {
      if (!this.#known.has(ip) && count > (counts.get(greediest ?? '') ?? 0)) greediest = ip;
    }
    return greediest;
  }

  #refuse(socket: Socket): void {
    this.#counters.connectionsRefused += 1;
    this.#forget(socket);
    socket.destroy();
  }

  #note(socket: Socket, ip: string): void {
    const port = portOf(socket);
    this.#open.set(socket, { ip, port });
    this.#shaking.set(port, { socket, ip, sinceMs: this.#clock.nowMs() });
    this.#openPerIp.set(ip, (this.#openPerIp.get(ip) ?? 0) + 1);
    socket.once('close', () => this.#forget(socket));
  }

  #forget(socket: Socket): void {
    const open = this.#open.get(socket);
    if (open === undefined) return;
    const { ip, port } = open;
    this.#open.delete(socket);
    if (this.#shaking.get(port)?.socket === socket) this.#shaking.delete(port);
    const left = (this.#openPerIp.get(ip) ?? 1) - 1;
    if (left === 0) this.#openPerIp.delete(ip);
    else this.#openPerIp.set(ip, left);
  }
}

/** What tells an open connection from all others, on the plain socket and on the one with TLS alike. */
function portOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${String(remotePort)}`;
}
