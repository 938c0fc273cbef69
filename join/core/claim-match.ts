import { normaliseMac } from '../../foundation/text.ts';
import type { ClaimMatch } from '../../k8s/core/resources.ts';
import { deviceIdOf } from '../protocol/device-id.ts';

/** What a claim can name a device by. */
export interface Identity {
  /** Device id. */
  readonly id: string;
  readonly serial?: string | undefined;
  readonly macs: readonly string[];
  readonly duid?: string | undefined;
}

/** True when the match names one key; all other matches name things that a stranger can copy. */
export function namesKey(match: ClaimMatch): boolean {
  return match.device !== undefined || match.keyFingerprint !== undefined;
}

/** The one identifier that a match names, in words, for instance `serial 10000000abcdef01`. */
export function describeMatch(match: ClaimMatch): string {
  const [entry] = Object.entries(match).filter(([, value]) => typeof value === 'string');
  return entry === undefined ? 'nothing' : `${entry[0]} ${String(entry[1])}`;
}

/** A key fingerprint (SHA-256 of the DER SubjectPublicKeyInfo) as lower-case hex without separators. */
export function normaliseFingerprint(text: string): string {
  return text.toLowerCase().replaceAll(/[\s:]/g, '');
}

/** The keys under which a device is found in a {@link matchKey} index. */
export function keysOf(device: Identity): string[] {
  return [
    `device ${device.id}`,
    ...(device.serial === undefined ? [] : [`serial ${device.serial.toLowerCase()}`]),
    ...device.macs.map((mac) => `mac ${normaliseMac(mac) ?? mac}`),
    ...(device.duid === undefined ? [] : [`duid ${device.duid.toLowerCase()}`]),
  ];
}

/** The index key that a match asks for; undefined when it names nothing. */
export function matchKey(match: ClaimMatch): string | undefined {
  if (match.device !== undefined) return `device ${match.device}`;
  if (match.keyFingerprint !== undefined) return `device ${idOfFingerprint(match.keyFingerprint)}`;
  if (match.serial !== undefined) return `serial ${match.serial.toLowerCase()}`;
  if (match.mac !== undefined) return `mac ${normaliseMac(match.mac) ?? match.mac}`;
  if (match.duid !== undefined) return `duid ${match.duid.toLowerCase()}`;
  return undefined;
}

/** A device id is the beginning of its key's fingerprint, written otherwise. */
function idOfFingerprint(fingerprint: string): string {
  const hex = normaliseFingerprint(fingerprint);
  if (!/^[0-9a-f]{64}$/.test(hex)) return '';
  return deviceIdOf(Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)));
}
