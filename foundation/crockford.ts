const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * Crockford base32, lower case, no padding: five bits a character, most significant bit first; the last character is
 * filled with zero bits.
 */
export function toCrockford(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((buffer >>> bits) & 31);
    }
    buffer &= (1 << bits) - 1;
  }
  if (bits > 0) text += ALPHABET.charAt((buffer << (5 - bits)) & 31);
  return text;
}

/** What a person typed, as canonical Crockford base32: lower case, no spaces or hyphens, O read as 0, I and L as 1. */
export function normaliseCrockford(text: string): string {
  return text.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1');
}
