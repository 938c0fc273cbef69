import { Bonjour } from 'bonjour-service';
import { z } from 'zod';

const DOMAIN = '.local';
export const MDNS_PORT = 5353;

/** Sender of a packet. */
export interface Sender {
  address: string;
  port: number;
}

export interface MdnsSocketEvents {
  /** A decoded response; its content is as the sender made it. */
  onResponse: (packet: unknown, sender: Sender) => void;
  /** The socket cannot be used (any longer). */
  onFailure: (error: Error) => void;
}

export interface MdnsSocket {
  /** Asks everybody on the interface for instances of these service types. */
  query(services: readonly string[]): void;
  /** Asks one host only (RFC 6762 section 5.5). */
  queryHost(ip: string, services: readonly string[]): void;
  close(): Promise<void>;
}

/** Opens mDNS on the interface with this IPv4 address. Injected, so that tests need no network. */
export type OpenMdns = (address: string, events: MdnsSocketEvents) => MdnsSocket;

interface PtrQuestion {
  name: string;
  type: 'PTR';
}

/** The `multicast-dns` emitter inside bonjour-service, as far as it is used here. */
interface RawMdns {
  on(event: 'response', listener: (packet: unknown, sender: Sender) => void): unknown;
  on(event: 'error' | 'warning', listener: (error: Error) => void): unknown;
  query(questions: PtrQuestion[], sendTo: Sender | null, done: (error?: Error | null) => void): void;
}

const BonjourInside = z.object({ server: z.object({ mdns: z.custom<RawMdns>((value) => value instanceof Object) }) });

/**
 * An mDNS socket made by bonjour-service. `interface` chooses where it sends and joins, `bind` keeps it from being deaf
 * to multicast; one for each interface works without a default route as well. Only the raw responses are used: the
 * library's browser misses updates, and its `expire` drops live services.
 */
export const openMdnsSocket: OpenMdns = (address, events) =>
  openMdnsWith({ interface: address, bind: '0.0.0.0' }, events);

/** The same with all options of bonjour-service's socket, for tests: `socket` takes the place of the network. */
export function openMdnsWith(options: object, { onResponse, onFailure }: MdnsSocketEvents): MdnsSocket {
  const bonjour = new Bonjour(options, onFailure);
  const { mdns } = BonjourInside.parse(bonjour).server;
  mdns.on('response', onResponse);
  mdns.on('error', onFailure);
  // Packets that cannot be decoded, and a membership that is there already.
  mdns.on('warning', () => undefined);
  const ask = (services: readonly string[], sendTo: Sender | null): void => {
    const questions = services.map((service): PtrQuestion => ({ name: service + DOMAIN, type: 'PTR' }));
    mdns.query(questions, sendTo, (error) => {
      if (error instanceof Error && sendTo === null) onFailure(error);
    });
  };
  return {
    query: (services) => ask(services, null),
    queryHost: (ip, services) => ask(services, { address: ip, port: MDNS_PORT }),
    close: () => new Promise((resolve) => bonjour.destroy(resolve)),
  };
}
