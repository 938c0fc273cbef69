import { LRUCache } from 'lru-cache';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { isOnLink } from '../core/ipv4.ts';
import type { LanInterface } from '../core/lan-interface.ts';
import { createMdnsCache } from '../core/mdns-cache.ts';
import { readMdnsResponse } from '../core/mdns-record.ts';
import { createTokenBucket } from '../core/token-bucket.ts';
import { type MdnsListener, startMdnsListener } from './mdns-listener.ts';
import { MDNS_PORT, type OpenMdns, type Sender } from './mdns-socket.ts';
import type { Observe, SourceState } from './source.ts';

export interface MdnsBrowserOptions {
  /** Service types asked for, the most telling first. */
  services: readonly string[];
  open: OpenMdns;
  clock: Clock;
  logger: Logger;
  observe: Observe;
  macOf: (ip: string) => string | undefined;
  /** Counts each response taken in. */
  count: () => void;
}

export interface MdnsBrowser {
  /** The interfaces to listen on from now on. */
  follow(interfaces: readonly LanInterface[]): void;
  /** Says that the MAC address of an IP address is known now. */
  onResolved(ip: string, mac: string): void;
  states(): SourceState[];
  stop(): Promise<void>;
}

const RESOLVE_AGAIN_AFTER_MS = 10_000;
const MOST_UNRESOLVED = 1024;
const RESOLVES_PER_MINUTE = 600;

/**
 * Hears mDNS announcements on all LAN interfaces. Each socket hears the packets of every interface, so a packet counts
 * for the interface whose network its sender is in, and only there; senders from elsewhere are not believed.
 */
export function startMdnsBrowser(options: MdnsBrowserOptions): MdnsBrowser {
  const { clock, services } = options;
  const cache = createMdnsCache({ services });
  const listeners = new Map<string, MdnsListener>();
  const unresolved = new LRUCache<string, { interface: string; askedAtMs: number }>({ max: MOST_UNRESOLVED });
  const resolves = createTokenBucket(RESOLVES_PER_MINUTE);
  let followed: readonly LanInterface[] = [];

  const report = (ip: string, mac: string, name: string): void => {
    const atMs = clock.nowMs();
    options.observe(mac, { source: 'mdns', interface: name, atMs, ip, ...cache.factsOf(ip, atMs) });
  };
  /** The kernel learns a MAC address when it sends to it, and a question is a harmless thing to send. */
  const resolve = (ip: string, name: string, key: string): void => {
    const nowMs = clock.nowMs();
    const askedAtMs = unresolved.get(ip)?.askedAtMs ?? -Infinity;
    if (nowMs - askedAtMs < RESOLVE_AGAIN_AFTER_MS || !resolves.take(nowMs)) return;
    unresolved.set(ip, { interface: name, askedAtMs: nowMs });
    listeners.get(key)?.queryHost(ip);
  };
  const receive = (name: string, key: string, packet: unknown, sender: Sender): void => {
    if (sender.port !== MDNS_PORT || ownerOf(sender.address, followed)?.name !== name) return;
    options.count();
    if (!cache.accept(sender.address, readMdnsResponse(packet), clock.nowMs())) return;
    const mac = options.macOf(sender.address);
    if (mac === undefined) resolve(sender.address, name, key);
    else report(sender.address, mac, name);
  };
  const follow = (interfaces: readonly LanInterface[]): void => {
    followed = interfaces;
    const wanted = new Map(interfaces.flatMap(socketKeys));
    for (const [key, listener] of listeners) {
      if (wanted.has(key)) continue;
      listeners.delete(key);
      void listener.stop();
    }
    for (const [key, { name, address }] of wanted) {
      if (listeners.has(key)) continue;
      const onResponse = (packet: unknown, sender: Sender): void => receive(name, key, packet, sender);
      listeners.set(key, startMdnsListener({ ...options, interface: name, address, onResponse }));
    }
  };

  return {
    follow,
    onResolved(ip, mac) {
      const waiting = unresolved.get(ip);
      if (waiting === undefined) return;
      unresolved.delete(ip);
      report(ip, mac, waiting.interface);
    },
    states: () => [...listeners.values()].map((listener) => listener.state()),
    async stop() {
      await Promise.all([...listeners.values()].map((listener) => listener.stop()));
    },
  };
}

/** One socket for each interface with an address. A changed address or a re-made interface needs a new socket. */
function socketKeys({ name, index, isUp, addresses }: LanInterface): [string, { name: string; address: string }][] {
  const [first] = addresses;
  return first === undefined || !isUp
    ? []
    : [[`${name} ${String(index)} ${first.address}`, { name, address: first.address }]];
}

/** The interface in whose network this address is, unless it is the interface's own address. */
function ownerOf(ip: string, interfaces: readonly LanInterface[]): LanInterface | undefined {
  const isOwn = interfaces.some(({ addresses }) => addresses.some(({ address }) => address === ip));
  return isOwn ? undefined : interfaces.find(({ addresses }) => addresses.some((address) => isOnLink(ip, address)));
}
