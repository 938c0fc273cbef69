import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { LanInterface } from '../core/lan-interface.ts';
import { queriedServices } from '../core/matchers.ts';
import type { SightingList } from '../core/sighting.ts';
import { createSightings } from '../core/sightings.ts';
import { type Spawn, systemSpawn } from './child.ts';
import { startDhcpSources } from './dhcp-sources.ts';
import { startInterfaceWatcher } from './interfaces.ts';
import { startLeaseWatcher } from './lease-watcher.ts';
import { loadMatchers } from './matchers-file.ts';
import { startMdnsBrowser } from './mdns-browser.ts';
import { type OpenMdns, openMdnsSocket } from './mdns-socket.ts';
import { startNeighbourWatcher } from './neighbours.ts';
import type { Observe, Source, SourceState } from './source.ts';
import { loadVendors } from './vendors.ts';

export interface DiscoveryOptions {
  /** LAN interfaces by name; without it all that look like one. */
  interfaces?: readonly string[];
  /** dnsmasq lease files; they need not exist. */
  leaseFiles: readonly string[];
  /** The operator says that no DHCP server runs on this machine, so that UDP port 67 may be taken. */
  noLocalDhcpServer: boolean;
  clock: Clock;
  logger: Logger;
  /** Matchers other than those that come with Usher. */
  matchersFile?: string;
  /** For tests. */
  spawn?: Spawn;
  openMdns?: OpenMdns;
}

export interface DiscoveryCounters {
  observations: number;
  dhcpMessages: number;
  dhcpMalformed: number;
  mdnsResponses: number;
  /** New MAC addresses beyond the limit of new ones a minute: counted, not listed. */
  refusedNew: number;
  evicted: number;
  /** Sightings in the list, candidates or not. */
  known: number;
}

export interface Discovery {
  readonly sightings: SightingList;
  sources(): SourceState[];
  /** The LAN interfaces found, with their IPv4 addresses. */
  interfaces(): { name: string; addresses: string[] }[];
  counters(): DiscoveryCounters;
  /** Ends all children and sockets; resolves when they are gone. */
  stop(): Promise<void>;
}

/**
 * Starts all sources; they feed one bounded list. Resolves once the interfaces are known and the sources are started, not
 * yet when they work: `sources()` tells that. A source that fails is tried again and never ends discovery.
 * @throws UsherError MATCHERS_INVALID
 */
export async function startDiscovery(options: DiscoveryOptions): Promise<Discovery> {
  const { clock, logger, spawn = systemSpawn, openMdns = openMdnsSocket } = options;
  const [matchers, vendorOf] = await Promise.all([loadMatchers(options.matchersFile), loadVendors()]);
  const list = createSightings({ clock, matchers, vendorOf, logger });
  const counts = { dhcpMessages: 0, dhcpMalformed: 0, mdnsResponses: 0 };
  let lan: readonly LanInterface[] = [];
  let ownMacs: ReadonlySet<string> = new Set();
  const observe: Observe = (mac, seen) => (ownMacs.has(mac) ? undefined : list.observe(mac, seen));
  const common = { spawn, clock, logger, observe };

  const dhcp = startDhcpSources({
    ...common,
    noLocalDhcpServer: options.noLocalDhcpServer,
    count(isWellFormed) {
      counts.dhcpMessages += 1;
      if (!isWellFormed) counts.dhcpMalformed += 1;
    },
  });
  const neighbours = startNeighbourWatcher({
    ...common,
    isLanInterface: (name) => lan.some((known) => known.name === name),
    onResolved: (ip, mac) => mdns.onResolved(ip, mac),
  });
  const mdns = startMdnsBrowser({
    ...common,
    open: openMdns,
    services: queriedServices(matchers),
    macOf: (ip) => neighbours.macOf(ip),
    count: () => (counts.mdnsResponses += 1),
  });
  const leases = options.leaseFiles.map((path) => startLeaseWatcher({ ...common, path }));
  const interfaces = startInterfaceWatcher({
    ...common,
    names: options.interfaces,
    onChange(survey) {
      ({ lan, ownMacs } = survey);
      logger.info(
        { interfaces: lan.map(({ name, isUp, addresses }) => ({ name, isUp, addresses })) },
        'LAN interfaces',
      );
      dhcp.follow(lan);
      mdns.follow(lan);
      neighbours.refresh();
    },
  });
  await interfaces.ready;

  return {
    sightings: list,
    sources: () => [...dhcp.states(), ...mdns.states(), ...statesOf([...leases, neighbours, interfaces])],
    interfaces: () => lan.map(({ name, addresses }) => ({ name, addresses: addresses.map(({ address }) => address) })),
    counters: () => ({ ...list.counters(), ...counts }),
    async stop() {
      await interfaces.stop();
      await Promise.all([dhcp, mdns, neighbours, ...leases].map((source) => source.stop()));
    },
  };
}

function statesOf(sources: readonly Source[]): SourceState[] {
  return sources.map((source) => source.state());
}
