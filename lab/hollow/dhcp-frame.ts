import type { HollowBoard } from './hollow-board.ts';

/** DHCP message types (RFC 2132 section 9.6). */
const DISCOVER = 1;
const FIXED_PART_BYTES = 240;
const MAGIC_COOKIE = 0x63825363;
const HARDWARE_ETHERNET = 1;
const MAC_BYTES = 6;
const IP_HEADER_BYTES = 20;
const UDP_HEADER_BYTES = 8;
/** Shortest DHCP message that old relays and servers take (RFC 1542 section 2.1). */
const SHORTEST_MESSAGE_BYTES = 300;

/**
 * The Ethernet frame of a board's DHCPDISCOVER (RFC 2131 section 4.4.1), as the DHCP client of an Usher card sends it:
 * from the board's own MAC address, with its host name and the vendor class `usher:1`.
 * @param transactionId 32 bits
 */
export function discoverFrame(board: HollowBoard, transactionId: number): Uint8Array {
  const mac = Buffer.from(board.mac.replaceAll(':', ''), 'hex');
  const message = dhcpMessage(mac, transactionId, [
    option(53, [DISCOVER]),
    option(61, [HARDWARE_ETHERNET, ...mac]),
    option(12, Buffer.from('raspberrypi')),
    option(60, Buffer.from('usher:1')),
    option(55, [1, 3, 6, 12, 15, 28, 42]),
  ]);
  const broadcast = Buffer.alloc(MAC_BYTES, 0xff);
  const ethernet = Buffer.concat([broadcast, mac, Buffer.from([0x08, 0x00])]);
  return Buffer.concat([ethernet, ipHeader(message.length), udpHeader(message.length), message]);
}

function dhcpMessage(mac: Buffer, transactionId: number, options: readonly Buffer[]): Buffer {
  const fixed = Buffer.alloc(FIXED_PART_BYTES);
  fixed.set([1, HARDWARE_ETHERNET, MAC_BYTES, 0]);
  fixed.writeUInt32BE(transactionId >>> 0, 4);
  fixed.set(mac, 28);
  fixed.writeUInt32BE(MAGIC_COOKIE, 236);
  const message = Buffer.concat([fixed, ...options, Buffer.from([255])]);
  const padding = Buffer.alloc(Math.max(0, SHORTEST_MESSAGE_BYTES - message.length));
  return Buffer.concat([message, padding]);
}

function option(code: number, data: Uint8Array | readonly number[]): Buffer {
  return Buffer.from([code, data.length, ...data]);
}

function udpHeader(payloadBytes: number): Buffer {
  const header = Buffer.alloc(UDP_HEADER_BYTES);
  header.writeUInt16BE(68, 0);
  header.writeUInt16BE(67, 2);
  header.writeUInt16BE(UDP_HEADER_BYTES + payloadBytes, 4);
  // A checksum of 0 says that there is none (RFC 768).
  return header;
}

/** From 0.0.0.0 to everybody. */
function ipHeader(payloadBytes: number): Buffer {
  const header = Buffer.alloc(IP_HEADER_BYTES);
  header.set([0x45]);
  header.writeUInt16BE(IP_HEADER_BYTES + UDP_HEADER_BYTES + payloadBytes, 2);
  header.set([64, 17], 8);
  header.fill(0xff, 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return header;
}

/** RFC 1071. */
function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < bytes.length; offset += 2) sum += bytes.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
