import { UsherError } from '../../../foundation/errors.ts';
import { printable } from '../../../foundation/text.ts';
import { normaliseFingerprint } from '../../../join/core/claim-match.ts';
import { isDeviceId } from '../../../join/protocol/device-id.ts';
import type { ClaimMatch } from '../../../k8s/core/resources.ts';
import { readMac } from './mac.ts';

const MAX_SHOWN = 64;
const MAX_SERIAL = 64;
const MAX_DUID = 260;
/** A Raspberry Pi's serial, as it tells it: 64 bits in hexadecimal. */
const PI_SERIAL_DIGITS = 16;
const FEWEST_SERIAL_DIGITS = 7;
const MAC_DIGITS = 12;
/** What a spreadsheet makes of a long number: 1.00000E+15, in some languages with a comma. */
const SCIENTIFIC = /^\d+([.,]\d+)?e\+\d+$/i;

/** An identifier as a claim keeps it, and what somebody should look at. */
export interface ReadIdentifier {
  readonly value: string;
  readonly note?: string;
}

/**
 * What a person or a spreadsheet wrote, as a claim's match has it.
 * @throws UsherError CLAIM_INVALID
 */
export function readIdentifier(field: keyof ClaimMatch, text: string): ReadIdentifier {
  const given = text.trim();
  if (SCIENTIFIC.test(given)) {
    throw invalid(field, given, 'is a number as a spreadsheet rounds it: format the column as text, and enter it anew');
  }
  switch (field) {
    case 'mac':
      return { value: macOf(given) };
    case 'serial':
      return serialOf(given);
    case 'device':
      if (!isDeviceId(given.toLowerCase())) throw invalid(field, given, 'is no full device id (26 characters)');
      return { value: given.toLowerCase() };
    case 'keyFingerprint': {
      const value = normaliseFingerprint(given);
      if (!/^[0-9a-f]{64}$/.test(value)) throw invalid(field, given, 'does not have 64 hexadecimal digits');
      return { value };
    }
    case 'duid': {
      const value = given.toLowerCase();
      if (!/^[0-9a-f]+(:[0-9a-f]+)*$/.test(value)) throw invalid(field, given, 'is not hexadecimal');
      if (value.length < 2 || value.length > MAX_DUID) throw invalid(field, given, `has not 2 to ${MAX_DUID} digits`);
      return { value };
    }
  }
}

function macOf(given: string): string {
  const mac = readMac(given);
  if (mac !== undefined) return mac;
  const isShort = /^\d+$/.test(given) && given.length < MAC_DIGITS;
  throw invalid(
    'mac',
    given,
    isShort
      ? 'has too few digits for a MAC address: a spreadsheet takes leading zeros away, unless the column is text'
      : 'is not a MAC address',
  );
}

/** Hexadecimal in lower case, as boards tell it; anything else as it is written. */
function serialOf(given: string): ReadIdentifier {
  if (given === '' || given.length > MAX_SERIAL)
    throw invalid('serial', given, `has not 1 to ${MAX_SERIAL} characters`);
  const value = /^[0-9a-f]{7,}$/i.test(given) ? given.toLowerCase() : given;
  const isNumber = /^\d+$/.test(value);
  const hasLostZeros = isNumber && value.length >= FEWEST_SERIAL_DIGITS && value.length < PI_SERIAL_DIGITS;
  if (!hasLostZeros) return { value };
  const whole = value.padStart(PI_SERIAL_DIGITS, '0');
  return {
    value,
    note: `serial ${value} has ${value.length} digits, that of a Raspberry Pi has ${PI_SERIAL_DIGITS}: a spreadsheet takes leading zeros away. If it did, write ${whole}`,
  };
}

function invalid(field: string, text: string, problem: string): UsherError {
  const shown = text === '' ? 'an empty text' : printable(text, MAX_SHOWN);
  return new UsherError('CLAIM_INVALID', { detail: `${field}: ${shown} ${problem}` });
}
