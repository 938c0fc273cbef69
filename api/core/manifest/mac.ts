/** A MAC address in any spelling: with colons, hyphens, dots or spaces, in groups of any size, or without any. */
export function readMac(text: string): string | undefined {
  const hex = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s:.-]/g, '');
  return /^[0-9a-f]{12}$/.test(hex) ? (hex.match(/../g) ?? []).join(':') : undefined;
}
