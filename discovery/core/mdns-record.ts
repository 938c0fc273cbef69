import { utf8Text } from './bytes.ts';

/** The record types that say something about a machine. */
export type MdnsRecord =
  | { type: 'PTR'; name: string; ttlSec: number; target: string }
  | { type: 'SRV'; name: string; ttlSec: number; target: string }
  | { type: 'TXT'; name: string; ttlSec: number; txt: Record<string, string> }
  | { type: 'A'; name: string; ttlSec: number; address: string };

const LONGEST_NAME = 255;
const MOST_RECORDS_PER_PACKET = 256;
const MOST_TXT_STRINGS = 64;

/**
 * The records of a response as the `multicast-dns` package decodes it, answers and additionals together. Whatever has
 * another shape is left out; names are in lower case and without a trailing dot, save for the instance part of a PTR's
 * target, which people wrote. Never throws.
 */
export function readMdnsResponse(packet: unknown): MdnsRecord[] {
  const sections = [field(packet, 'answers'), field(packet, 'additionals')];
  const raw = sections.flatMap((section): unknown[] => (Array.isArray(section) ? section : []));
  return raw.slice(0, MOST_RECORDS_PER_PACKET).flatMap((record) => readRecord(record) ?? []);
}

function readRecord(raw: unknown): MdnsRecord | undefined {
  const name = nameOf(field(raw, 'name'))?.toLowerCase();
  const ttlSec = field(raw, 'ttl');
  const data = field(raw, 'data');
  if (name === undefined || typeof ttlSec !== 'number') return undefined;
  switch (field(raw, 'type')) {
    case 'PTR': {
      const target = nameOf(data);
      return target === undefined ? undefined : { type: 'PTR', name, ttlSec, target };
    }
    case 'SRV': {
      const target = nameOf(field(data, 'target'))?.toLowerCase();
      return target === undefined ? undefined : { type: 'SRV', name, ttlSec, target };
    }
    case 'TXT':
      return { type: 'TXT', name, ttlSec, txt: readTxt(data) };
    case 'A':
      return typeof data === 'string' ? { type: 'A', name, ttlSec, address: data } : undefined;
    default:
      return undefined;
  }
}

/** RFC 6763 section 6: `key=value` strings; the first of equal keys counts, a key without `=` has no value. */
function readTxt(data: unknown): Record<string, string> {
  const strings: unknown[] = Array.isArray(data) ? data : [data];
  const entries = strings
    .slice(0, MOST_TXT_STRINGS)
    .filter((bytes) => bytes instanceof Uint8Array)
    .map((bytes): [string, string] => {
      const [key = '', ...value] = utf8Text(bytes).split('=');
      return [key.toLowerCase(), value.join('=')];
    })
    .filter(([key]) => key !== '');
  return Object.fromEntries(entries.reverse());
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > LONGEST_NAME) return undefined;
  const name = value.replace(/\.$/, '');
  return name === '' ? undefined : name;
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
