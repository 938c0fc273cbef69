/** Types and classes of RFC 1035 §3.2 and RFC 2782 that mDNS service lookup needs. */
export const DNS_TYPE = { A: 1, PTR: 12, TXT: 16, SRV: 33 } as const;
const CLASS_IN = 1;
/** RFC 6762 §10.2: the top bit of a record's class says "flush your cache", not a class. */
const CLASS_MASK = 0x7fff;
const RESPONSE = 0x8000;
const HEADER_BYTES = 12;
const MOST_RECORDS = 128;
const MOST_LABELS = 32;
const LONGEST_LABEL = 63;

/** A domain name as its labels, so that a dot inside a label (RFC 6763 §4.1.1) stays one. */
export type DnsName = readonly string[];

export interface DnsQuestion {
  readonly name: DnsName;
  readonly type: number;
}

export type DnsRecord =
  | { readonly type: 'A'; readonly name: DnsName; readonly address: string }
  | { readonly type: 'PTR'; readonly name: DnsName; readonly target: DnsName }
  | { readonly type: 'SRV'; readonly name: DnsName; readonly target: DnsName; readonly port: number }
  | { readonly type: 'TXT'; readonly name: DnsName; readonly values: ReadonlyMap<string, string> };

/** A name as a key to compare by; DNS names ignore case. */
export function nameKey(name: DnsName): string {
  return name.map((label) => label.toLowerCase().replaceAll('.', '\\.')).join('.');
}

/** One multicast query ("QM", RFC 6762 §5.4), id 0. */
export function encodeQuery(questions: readonly DnsQuestion[]): Uint8Array {
  const bytes = [0, 0, 0, 0, 0, questions.length, 0, 0, 0, 0, 0, 0];
  for (const question of questions) {
    for (const label of question.name) {
      const encoded = new TextEncoder().encode(label).subarray(0, LONGEST_LABEL);
      bytes.push(encoded.length, ...encoded);
    }
    bytes.push(0, question.type >> 8, question.type & 255, 0, CLASS_IN);
  }
  return Uint8Array.from(bytes);
}

/** The records of a response that are of use here; none when it is a query, truncated or malformed. */
export function decodeResponse(message: Uint8Array): DnsRecord[] {
  if (message.length < HEADER_BYTES) return [];
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  if ((view.getUint16(2) & RESPONSE) === 0) return [];
  const records: DnsRecord[] = [];
  let offset = HEADER_BYTES;
  for (let left = view.getUint16(4); left > 0; left -= 1) {
    const question = readName(message, offset);
    if (question === undefined) return [];
    offset = question.next + 4;
  }
  const count = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  for (let left = Math.min(count, MOST_RECORDS); left > 0; left -= 1) {
    const owner = readName(message, offset);
    if (owner === undefined || owner.next + 10 > message.length) return records;
    const dataStart = owner.next + 10;
    const dataEnd = dataStart + view.getUint16(owner.next + 8);
    if (dataEnd > message.length) return records;
    const isInternet = (view.getUint16(owner.next + 2) & CLASS_MASK) === CLASS_IN;
    const type = view.getUint16(owner.next);
    const record = isInternet ? readRecord(message, view, owner.name, type, dataStart, dataEnd) : undefined;
    if (record !== undefined) records.push(record);
    offset = dataEnd;
  }
  return records;
}

function readRecord(
  message: Uint8Array,
  view: DataView,
  name: DnsName,
  type: number,
  start: number,
  end: number,
): DnsRecord | undefined {
  switch (type) {
    case DNS_TYPE.A:
      return end - start === 4 ? { type: 'A', name, address: message.subarray(start, end).join('.') } : undefined;
    case DNS_TYPE.PTR: {
      const target = readName(message, start);
      return target === undefined ? undefined : { type: 'PTR', name, target: target.name };
    }
    case DNS_TYPE.SRV: {
      const target = end - start < 7 ? undefined : readName(message, start + 6);
      return target === undefined
        ? undefined
        : { type: 'SRV', name, target: target.name, port: view.getUint16(start + 4) };
    }
    case DNS_TYPE.TXT:
      return { type: 'TXT', name, values: readText(message.subarray(start, end)) };
    default:
      return undefined;
  }
}

/** `key=value` strings (RFC 6763 §6.3); the first of a repeated key counts. */
function readText(data: Uint8Array): Map<string, string> {
  const values = new Map<string, string>();
  for (let offset = 0; offset < data.length;) {
    const length = data[offset] ?? 0;
    const text = decodeText(data.subarray(offset + 1, offset + 1 + length));
    const equals = text.indexOf('=');
    if (equals > 0) {
      const key = text.slice(0, equals).toLowerCase();
      if (!values.has(key)) values.set(key, text.slice(equals + 1));
    }
    offset += 1 + length;
  }
  return values;
}

/** A name with compression (RFC 1035 §4.1.4). Pointers must go backwards, so that they cannot loop. */
function readName(message: Uint8Array, start: number): { name: DnsName; next: number } | undefined {
  const labels: string[] = [];
  let offset = start;
  let lowest = start;
  let next: number | undefined;
  while (labels.length <= MOST_LABELS) {
    const length = message[offset];
    if (length === undefined) return undefined;
    if (length === 0) return { name: labels, next: next ?? offset + 1 };
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | (message[offset + 1] ?? 0);
      if (target >= lowest) return undefined;
      next ??= offset + 2;
      lowest = target;
      offset = target;
    } else if (length > LONGEST_LABEL) {
      return undefined;
    } else {
      labels.push(decodeText(message.subarray(offset + 1, offset + 1 + length)));
      offset += 1 + length;
    }
  }
  return undefined;
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
