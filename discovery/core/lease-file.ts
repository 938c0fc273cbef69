import { normaliseMac } from '../../foundation/text.ts';
import { ipv4Number } from './ipv4.ts';

/** One line of dnsmasq's lease file. */
export interface Lease {
  mac: string;
  ip: string;
  hostname?: string;
  /** DHCP option 61 as hex. */
  clientId?: string;
  /** Milliseconds since the epoch; undefined for a lease without end. */
  expiresAtMs?: number;
}

/** More lines than this are not read: no site has as many, and the file is not ours. */
const MOST_LINES = 16_384;

/**
 * The IPv4 leases in dnsmasq's lease file (dnsmasq(8), `expiry mac ip hostname client-id`, `*` for what is not known).
 * Lines of another form are skipped, the DHCPv6 part among them.
 */
export function parseLeases(text: string): Lease[] {
  const leases: Lease[] = [];
  for (const line of text.split('\n', MOST_LINES)) {
    const lease = parseLease(line);
    if (lease !== undefined) leases.push(lease);
  }
  return leases;
}

function parseLease(line: string): Lease | undefined {
  const [expiry = '', macField = '', ip = '', hostname = '*', clientId = '*'] = line.trim().split(/\s+/);
  const mac = normaliseMac(macField);
  if (mac === undefined || ipv4Number(ip) === undefined || !/^\d{1,12}$/.test(expiry)) return undefined;
  return {
    mac,
    ip,
    ...(hostname === '*' ? {} : { hostname }),
    ...(clientId === '*' ? {} : { clientId: clientId.toLowerCase().replaceAll(':', '') }),
    ...(expiry === '0' ? {} : { expiresAtMs: Number(expiry) * 1000 }),
  };
}
