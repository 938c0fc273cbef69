/** An IPv4 address of an interface with its prefix, for instance 10.77.0.1/24. */
export interface InterfaceAddress {
  address: string;
  prefixLength: number;
}

/** An IPv4 address as an unsigned 32-bit number, or undefined when `text` is not a plain dotted quad. */
export function ipv4Number(text: string): number | undefined {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (octets === undefined || octets.some((octet) => octet > 255)) return undefined;
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

/** Whether `ip` lies in the network of `on`, so that it is reached without a router. */
export function isOnLink(ip: string, on: InterfaceAddress): boolean {
  const host = ipv4Number(ip);
  const own = ipv4Number(on.address);
  if (host === undefined || own === undefined) return false;
  const networkSize = 2 ** (32 - on.prefixLength);
  return Math.floor(host / networkSize) === Math.floor(own / networkSize);
}
