import type { Secret } from '../../../foundation/secret.ts';
import { printable } from '../../../foundation/text.ts';
import { claimCodeUrl, typedClaimCode } from '../../../join/protocol/claim-code.ts';
import { shortIdOf } from '../../../join/protocol/device-id.ts';
import type { LabelContent } from './label-sheet.ts';

const LONGEST_NAME = 64;

/** The page's address of a device or a claim: what it names is in the fragment, as with claim codes. */
export function deepLink(claimBase: string, id: string): string {
  return `${claimBase.replace(/\/+$/, '')}/d#${encodeURIComponent(id)}`;
}

/**
 * What a label says of a thing that is named `id` (a full device id, a claim's name, or a token's id).
 * @param code the label code of the device, when it has one; the QR code then opens the page with that code
 */
export function labelContent(
  thing: { name: string; id: string; deviceId?: string | undefined; code?: Secret | undefined },
  claimBase: string,
): LabelContent {
  const { deviceId, code } = thing;
  const name = printable(thing.name, LONGEST_NAME);
  const id = deviceId === undefined ? printable(thing.id, LONGEST_NAME) : shortIdOf(deviceId).toUpperCase();
  if (code === undefined) return { name, id, link: deepLink(claimBase, deviceId ?? thing.id) };
  // A card that has never been in a board belongs to no device yet: its code stands alone.
  return {
    name,
    id,
    typedCode: deviceId === undefined ? bareCode(code) : typedClaimCode(deviceId, code),
    link: claimCodeUrl(claimBase, deviceId ?? '', code),
  };
}

function bareCode(code: Secret): string {
  return (code.reveal().match(/.{4}/g) ?? []).join('-');
}
