import type { Clock } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ipv4Number } from '../core/ipv4.ts';
import { createLineSplitter } from '../core/line-splitter.ts';
import { type Neighbour, parseNeighbour } from '../core/neighbour.ts';
import { createNeighbourTable } from '../core/neighbour-table.ts';
import { runTool, type Spawn, supervise } from './child.ts';
import { type Observe, type Source, sourceState } from './source.ts';

export interface NeighbourWatcherOptions {
  spawn: Spawn;
  clock: Clock;
  logger: Logger;
  observe: Observe;
  /** Entries of other interfaces are not LAN neighbours. */
  isLanInterface: (name: string) => boolean;
  /** Called when the MAC address of an IPv4 address becomes known. */
  onResolved: (ip: string, mac: string) => void;
}

export interface NeighbourWatcher extends Source {
  macOf(ip: string): string | undefined;
  /** Reads the whole table again, for instance after an interface came. */
  refresh(): void;
}

/** Follows the kernel's neighbour table: it also shows machines with a fixed address, which never speak DHCP. */
export function startNeighbourWatcher(options: NeighbourWatcherOptions): NeighbourWatcher {
  const { spawn, clock, logger } = options;
  const table = createNeighbourTable();
  let split = createLineSplitter();
  let failure: string | undefined;

  const take = (neighbour: Neighbour | undefined): void => {
    if (neighbour === undefined || !options.isLanInterface(neighbour.interface)) return;
    const isPresent = table.learn(neighbour);
    const { ip, mac } = neighbour;
    const isIpv4 = ipv4Number(ip) !== undefined;
    if (isIpv4) options.onResolved(ip, mac);
    if (!isPresent) return;
    // A sighting shows one address, and the site's are IPv4; a link-local IPv6 entry still shows that the machine is there.
    const seen = { source: 'neighbour', interface: neighbour.interface, atMs: clock.nowMs() } as const;
    options.observe(mac, isIpv4 ? { ...seen, ip } : seen);
  };
  const dump = async (): Promise<void> => {
    try {
      const text = await runTool(spawn, clock, 'ip', ['neigh', 'show']);
      text.split('\n').map(parseNeighbour).forEach(take);
    } catch (error) {
      logger.warn({ detail: messageOf(error) }, 'the neighbour table cannot be read');
    }
  };
  const child = supervise({
    command: 'ip',
    args: ['-o', 'monitor', 'neigh'],
    spawn,
    clock,
    onStart() {
      failure = undefined;
      split = createLineSplitter();
      void dump();
    },
    onOutput: (chunk) => split(chunk.toString('latin1')).map(parseNeighbour).forEach(take),
    onLoss(detail) {
      logger.warn({ detail }, 'following the neighbour table stopped; it is started again');
      failure = detail;
    },
  });

  return {
    macOf: (ip) => table.macOf(ip),
    refresh: () => void dump(),
    state: () => sourceState('neighbours', failure),
    stop: () => child.stop(),
  };
}
