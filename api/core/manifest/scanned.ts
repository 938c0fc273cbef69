import { normaliseCrockford } from '../../../foundation/crockford.ts';
import { isDeviceId } from '../../../join/protocol/device-id.ts';
import { readMac } from './mac.ts';

/** What a scanned text says about a board: the field of a row that it belongs in, and how that field is written. */
export interface Scanned {
  readonly field: 'device' | 'serial' | 'mac' | 'duid' | 'keyFingerprint';
  readonly value: string;
  /** Whether the form of the text leaves no doubt. Without, a person should look: the field was guessed. */
  readonly isSure: boolean;
}

/** The part of our QR behind the `#`: version, device id, claim code. Whatever stands before it is not looked at. */
const OWN_CODE = /(?:^|#)1\.([0-9a-z]{26})(?:\.[0-9a-z-]*)?$/i;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What labels print before the thing itself. */
const PREFIXES: readonly (readonly [RegExp, Scanned['field']])[] = [
  [/^\(?(?:s\/n|sn|serial(?: ?(?:no|number))?)[\s.:#)]+/i, 'serial'],
  [/^\(?(?:mac(?: ?(?:id|address|addr))?|eth|wlan)[\s.:#)]+/i, 'mac'],
  [/^\(?(?:duid|uuid)[\s.:#)]+/i, 'duid'],
];
const MAX_LENGTH = 512;

/**
 * Which field of a row a scanned barcode or QR code fills: a MAC address, a board's serial, the factory id of a Raspberry
 * Pi 5 (`rpi-duid`), or Usher's own QR code, of which only the device id is taken: the claim code in it stays out of
 * files. Undefined when it is none of these.
 */
export function scannedField(scanned: string): Scanned | undefined {
  const text = scanned.trim();
  if (text === '' || text.length > MAX_LENGTH) return undefined;
  const id = normaliseCrockford(OWN_CODE.exec(text)?.[1] ?? text);
  if (isDeviceId(id) && (OWN_CODE.test(text) || /^[^-\s]{26}$/.test(text))) {
    return { field: 'device', value: id, isSure: true };
  }
  for (const [prefix, field] of PREFIXES) {
    const rest = text.replace(prefix, '').trim();
    if (rest !== text && rest !== '') return labelled(field, rest);
  }
  return bare(text);
}

/** The label said what it is. */
function labelled(field: Scanned['field'], text: string): Scanned | undefined {
  const lower = text.toLowerCase();
  const mac = readMac(text);
  if (field === 'mac') return mac === undefined ? undefined : { field, value: mac, isSure: true };
  if (field === 'duid') {
    const hex = lower.replaceAll('-', '');
    return /^[0-9a-f]{2,}$/.test(hex) ? { field, value: hex, isSure: true } : undefined;
  }
  return /^[\w-]{1,64}$/.test(text)
    ? { field, value: /^[0-9a-f]+$/.test(lower) ? lower : text, isSure: true }
    : undefined;
}

function bare(text: string): Scanned | undefined {
  const lower = text.toLowerCase();
  const mac = readMac(text);
  if (mac !== undefined) return { field: 'mac', value: mac, isSure: true };
  if (UUID.test(lower)) return { field: 'duid', value: lower.replaceAll('-', ''), isSure: true };
  if (!/^[0-9a-f]+$/.test(lower)) return undefined;
  switch (lower.length) {
    case 16:
      return { field: 'serial', value: lower, isSure: true };
    case 8:
      // Older boards print the lower half only; they tell it with zeros before.
      return { field: 'serial', value: lower.padStart(16, '0'), isSure: false };
    case 64:
      return { field: 'keyFingerprint', value: lower, isSure: true };
    default:
      return lower.length > 16 && lower.length <= 64 ? { field: 'duid', value: lower, isSure: false } : undefined;
  }
}
