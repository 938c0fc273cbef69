import { normaliseMac } from '../../foundation/text.ts';

/** One entry of the kernel's neighbour table (ARP and neighbour discovery). */
export interface Neighbour {
  ip: string;
  interface: string;
  mac: string;
  /** NUD state as `ip neigh` prints it, for instance REACHABLE or STALE. */
  state: string;
}

/** Entries that somebody configured, or that belong to multicast groups: no sign that a machine is there. */
const STATES_WITHOUT_MEANING = ['FAILED', 'INCOMPLETE', 'NOARP', 'PERMANENT', 'NONE'];

/**
 * Reads a line of `ip neigh` or `ip monitor neigh`, for instance
 * `10.77.0.5 dev eth0 lladdr dc:a6:32:01:02:03 REACHABLE`. Undefined for deletions and for entries that do not show a
 * machine.
 */
export function parseNeighbour(line: string): Neighbour | undefined {
  const words = line
    .trim()
    .replace(/^\[NEIGH\]/, '')
    .split(/\s+/);
  const [ip = ''] = words;
  const after = (key: string): string => words[words.indexOf(key) + 1] ?? '';
  const state = words.at(-1) ?? '';
  if (!/^[0-9a-f.:]+$/i.test(ip) || words[1] !== 'dev' || !words.includes('lladdr')) return undefined;
  if (!/^[A-Z]+$/.test(state) || STATES_WITHOUT_MEANING.includes(state)) return undefined;
  const mac = normaliseMac(after('lladdr'));
  return mac === undefined ? undefined : { ip, interface: after('dev'), mac, state };
}
