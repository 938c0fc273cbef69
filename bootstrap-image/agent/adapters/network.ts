import { networkInterfaces } from 'node:os';
import type { LocalLink } from '../core/k3s-config.ts';
import { readFact } from './read-file.ts';

/** The device's view of the network at this moment. */
export interface Network {
  /** Addresses of all interfaces but loopback. */
  links(): LocalLink[];
  /** Default gateways (IPv4), in the order of the routing table. */
  gateways(): Promise<string[]>;
}

/** Built-in names; cni0, flannel.1 and veth… are k3s' own. */
const LAN_NAME = /^(eth|en|end|wlan|wl)\w*$/;

/** IPv4 addresses on the LAN. */
export function lanAddresses(network: Network): string[] {
  return network
    .links()
    .flatMap(({ interfaceName, ip }) => (LAN_NAME.test(interfaceName) && !ip.includes(':') ? [ip] : []));
}

/** The kernel's own tables. `routesPath` is `/proc/net/route`. */
export function systemNetwork(routesPath: string): Network {
  return {
    links: () =>
      Object.entries(networkInterfaces()).flatMap(([interfaceName, addresses]) =>
        (addresses ?? []).flatMap((address) =>
          address.internal || address.scopeid ? [] : [{ interfaceName, ip: address.address }],
        ),
      ),
    gateways: async () => parseGateways((await readFact(routesPath)) ?? ''),
  };
}

/** Default gateways in the text of `/proc/net/route`: destination and mask 0, address as little-endian hex. */
export function parseGateways(table: string): string[] {
  const gateways = table.split('\n').flatMap((row) => {
    const [, destination, gateway = '', , , , , mask] = row.trim().split(/\s+/);
    const isDefault = destination === '00000000' && mask === '00000000';
    const bytes = /^[0-9A-F]{8}$/i.test(gateway) ? [...Buffer.from(gateway, 'hex')].reverse() : [];
    return isDefault && bytes.some((byte) => byte !== 0) ? [bytes.join('.')] : [];
  });
  return [...new Set(gateways)];
}

/** A text that changes whenever an address or a default route comes, goes or changes. */
export async function fingerprint(network: Network): Promise<string> {
  return JSON.stringify([network.links(), await network.gateways()]);
}
