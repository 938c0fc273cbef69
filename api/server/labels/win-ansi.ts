/** What of WinAnsiEncoding (ISO 32000-1, annex D.2) lies beyond ISO 8859-1. */
const BEYOND_LATIN_1 = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';
/** Letters that Unicode does not take apart. */
const PLAIN: Readonly<Record<string, string>> = {
  ...{ ł: 'l', Ł: 'L', đ: 'd', Đ: 'D', ħ: 'h', Ħ: 'H', ı: 'i', ŋ: 'n', Ŋ: 'N', ŧ: 't', Ŧ: 'T' },
  ...{ '\u2010': '-', '\u2011': '-', '\u2212': '-', '\u00a0': ' ' },
};

/**
 * The text with the characters that PDF's built-in fonts have: letters lose the accents that those do not know, and what
 * remains (other scripts, emoji) becomes a question mark each. The QR code and the id still say which one it is.
 */
export function toWinAnsi(text: string): string {
  return Array.from(text.normalize('NFC')).map(toKnown).join('');
}

function toKnown(character: string): string {
  if (isKnown(character)) return character;
  const plain = PLAIN[character] ?? character.normalize('NFKD').replaceAll(/\p{M}/gu, '');
  if (plain === '') return '';
  return Array.from(plain).every(isKnown) ? plain : '?';
}

function isKnown(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (code >= 0x20 && code <= 0x7e) || (code >= 0xa1 && code <= 0xff) || BEYOND_LATIN_1.includes(character);
}
