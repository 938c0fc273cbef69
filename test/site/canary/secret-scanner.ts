import { createPrivateKey } from 'node:crypto';
import { UsherError } from '../../../foundation/errors.ts';

/** A secret that really exists on the site of the test. */
export interface Canary {
  readonly name: string;
  readonly value: Buffer;
}

/** Something that people or programs can read, and in which no secret may be. */
export interface Material {
  /** For instance `appliance log`. */
  readonly where: string;
  readonly content: Buffer;
}

interface Pattern {
  readonly name: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Shorter ones are found by chance. */
const SHORTEST = 12;
/** What is larger is a program or a database, not a text with lines. */
const LARGEST_TEXT_BYTES = 4 * 2 ** 20;

/** Finds secrets in whatever form they have: as they are, base64 at any alignment, base64url, hex, URL- and JSON-escaped. */
export class SecretScanner {
  readonly #patterns: Pattern[] = [];

  constructor(canaries: readonly Canary[]) {
    for (const { name, value } of canaries) {
      if (value.length < SHORTEST)
        throw new UsherError('INTERNAL', { detail: `canary ${name} is too short to look for` });
      for (const [form, bytes] of formsOf(value)) this.#patterns.push({ name, form, bytes });
    }
  }

  /** One line for each secret and form that is in the material, such as `card token as base64 in appliance log`. */
  scan({ where, content }: Material): string[] {
    // Keys and certificates are broken into lines, in JSON with escaped line ends.
    const isText = content.length <= LARGEST_TEXT_BYTES;
    const joined = isText ? Buffer.from(content.toString('latin1').replaceAll(/\s|\\[nr]/g, ''), 'latin1') : content;
    return this.#patterns
      .filter(({ bytes }) => content.includes(bytes) || (isText && joined.includes(bytes)))
      .map(({ name, form }) => `${name} as ${form} in ${where}`);
  }
}

function formsOf(value: Buffer): Map<string, Buffer> {
  const forms = new Map<string, Buffer>([
    ['plain', value],
    ['hex', Buffer.from(value.toString('hex'))],
    ['HEX', Buffer.from(value.toString('hex').toUpperCase())],
    ['percent-encoded', Buffer.from([...value].map((byte) => `%${hexOf(byte).toUpperCase()}`).join(''))],
    ['JSON-escaped', Buffer.from([...value].map((byte) => `\\u00${hexOf(byte)}`).join(''))],
  ]);
  for (const [name, text] of base64sOf(value)) forms.set(name, Buffer.from(text));
  const text = value.toString('utf8');
  if (Buffer.from(text).equals(value)) {
    forms.set('URL-encoded', Buffer.from(encodeURIComponent(text)));
    forms.set('in a JSON string', Buffer.from(JSON.stringify(text).slice(1, -1)));
  }
  return forms;
}

/** What stays the same of the base64 of anything that holds the value, at each of the three alignments. */
function base64sOf(value: Buffer): [string, string][] {
  return [0, 1, 2].flatMap((before): [string, string][] => {
    const padded = Buffer.concat([Buffer.alloc(before), value]);
    const isCut = padded.length % 3 !== 0;
    const whole = padded.toString('base64').replaceAll('=', '');
    const text = whole.slice(before === 0 ? 0 : before + 1, isCut ? -1 : undefined);
    const url = text.replaceAll('+', '-').replaceAll('/', '_');
    return url === text
      ? [[`base64+${before}`, text]]
      : [
          [`base64+${before}`, text],
          [`base64url+${before}`, url],
        ];
  });
}

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

export function textCanary(name: string, text: string): Canary {
  return { name, value: Buffer.from(text.trim()) };
}

/** The part of a private key that must not be known: the scalar of an EC key, a prime of an RSA key. */
export function keyCanary(name: string, pem: string): Canary {
  const { d = '', p } = createPrivateKey(pem).export({ format: 'jwk' });
  return { name, value: Buffer.from(p ?? d, 'base64url') };
}
