/** The virtual LAN. It exists only inside the lab's namespaces, so that every lab uses the same. */
export const LAN = {
  prefixLength: 24,
  netmask: '255.255.255.0',
  router: '10.77.0.254',
  master: '10.77.0.1',
  /** By which ports of the host lead into the lab. */
  relay: '10.77.0.253',
  dhcpFirst: '10.77.0.100',
  dhcpLast: '10.77.0.199',
} as const;

/**
 * Where hollow Pis live: one machine on the LAN that holds a network of addresses, one for each of them. The master
 * reaches it by a route.
 */
export const CROWD = { address: '10.77.0.2', network: '10.78.0.0/16' } as const;

/** dnsmasq raises anything shorter to this (dnsmasq(8), --dhcp-range). */
export const SHORTEST_LEASE_SEC = 120;
export const DEFAULT_LEASE_SEC = 3600;
/** Where the router keeps its leases. */
export const LEASE_FILE = '/var/lib/misc/dnsmasq.leases';

/** DHCP option 60 of machines that the router names no default gateway to. */
export const NO_GATEWAY_CLASS = 'usher:1:no-gateway';
/** Addresses that the router keeps for certain machines: dnsmasq reads it anew at SIGHUP. */
export const DHCP_HOSTS_FILE = '/var/lib/misc/dhcp-hosts';

/** How a machine gets its address: from the router, or set before it starts. */
export type Addressing = { readonly kind: 'dhcp' } | { readonly kind: 'static'; readonly address: string };

export interface RouterOptions {
  readonly leaseSec?: number;
}

/** Command line of the router's DHCP and DNS server. Options of RFC 2132: 3 routers, 6 DNS, 42 NTP. */
export function dnsmasqCommand(options: RouterOptions = {}): string[] {
  const leaseSec = Math.max(options.leaseSec ?? DEFAULT_LEASE_SEC, SHORTEST_LEASE_SEC);
  return [
    'dnsmasq',
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--user=root',
    '--log-facility=-',
    '--log-dhcp',
    '--interface=eth0',
    '--bind-interfaces',
    '--no-resolv',
    '--no-hosts',
    '--dhcp-authoritative',
    // The probe before an offer costs seconds and finds nothing that the lease file does not know.
    '--no-ping',
    `--dhcp-leasefile=${LEASE_FILE}`,
    `--dhcp-range=${LAN.dhcpFirst},${LAN.dhcpLast},${LAN.netmask},${leaseSec}`,
    `--dhcp-hostsfile=${DHCP_HOSTS_FILE}`,
    `--dhcp-option=3,${LAN.router}`,
    `--dhcp-vendorclass=set:no-gateway,${NO_GATEWAY_CLASS}`,
    `--dhcp-option=tag:no-gateway,3`,
    `--dhcp-option=6,${LAN.router}`,
    `--dhcp-option=42,${LAN.router}`,
  ];
}
