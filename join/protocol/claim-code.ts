import { normaliseCrockford, toCrockford } from '../../foundation/crockford.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';
import { Secret } from '../../foundation/secret.ts';
import { DEVICE_ID_LENGTH, SHORT_ID_LENGTH, shortIdOf } from './device-id.ts';

/** Characters of a claim code: 80 random bits, so that no captured proof can be guessed from. */
export const CLAIM_CODE_LENGTH = 16;
const CODE_BYTES = 10;
const GROUP = /.{4}/g;
const CODE_PATTERN = new RegExp(`^[0-9a-hjkmnp-tv-z]{${String(CLAIM_CODE_LENGTH)}}$`);
const ID_PATTERN = new RegExp(`^([0-9a-hjkmnp-tv-z]{${String(SHORT_ID_LENGTH)},${String(DEVICE_ID_LENGTH)}})?$`);
/** Longer than any URL of ours. */
const LONGEST_TEXT = 512;
const VERSION = '1';

/** A claim code as a person entered it. */
export interface EnteredCode {
  /** The id of the device it is for, its first six or more characters, or nothing. */
  device: string;
  /** In the one form in which both sides use it: sixteen characters, upper case. */
  code: Secret;
}

/** A new code. */
export function newClaimCode(random: Random): Secret {
  return new Secret(toCrockford(random.bytes(CODE_BYTES)).toUpperCase());
}

/** The code as people type it, with the short id of its device: `QK4T7M-K7QF-2M9X-TR4C-8WHD`. */
export function typedClaimCode(deviceId: string, code: Secret): string {
  return [shortIdOf(deviceId).toUpperCase(), ...(code.reveal().match(GROUP) ?? [])].join('-');
}

/**
 * The URL that a QR code shows. The secret is in the fragment, which browsers send to nobody.
 * @param claimBase origin of the page, as the card has it: whatever the network says of it is no reason to open it
 */
export function claimCodeUrl(claimBase: string, deviceId: string, code: Secret): string {
  return `${claimBase.replace(/\/+$/, '')}/c#${VERSION}.${deviceId}.${code.reveal()}`;
}

/**
 * Reads a QR code's URL (whatever its host), its fragment, the typed form, or a bare code: O counts as 0, I and L as 1,
 * and hyphens, spaces and case mean nothing.
 * @throws UsherError CLAIM_CODE_INVALID, which never quotes what was entered
 */
export function parseClaimCode(text: string): EnteredCode {
  if (text.length > LONGEST_TEXT) throw invalid('it is too long');
  const whole = text.trim();
  const fragment = whole.slice(whole.lastIndexOf('#') + 1);
  const parts = fragment.split('.').map(normaliseCrockford);
  if (parts.length === 1) {
    const [typed = ''] = parts;
    return checked(typed.slice(0, -CLAIM_CODE_LENGTH), typed.slice(-CLAIM_CODE_LENGTH));
  }
  const [version, device = '', code = ''] = parts;
  if (parts.length !== 3) throw invalid('it has not three parts');
  if (version !== VERSION) throw invalid('it is of a kind that is not known here');
  return checked(device, code);
}

function checked(device: string, code: string): EnteredCode {
  if (!CODE_PATTERN.test(code)) throw invalid(`a code has ${String(CLAIM_CODE_LENGTH)} letters and digits, without U`);
  if (!ID_PATTERN.test(device)) throw invalid('what stands before the code is no id of a device');
  return { device, code: new Secret(code.toUpperCase()) };
}

function invalid(detail: string): UsherError {
  return new UsherError('CLAIM_CODE_INVALID', { detail });
}
