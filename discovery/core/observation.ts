import { printable } from '../../foundation/text.ts';
import type { Observation } from './sighting.ts';

/** Longest text kept of each field, in UTF-16 units. Hex fields: twice the bytes. */
const TEXT_LIMITS = {
  interface: 32,
  ip: 45,
  hostname: 63,
  vendorClass: 64,
  clientId: 128,
  messageType: 16,
  machineUuid: 34,
  serial: 32,
  revision: 16,
  service: 64,
  deviceId: 26,
  suspicious: 128,
} as const satisfies Partial<Record<keyof Observation, number>>;
type TextField = keyof typeof TEXT_LIMITS;

const MOST_TXT_KEYS = 16;
const LONGEST_TXT_KEY = 32;
const LONGEST_TXT_VALUE = 64;
const MOST_PARAMETERS = 64;

/**
 * The observation with every string from the network free of control characters and cut to its limit, and every list cut
 * to its limit. Texts that are empty afterwards are left out.
 */
export function capObservation(raw: Observation): Observation {
  const { source, atMs, parameterList, architecture, txt } = raw;
  const texts: Partial<Record<TextField, string>> = {};
  for (const [field, limit] of Object.entries(TEXT_LIMITS) as [TextField, number][]) {
    const text = printable(raw[field] ?? '', limit);
    if (text !== '') texts[field] = text;
  }
  return {
    ...texts,
    source,
    interface: texts.interface ?? '',
    atMs,
    ...(parameterList === undefined ? {} : { parameterList: parameterList.slice(0, MOST_PARAMETERS) }),
    ...(architecture === undefined ? {} : { architecture }),
    ...(txt === undefined ? {} : { txt: capTxt(txt) }),
  };
}

/** RFC 6763 section 6.4: a TXT key is printable US-ASCII without `=`. */
function capTxt(txt: Readonly<Record<string, string>>): Record<string, string> {
  const usable = Object.entries(txt).filter(
    ([key]) => /^[\x20-\x3c\x3e-\x7e]+$/.test(key) && key.length <= LONGEST_TXT_KEY && key !== '__proto__',
  );
  return Object.fromEntries(
    usable.slice(0, MOST_TXT_KEYS).map(([key, value]) => [key, printable(value, LONGEST_TXT_VALUE)]),
  );
}

/**
 * What one source knows after a further observation: what the new one says, and what only the old one said (a DHCP ACK
 * repeats nothing of the client's REQUEST). An address given back by the client is forgotten.
 */
export function mergeObservation(old: Observation | undefined, fresh: Observation): Observation {
  const { ip, ...merged } = { ...old, ...fresh };
  const isGivenBack = fresh.messageType === 'RELEASE' || fresh.messageType === 'DECLINE';
  return ip === undefined || isGivenBack ? merged : { ...merged, ip };
}
