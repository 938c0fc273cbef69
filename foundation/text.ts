// Control and format characters, line separators and lone surrogates: nothing a terminal, a log or a page should get
// from the network. Written as escapes so that this file itself holds none of them.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** The text without control and format characters, whatever its length; each is replaced by what `instead` makes of it. */
export function withoutControls(text: string, instead: (character: string) => string = () => ''): string {
  return text.replaceAll(UNPRINTABLE, instead);
}

/**
 * JSON, or YAML whose scalars with such characters are double-quoted, in which nothing acts on a terminal any more:
 * escaped, so that it reads as the same value. Line ends are the document's own and stay.
 */
export function escapedControls(json: string): string {
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return withoutControls(json, (character) => (character === '\n' ? '\n' : character.split('').map(escape).join('')));
}

/**
 * A string from the network made safe to show: control and format characters removed, cut to `maxLength` UTF-16 units
 * without splitting a character. Escaping for HTML is the page's own task.
 */
export function printable(text: string, maxLength: number): string {
  const clean = withoutControls(text).trim();
  if (clean.length <= maxLength) return clean;
  return clean.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/u, '');
}

/** A MAC address as `aa:bb:cc:dd:ee:ff`, or undefined when `text` is not one (hyphens and upper case are read). */
export function normaliseMac(text: string): string | undefined {
  const mac = text.trim().toLowerCase().replaceAll('-', ':');
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) ? mac : undefined;
}
