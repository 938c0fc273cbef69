import { isIPv6 } from 'node:net';

/** What stands in the place of a secret. */
const HIDDEN = '***';

/** Forms that a secret has wherever it turns up, whoever wrote it down. */
const FORMS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  // k3s tokens: K10<hash of the CA>::<user>:<password> or ::<id>.<secret>
  /K10[0-9a-f]{64}::[^\s"'\\,]+/g,
  // Enrol tokens of Usher.
  /ush1\.[0-9a-z]{10}\.[0-9a-z]{26}/gi,
  // API tokens of Usher, and hashes of passwords.
  /usher_[0-9a-z]{8}_[0-9a-z]{32}/gi,
  /\$scrypt\$[\w=,]+\$[\w+/]+\$[\w+/]+/g,
  // API tokens of Usher, and hashes of passwords.
  /usher_[0-9a-z]{8}_[0-9a-z]{32}/gi,
  /\$scrypt\$[\w=,]+\$[\w+/]+\$[\w+/]+/g,
  // Bootstrap tokens of Kubernetes.
  /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g,
  // JSON Web Tokens.
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /(?<=\b(?:Bearer|Basic) )[\w.~+/=-]{8,}/gi,
  // The same keys in base64, as kubeconfigs have them; certificates look alike there.
  /\bLS0tLS1CRUdJTi[\w+/=]+/g,
  // user:password@ in URLs
  /(?<=:\/\/)[^\s/:@"']+:[^\s/@"']+(?=@)/g,
];
/**
 * Fields whose value is a secret, in JSON, YAML and `key=value`; also in JSON that stands within JSON, as in messages and
 * annotations, where each quote has backslashes before it.
 */
const FIELDS =
  /((?:\\*["'])?\b[\w-]*(?:token|password|passwd|passphrase|secret|authorization|cookie|csrf|api[_-]?key|private[_-]?key|client-key-data)(?:\\*["'])?\s*[:=]\s*)((?<escape>\\+)".*?(?<!\\)\k<escape>"|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;{}[\]]+)/gi;
/** The same as words of a command line, also as a list of them. */
const OPTIONS =
  /(--[\w-]*(?:token|password|passphrase|secret|api[_-]?key)(?:\s+|\\*["'],\s*\\*["']))[^\s"'\\,-][^\s"'\\,]*/gi;
/** Fields of that kind whose value is no secret: numbers, words for whether there is one, public ids, paths, names. */
const HARMLESS = /^(?:\d{1,10}|true|false|null|none|undefined|\\*["']?(?:\*\*\*|\/[\w./-]*)?\\*["']?)$/i;
const PUBLIC_FIELDS = /\btoken[_-]?ids?\b|-file["']?\s*[:=]/i;

/**
 * Text without secrets: exactly known ones, and whatever has the form of one. Rather too much is hidden than too little.
 * @param known values that must not appear, whatever form they have
 */
export function redact(text: string, known: readonly string[]): string {
  let clean = text;
  for (const secret of known) if (secret.length >= 8) clean = clean.replaceAll(secret, HIDDEN);
  for (const form of FORMS) clean = clean.replaceAll(form, HIDDEN);
  clean = clean.replaceAll(OPTIONS, `$1${HIDDEN}`);
  return clean.replaceAll(FIELDS, (whole: string, field: string, value: string) =>
    PUBLIC_FIELDS.test(field) || HARMLESS.test(value) ? whole : `${field}${quoted(value)}`,
  );
}

function quoted(value: string): string {
  const quote = /^\\*["']/.exec(value)?.[0] ?? '';
  return `${quote}${HIDDEN}${quote}`;
}

/** The kinds of names that can be taken out, in the order in which they are looked for. */
export interface KnownNames {
  readonly serials: readonly string[];
  readonly hosts: readonly string[];
}

const MAC = /\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b/gi;
const IPV4 = /\b(?:\d{1,3}\.){3}\d{1,3}\b/g;
const MAYBE_IPV6 = /(?<![\w:])[0-9a-f]*:[0-9a-f:]+(?![\w:])/gi;
/** What says nothing of anybody's site. */
const NOBODYS = /^(?:127\.\d+\.\d+\.\d+|0\.0\.0\.0|255\.255\.255\.255|ff:ff:ff:ff:ff:ff|00:00:00:00:00:00|::1?)$/i;

/**
 * Text with a pseudonym in the place of each serial number, MAC address, IP address and host name: the same for the same
 * thing wherever it stands, so that a fault can still be followed.
 * @param pseudonymOf a short word for a value, which must not be found out from it
 */
export function anonymise(text: string, names: KnownNames, pseudonymOf: (value: string) => string): string {
  const word = (kind: string) => (value: string) =>
    NOBODYS.test(value) ? value : `${kind}-${pseudonymOf(value.toLowerCase())}`;
  const address = word('ip');
  let clean = text
    .replaceAll(MAC, word('mac'))
    .replaceAll(MAYBE_IPV6, (found) => (isIPv6(found) ? address(found) : found))
    .replaceAll(IPV4, address);
  for (const [kind, values] of [
    ['serial', names.serials],
    ['host', names.hosts],
  ] as const) {
    // The longest first: one may be a part of another.
    for (const value of [...new Set(values)].filter((one) => one !== '').sort((a, b) => b.length - a.length)) {
      const whole = new RegExp(
        `(?:(?<!\\w)|(?<=\\\\[nrt]))${value.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\w)`,
        'gi',
      );
      clean = clean.replaceAll(whole, word(kind));
    }
  }
  return clean;
}
