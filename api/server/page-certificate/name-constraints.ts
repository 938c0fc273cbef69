import { BlockList, isIP, isIPv6 } from 'node:net';
import forge from 'node-forge';

/** The extension nameConstraints (RFC 5280, section 4.2.1.10). */
const OID = '2.5.29.30';
const { asn1 } = forge;
// Tags of a GeneralName and of what is permitted; node-forge calls numbers by what they mean elsewhere.
const DNS_NAME = asn1.Type.INTEGER;
const IP_ADDRESS = asn1.Type.ODESC;
/** Of the permitted subtrees; no excluded ones are made. */
const PERMITTED = asn1.Type.NONE;
/** Of an IPv6 address. */
const GROUPS = 8;

/** Names that mean nothing outside a site: RFC 6761, 6762 and 8375, ICANN's .internal, and what routers call theirs. */
const PRIVATE_DOMAINS = ['localhost', 'local', 'internal', 'lan', 'home.arpa'];
/** Addresses that lead nowhere outside a site: RFC 1918, 6598, 3927, 4193 and 4291. */
const PRIVATE_RANGES = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16', '127.0.0.0/8'],
  ...['fc00::/7', 'fe80::/10', '::1/128'],
];

/** What an authority may sign for: whole domains, and address ranges as `10.0.0.0/8`. */
export interface NameConstraints {
  domains: readonly string[];
  ranges: readonly string[];
}

/** What is private anyway, and of `names` (host names and addresses) those that are not. */
export function constraintsFor(names: readonly string[]): NameConstraints {
  const own = { domains: PRIVATE_DOMAINS, ranges: PRIVATE_RANGES };
  const further = names.filter((name) => !isPermitted(own, name));
  return {
    domains: [...own.domains, ...further.filter((name) => isIP(name) === 0)],
    ranges: [...own.ranges, ...further.filter((name) => isIP(name) !== 0).map(hostRange)],
  };
}

/** Whether an authority with these constraints may sign for that name or address. */
export function isPermitted({ domains, ranges }: NameConstraints, name: string): boolean {
  if (isIP(name) === 0) return domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
  const list = new BlockList();
  for (const range of ranges) {
    const { network, bits } = parsed(range);
    list.addSubnet(network, bits, familyOf(network));
  }
  return list.check(name, familyOf(name));
}

/** The critical extension, as node-forge takes it. */
export function constraintsExtension({ domains, ranges }: NameConstraints): {
  id: string;
  critical: true;
  value: forge.asn1.Asn1;
} {
  const subtrees = [
    ...domains.map((domain) => subtree(DNS_NAME, domain)),
    ...ranges.map((range) => subtree(IP_ADDRESS, rangeBytes(range))),
  ];
  const permitted = asn1.create(asn1.Class.CONTEXT_SPECIFIC, PERMITTED, true, subtrees);
  return { id: OID, critical: true, value: sequence([permitted]) };
}

/** What the certificate's extension permits; undefined when it has none, so that anything is permitted. */
export function constraintsOf(certificate: forge.pki.Certificate): NameConstraints | undefined {
  const extensions = certificate.extensions as { id: string; value: string }[];
  const extension = extensions.find(({ id }) => id === OID);
  if (extension === undefined) return undefined;
  const names = childrenOf(asn1.fromDer(extension.value))
    .flatMap(childrenOf)
    .flatMap((one) => childrenOf(one).slice(0, 1));
  const valuesOf = (tag: forge.asn1.Type): string[] =>
    names.flatMap(({ type, value }) => (type === tag && typeof value === 'string' ? [value] : []));
  return { domains: valuesOf(DNS_NAME), ranges: valuesOf(IP_ADDRESS).map(rangeText) };
}

function childrenOf({ value }: forge.asn1.Asn1): forge.asn1.Asn1[] {
  return Array.isArray(value) ? value : [];
}

function subtree(tag: forge.asn1.Type, bytes: string): forge.asn1.Asn1 {
  return sequence([asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, false, bytes)]);
}

function sequence(children: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, children);
}

/** Address, then mask: 8 bytes for IPv4, 32 for IPv6. */
function rangeBytes(range: string): string {
  const { network, bits } = parsed(range);
  const address = addressBytes(network);
  const mask = address.map((_byte, index) => (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff);
  return String.fromCharCode(...address, ...mask);
}

function rangeText(bytes: string): string {
  const codes = [...Buffer.from(bytes, 'latin1')];
  const half = codes.length / 2;
  const ones = codes.slice(half).map((byte) => byte.toString(2).replaceAll('0', '').length);
  return `${addressText(codes.slice(0, half))}/${String(ones.reduce((sum, count) => sum + count, 0))}`;
}

function addressBytes(address: string): number[] {
  if (!isIPv6(address)) return address.split('.').map(Number);
  // The parser of URLs knows every way to write it, and gives one.
  const plain = new URL(`https://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = plain.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const groups = [...head, ...Array<string>(GROUPS - head.length - tail.length).fill('0'), ...tail];
  return groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]);
}

function addressText(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: GROUPS }, (_none, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  return groups.map((group) => group.toString(16)).join(':');
}

function parsed(range: string): { network: string; bits: number } {
  const [network = '', bits = ''] = range.split('/');
  return { network, bits: Number(bits) };
}

function hostRange(address: string): string {
  return `${address}/${isIPv6(address) ? '128' : '32'}`;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
