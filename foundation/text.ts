// Control and format characters, line separators and lone surrogates: nothing a terminal, a log or a page should get
// from the network. Written as escapes so that this file itself holds none of them.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * A string from the network made safe to show: control and format characters removed, cut to `maxLength` UTF-16 units
 * without splitting a character. Escaping for HTML is the page's own task.
 */
export function printable(text: string, maxLength: number): string {
  const clean = text.replaceAll(UNPRINTABLE, '').trim();
  if (clean.length <= maxLength) return clean;
  return clean.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/u, '');
}

/** A MAC address as `aa:bb:cc:dd:ee:ff`, or undefined when `text` is not one (hyphens and upper case are read). */
export function normaliseMac(text: string): string | undefined {
  const mac = text.trim().toLowerCase().replaceAll('-', ':');
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) ? mac : undefined;
}
