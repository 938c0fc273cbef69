import { ipv4Text, macText, toHex, utf8Text, viewOf } from './bytes.ts';

/** Message types of RFC 2132 section 9.6, by their number. */
const MESSAGE_TYPES = ['', 'DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM'] as const;
export type DhcpMessageType = Exclude<(typeof MESSAGE_TYPES)[number], ''>;

/** A DHCPv4 message (RFC 2131 section 2) as far as discovery reads it. Addresses that are not set are 0.0.0.0. */
export interface DhcpPacket {
  /** From a client, or from a server. */
  direction: 'request' | 'reply';
  transactionId: number;
  clientIp: string;
  yourIp: string;
  relayIp: string;
  clientMac: string;
  messageType: DhcpMessageType;
  /** Option 12. */
  hostname?: string;
  /** Option 50. */
  requestedIp?: string;
  /** Option 51. */
  leaseSec?: number;
  /** Option 54. */
  serverIp?: string;
  /** Option 55, in the order sent. */
  parameterList?: number[];
  /** Option 60. */
  vendorClass?: string;
  /** Option 61 as hex, its type byte included. */
  clientId?: string;
  /** Option 82 as hex (RFC 3046). */
  relayAgent?: string;
  /** Option 93: the first architecture named (RFC 4578 section 2.1). */
  architecture?: number;
  /** Option 97 as hex, its type byte included (RFC 4578 section 2.3). */
  machineUuid?: string;
}

export type DhcpParseResult = { packet: DhcpPacket } | { malformed: string };

const FIXED_BYTES = 236;
const MAGIC_COOKIE = 0x63825363;
const PAD = 0;
const END = 255;
const OVERLOAD = 52;
const FILE = { start: 108, end: 236 };
const SNAME = { start: 44, end: 108 };

/**
 * Reads a DHCPv4 message out of a UDP payload. Strict: whatever contradicts RFC 2131 or 2132 in what is read here makes
 * it malformed, with the reason in a few words; an option that discovery only shows and that has an impossible length is
 * left out instead. Never throws.
 */
export function parseDhcp(payload: Uint8Array): DhcpParseResult {
  if (payload.length < FIXED_BYTES + 4) return { malformed: 'shorter than a DHCP message' };
  const view = viewOf(payload);
  const op = view.getUint8(0);
  if (op !== 1 && op !== 2) return { malformed: 'neither request nor reply' };
  if (view.getUint8(1) !== 1 || view.getUint8(2) !== 6) return { malformed: 'not Ethernet' };
  if (view.getUint32(FIXED_BYTES) !== MAGIC_COOKIE) return { malformed: 'no magic cookie' };
  const options = readAllOptions(payload);
  if (options === undefined) return { malformed: 'an option reaches beyond its field' };
  const type = options.get(53);
  const messageType = type?.length === 1 ? MESSAGE_TYPES[type[0] ?? 0] : undefined;
  if (messageType === undefined || messageType === '') return { malformed: 'no message type' };
  return {
    packet: {
      direction: op === 1 ? 'request' : 'reply',
      transactionId: view.getUint32(4),
      clientIp: ipv4Text(payload.subarray(12, 16)),
      yourIp: ipv4Text(payload.subarray(16, 20)),
      relayIp: ipv4Text(payload.subarray(24, 28)),
      clientMac: macText(payload.subarray(28, 34)),
      messageType,
      ...decodeOptions(options),
    },
  };
}

/**
 * All options by code. Parts of one option are joined in the order of RFC 3396 section 5: options field, then `file`,
 * then `sname`, as far as option 52 says that these two hold options. Undefined when one reaches beyond its field.
 */
function readAllOptions(payload: Uint8Array): Map<number, Uint8Array> | undefined {
  const parts = new Map<number, Uint8Array[]>();
  if (!readOptions(payload.subarray(FIXED_BYTES + 4), parts)) return undefined;
  const overload = parts.get(OVERLOAD)?.[0]?.[0] ?? 0;
  if ((overload & 1) !== 0 && !readOptions(payload.subarray(FILE.start, FILE.end), parts)) return undefined;
  if ((overload & 2) !== 0 && !readOptions(payload.subarray(SNAME.start, SNAME.end), parts)) return undefined;
  return new Map(Array.from(parts, ([code, pieces]) => [code, join(pieces)]));
}

/** RFC 2132 section 2: code, length, data; pads have neither length nor data. */
function readOptions(field: Uint8Array, into: Map<number, Uint8Array[]>): boolean {
  let offset = 0;
  while (offset < field.length) {
    const code = field[offset] ?? END;
    offset += 1;
    if (code === PAD) continue;
    if (code === END) return true;
    const length = field[offset];
    if (length === undefined || offset + 1 + length > field.length) return false;
    const pieces = into.get(code) ?? [];
    pieces.push(field.subarray(offset + 1, offset + 1 + length));
    into.set(code, pieces);
    offset += 1 + length;
  }
  return true;
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

function decodeOptions(options: ReadonlyMap<number, Uint8Array>): Partial<DhcpPacket> {
  const facts: Partial<DhcpPacket> = {};
  const when = (code: number, fits: (length: number) => boolean, use: (data: Uint8Array) => void): void => {
    const data = options.get(code);
    if (data !== undefined && fits(data.length)) use(data);
  };
  const exactly = (bytes: number) => (length: number) => length === bytes;
  const atLeast = (bytes: number) => (length: number) => length >= bytes;
  when(12, atLeast(1), (data) => (facts.hostname = utf8Text(data)));
  when(50, exactly(4), (data) => (facts.requestedIp = ipv4Text(data)));
  when(51, exactly(4), (data) => (facts.leaseSec = viewOf(data).getUint32(0)));
  when(54, exactly(4), (data) => (facts.serverIp = ipv4Text(data)));
  when(55, atLeast(1), (data) => (facts.parameterList = [...data]));
  when(60, atLeast(1), (data) => (facts.vendorClass = utf8Text(data)));
  when(61, atLeast(2), (data) => (facts.clientId = toHex(data)));
  when(82, atLeast(2), (data) => (facts.relayAgent = toHex(data)));
  when(
    93,
    (length) => length >= 2 && length % 2 === 0,
    (data) => (facts.architecture = viewOf(data).getUint16(0)),
  );
  when(97, exactly(17), (data) => (facts.machineUuid = toHex(data)));
  return facts;
}
