import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { printable } from '../../foundation/text.ts';

/** Gives the assignee of a MAC address's prefix in the IEEE registry, for instance `Raspberry Pi Trading Ltd`. */
export type VendorOf = (mac: string) => string | undefined;

/** Hex digits of a prefix: small (/36), medium (/28) and large (/24) blocks, the longest match first. */
const PREFIX_LENGTHS = [9, 7, 6];
const LONGEST_VENDOR = 64;
/** Holds the large blocks that are divided; it makes no machines. */
const DIVIDED = 'IEEE Registration Authority';
/** An assignment in the JSON text: prefix, and the assignee, whose first line is its name. */
const ASSIGNMENT = /"([0-9A-F]{6,9})":\s*("(?:[^"\\]|\\.)*")/g;

/** Reads the registry of the package `oui-data`. */
export function loadVendors(): Promise<VendorOf> {
  const path = createRequire(import.meta.url).resolve('oui-data');
  return vendorLookup(createReadStream(path, 'utf8') as AsyncIterable<string>);
}

/**
 * A lookup over the registry's JSON text (prefix → name, newline, address), which comes in pieces. It is scanned and not
 * parsed as a whole: that would take 70 MiB for a moment, for 53,000 addresses that nobody asks for.
 */
export async function vendorLookup(registryJson: AsyncIterable<string> | Iterable<string>): Promise<VendorOf> {
  const names = new Map<string, string>();
  const byPrefix = new Map<string, string>();
  let rest = '';
  for await (const piece of registryJson) {
    const text = rest + piece;
    let end = 0;
    for (const match of text.matchAll(ASSIGNMENT)) {
      const [whole, prefix = '', assignee = '""'] = match;
      const name = printable((JSON.parse(assignee) as string).split('\n', 1)[0] ?? '', LONGEST_VENDOR);
      const shared = names.get(name) ?? name;
      names.set(shared, shared);
      byPrefix.set(prefix, shared);
      end = match.index + whole.length;
    }
    rest = text.slice(end);
  }
  return (mac) => {
    // Locally administered addresses (second-lowest bit of the first byte) are random or made up: nobody was assigned them.
    if ((Number.parseInt(mac.slice(0, 2), 16) & 2) !== 0) return undefined;
    const digits = mac.replaceAll(':', '').toUpperCase();
    const length = PREFIX_LENGTHS.find((candidate) => byPrefix.has(digits.slice(0, candidate)));
    const name = length === undefined ? undefined : byPrefix.get(digits.slice(0, length));
    return name === DIVIDED ? undefined : name;
  };
}
