/** Parts of a DHCP message that tests set; the rest is zero. */
export interface DhcpParts {
  op?: number;
  mac?: string;
  clientIp?: string;
  relayIp?: string;
  sname?: Uint8Array;
  file?: Uint8Array;
  /** The options field after the magic cookie. */
  options: Uint8Array;
}

/** A DHCP message (RFC 2131 section 2). */
export function buildDhcp(parts: DhcpParts): Uint8Array {
  const message = Buffer.alloc(240);
  message.set([parts.op ?? 1, 1, 6], 0);
  message.writeUInt32BE(0x5eed0001, 4);
  message.set((parts.clientIp ?? '0.0.0.0').split('.').map(Number), 12);
  message.set((parts.relayIp ?? '0.0.0.0').split('.').map(Number), 24);
  message.set(Buffer.from((parts.mac ?? 'dc:a6:32:01:02:03').replaceAll(':', ''), 'hex'), 28);
  message.set(parts.sname ?? [], 44);
  message.set(parts.file ?? [], 108);
  message.writeUInt32BE(0x63825363, 236);
  return new Uint8Array(Buffer.concat([message, parts.options]));
}

/** One option: code, length, data. */
export function option(code: number, data: string | readonly number[]): number[] {
  const bytes = typeof data === 'string' ? [...Buffer.from(data)] : data;
  return [code, bytes.length, ...bytes];
}

/** An options field with a message type (1 DISCOVER, 3 REQUEST, …), further options, and the end. */
export function optionsField(messageType: number, ...more: readonly number[][]): Uint8Array {
  return new Uint8Array([...option(53, [messageType]), ...more.flat(), 255]);
}

/** An Ethernet frame from `sourceMac`, with VLAN tags, around a UDP datagram from port 68 to 67. */
export function wrapInFrame(payload: Uint8Array, sourceMac: string, vlanIds: readonly number[] = []): Uint8Array {
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(68, 0);
  udp.writeUInt16BE(67, 2);
  udp.writeUInt16BE(8 + payload.length, 4);
  const ip = Buffer.from('4500000000000000401100000000000' + '0ffffffff', 'hex');
  ip.writeUInt16BE(28 + payload.length, 2);
  const tags = vlanIds.flatMap((id) => [0x81, 0x00, id >>> 8, id & 0xff]);
  const macs = Buffer.from(`ffffffffffff${sourceMac.replaceAll(':', '')}`, 'hex');
  return new Uint8Array(Buffer.concat([macs, Buffer.from([...tags, 0x08, 0x00]), ip, udp, payload]));
}

/** A pcap stream as tcpdump writes it on a little-endian machine. */
export function buildPcap(frames: readonly Uint8Array[], { bigEndian = false, linkType = 1 } = {}): Uint8Array {
  const uint32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (bigEndian) bytes.writeUInt32BE(value);
    else bytes.writeUInt32LE(value);
    return bytes;
  };
  const version = Buffer.from(bigEndian ? '00020004' : '02000400', 'hex');
  const header = [uint32(0xa1b2c3d4), version, Buffer.alloc(8), uint32(1600), uint32(linkType)];
  const records = frames.flatMap((frame) => [Buffer.alloc(8), uint32(frame.length), uint32(frame.length), frame]);
  return new Uint8Array(Buffer.concat([...header, ...records]));
}
