import { LRUCache } from 'lru-cache';
import type { Neighbour } from './neighbour.ts';

/** Which MAC address answers for an IP address, as far as the kernel said. */
export interface NeighbourTable {
  /** Takes an entry in. True when it shows that the machine is there, not only that an old entry ages. */
  learn(neighbour: Neighbour): boolean;
  macOf(ip: string): string | undefined;
}

/** Bounded: of more than `max` addresses the one not used for longest is forgotten. */
export function createNeighbourTable({ max = 8192 }: { max?: number } = {}): NeighbourTable {
  const macs = new LRUCache<string, string>({ max });
  return {
    learn({ ip, mac, state }) {
      const isNew = macs.get(ip) !== mac;
      macs.set(ip, mac);
      return isNew || state === 'REACHABLE';
    },
    macOf: (ip) => macs.get(ip),
  };
}
