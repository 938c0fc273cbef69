import type { Request } from 'express';

/**
 * Under which name what comes from an address is counted; a whole IPv6 /64 counts as one, since a single machine has all
 * of it.
 */
export function addressKey(remoteAddress: string | undefined): string {
  const address = plain(remoteAddress);
  return address.includes(':') ? `${expanded(address).slice(0, 4).join(':')}::/64` : address;
}

/** The address that a request came from, for people to read; IPv4 as such. */
export function requestAddress(request: Request): string {
  return plain(request.socket.remoteAddress);
}

/** Whether it is this machine itself (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3). */
export function isLoopback(remoteAddress: string | undefined): boolean {
  const address = plain(remoteAddress);
  return address === '::1' || /^127\.[\d.]+$/.test(address);
}

/** An IPv4 address that came in over an IPv6 socket as what it is. */
function plain(remoteAddress = ''): string {
  return remoteAddress.replace(/^::ffff:(?=\d+\.)/, '');
}

/** The eight groups of an IPv6 address. */
function expanded(address: string): string[] {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  return tail === undefined ? front : [...front, ...zeros, ...back];
}
