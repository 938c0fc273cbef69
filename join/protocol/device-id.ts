import { toCrockford } from '../../foundation/crockford.ts';

/** Length of a full device id. */
export const DEVICE_ID_LENGTH = 26;
/** Length of the id people read aloud. */
export const SHORT_ID_LENGTH = 6;

/**
 * The device id: Crockford base32 of the first 16 bytes of SHA-256 over the DER SubjectPublicKeyInfo.
 * @param spkiSha256 the 32-byte hash
 */
export function deviceIdOf(spkiSha256: Uint8Array): string {
  return toCrockford(spkiSha256.subarray(0, 16));
}

/** The first six characters, enough for a person among the devices of one site. */
export function shortIdOf(deviceId: string): string {
  return deviceId.slice(0, SHORT_ID_LENGTH);
}

/** True for a full device id. */
export function isDeviceId(text: string): boolean {
  return new RegExp(`^[0-9a-hjkmnp-tv-z]{${DEVICE_ID_LENGTH}}$`).test(text);
}
