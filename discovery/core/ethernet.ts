import { ipv4Text, macText, viewOf } from './bytes.ts';

const ETHERTYPE_IPV4 = 0x0800;
/** 802.1Q, 802.1ad, and the older number some switches use for the outer tag. */
const ETHERTYPES_VLAN = [0x8100, 0x88a8, 0x9100];
const MOST_VLAN_TAGS = 2;
const PROTOCOL_UDP = 17;

/** A UDP datagram taken out of an Ethernet frame. */
export interface UdpDatagram {
  sourceMac: string;
  /** Innermost 802.1Q tag, when the frame has one. */
  vlanId?: number;
  sourceIp: string;
  destinationIp: string;
  sourcePort: number;
  destinationPort: number;
  payload: Uint8Array;
}

/**
 * The UDP datagram inside an Ethernet II frame with up to two VLAN tags, or undefined when the frame holds anything
 * else, a fragment, or lengths that contradict each other. Checksums are not verified: a frame captured on the machine
 * that sends it does not have them yet.
 */
export function unwrapUdp(frame: Uint8Array): UdpDatagram | undefined {
  const ethernet = unwrapEthernet(frame);
  if (ethernet?.etherType !== ETHERTYPE_IPV4) return undefined;
  const ip = unwrapIpv4(ethernet.payload);
  if (ip === undefined || ip.payload.length < 8) return undefined;
  const udp = viewOf(ip.payload);
  const length = udp.getUint16(4);
  if (length < 8 || length > ip.payload.length) return undefined;
  return {
    sourceMac: ethernet.sourceMac,
    ...(ethernet.vlanId === undefined ? {} : { vlanId: ethernet.vlanId }),
    sourceIp: ip.source,
    destinationIp: ip.destination,
    sourcePort: udp.getUint16(0),
    destinationPort: udp.getUint16(2),
    payload: ip.payload.subarray(8, length),
  };
}

function unwrapEthernet(frame: Uint8Array) {
  if (frame.length < 14) return undefined;
  const view = viewOf(frame);
  let offset = 12;
  let etherType = view.getUint16(offset);
  let vlanId: number | undefined;
  for (let tags = 0; tags < MOST_VLAN_TAGS && ETHERTYPES_VLAN.includes(etherType); tags += 1) {
    if (frame.length < offset + 6) return undefined;
    vlanId = view.getUint16(offset + 2) & 0x0fff;
    offset += 4;
    etherType = view.getUint16(offset);
  }
  return { sourceMac: macText(frame.subarray(6, 12)), vlanId, etherType, payload: frame.subarray(offset + 2) };
}

/** RFC 791 section 3.1. What follows the total length is Ethernet padding. */
function unwrapIpv4(packet: Uint8Array) {
  if (packet.length < 20) return undefined;
  const view = viewOf(packet);
  const headerBytes = (view.getUint8(0) & 0x0f) * 4;
  const totalBytes = view.getUint16(2);
  const moreFragmentsAndOffset = view.getUint16(6) & 0x3fff;
  if (view.getUint8(0) >>> 4 !== 4 || view.getUint8(9) !== PROTOCOL_UDP || moreFragmentsAndOffset !== 0)
    return undefined;
  if (headerBytes < 20 || totalBytes < headerBytes || totalBytes > packet.length) return undefined;
  return {
    source: ipv4Text(packet.subarray(12, 16)),
    destination: ipv4Text(packet.subarray(16, 20)),
    payload: packet.subarray(headerBytes, totalBytes),
  };
}
