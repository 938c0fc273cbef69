import { createPrivateKey, generateKeyPair, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type { Clock } from '../../foundation/clock.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import { writePrivateFile } from '../../k8s/k3s/private-file.ts';

// RSA, because some phones and older browsers still refuse other keys in a private authority. This certificate is for
// the operators' page alone: the devices' authority is another one (join/enrol) and never sees this code.

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
/** Browsers refuse server certificates that live longer than 398 days. */
const LEAF_DAYS = 397;
const RENEW_BEFORE_MS = 30 * DAY_MS;
/** How far back a certificate's life begins: clocks of phones and of machines without RTC differ. */
const BACKDATE_MS = DAY_MS;
const RSA_BITS = 2048;
const SERIAL_BYTES = 16;
const DNS_NAME = 2;
const IP_ADDRESS = 7;

export interface PageCertificateOptions {
  /** Folder of its own for keys and certificates; made when it is not there. */
  dir: string;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** What a TLS server takes. `cert` holds the leaf and its authority. */
export interface PageTls {
  key: string;
  cert: string;
  /** The authority, for clients that pin it. */
  caPem: string;
}

interface KeyAndCertificate {
  key: string;
  cert: string;
}

/** The authority and the server certificate of the operators' page, kept in files of mode 0600. */
export class PageCertificate {
  readonly #options: PageCertificateOptions;
  readonly #ca: KeyAndCertificate;
  #leaf: KeyAndCertificate | undefined;

  private constructor(options: PageCertificateOptions, ca: KeyAndCertificate, leaf: KeyAndCertificate | undefined) {
    this.#options = options;
    this.#ca = ca;
    this.#leaf = leaf;
  }

  /** Reads what is there, and makes an authority when there is none. @throws UsherError PAGE_CERTIFICATE_FAILED */
  static async open(options: PageCertificateOptions): Promise<PageCertificate> {
    return translated(async () => {
      await mkdir(options.dir, { recursive: true, mode: 0o700 });
      let ca = await readPair(options.dir, 'ca');
      if (ca === undefined || !isUsable(ca, options.clock.nowMs())) {
        options.logger.info({ dir: options.dir }, 'making a new certificate authority for the page');
        ca = await makeAuthority(options);
        await writePair(options.dir, 'ca', ca);
      }
      return new PageCertificate(options, ca, await readPair(options.dir, 'page'));
    });
  }

  /**
   * A certificate valid now for all `names` (addresses and host names). Gives the same object as long as it serves.
   * @throws UsherError PAGE_CERTIFICATE_FAILED
   */
  async forNames(names: readonly string[]): Promise<PageTls> {
    const leaf = this.#leaf;
    if (leaf !== undefined && this.#serves(leaf, names)) return this.#tls(leaf);
    return translated(async () => {
      const made = await makeLeaf(this.#options, this.#ca, names);
      await writePair(this.#options.dir, 'page', made);
      this.#leaf = made;
      this.#options.logger.info({ names }, 'made a new certificate for the page');
      return this.#tls(made);
    });
  }

  #tls(leaf: KeyAndCertificate): PageTls {
    return { key: leaf.key, cert: leaf.cert + this.#ca.cert, caPem: this.#ca.cert };
  }

  #serves(leaf: KeyAndCertificate, names: readonly string[]): boolean {
    if (!isUsable(leaf, this.#options.clock.nowMs())) return false;
    const certificate = new X509Certificate(leaf.cert);
    const ca = new X509Certificate(this.#ca.cert);
    if (!certificate.checkIssued(ca) || !certificate.verify(ca.publicKey)) return false;
    return names.every((name) => {
      const covered = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name);
      return covered !== undefined;
    });
  }
}

async function makeAuthority(options: PageCertificateOptions): Promise<KeyAndCertificate> {
  const keys = await makeKeys();
  const subject = [{ name: 'commonName', value: `Usher page ${hex(options.random.bytes(3))}` }];
  const certificate = blankCertificate(options, keys.publicKey, CA_DAYS);
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return sign(certificate, keys.privateKey, keys.privateKey);
}

async function makeLeaf(
  options: PageCertificateOptions,
  ca: KeyAndCertificate,
  names: readonly string[],
): Promise<KeyAndCertificate> {
  const keys = await makeKeys();
  const issuer = forge.pki.certificateFromPem(ca.cert);
  const certificate = blankCertificate(options, keys.publicKey, LEAF_DAYS);
  certificate.setSubject([{ name: 'commonName', value: 'Usher' }]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: names.map(altName) },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ]);
  return sign(certificate, keys.privateKey, ca.key);
}

function altName(name: string): { type: number; value?: string; ip?: string } {
  return isIP(name) === 0 ? { type: DNS_NAME, value: name } : { type: IP_ADDRESS, ip: name };
}

/** Node's own generator works beside the event loop; node-forge's would hold it for a quarter of a second. */
async function makeKeys(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function blankCertificate(options: PageCertificateOptions, publicKey: string, days: number): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // RFC 5280, section 4.1.2.2: positive, so the highest bit stays clear.
  certificate.serialNumber = `01${hex(options.random.bytes(SERIAL_BYTES))}`;
  const fromMs = options.clock.nowMs() - BACKDATE_MS;
  certificate.validity.notBefore = new Date(fromMs);
  certificate.validity.notAfter = new Date(fromMs + days * DAY_MS);
  return certificate;
}

function sign(certificate: forge.pki.Certificate, key: string, signingKey: string): KeyAndCertificate {
  certificate.sign(forge.pki.privateKeyFromPem(signingKey), forge.md.sha256.create());
  return { key, cert: forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n') };
}

/** True when key and certificate belong together and the certificate is valid for a while yet. */
function isUsable({ key, cert }: KeyAndCertificate, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(cert);
    const lastMs = Date.parse(certificate.validTo) - RENEW_BEFORE_MS;
    const isTimely = Date.parse(certificate.validFrom) <= nowMs && nowMs < lastMs;
    return isTimely && certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    // A damaged file is as good as none: it is made anew.
    return false;
  }
}

async function readPair(dir: string, name: string): Promise<KeyAndCertificate | undefined> {
  try {
    const [key, cert] = await Promise.all([
      readFile(join(dir, `${name}.key`), 'utf8'),
      readFile(join(dir, `${name}.pem`), 'utf8'),
    ]);
    return { key, cert };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writePair(dir: string, name: string, { key, cert }: KeyAndCertificate): Promise<void> {
  // The key first: a crash between the two leaves a pair that does not fit, which the next start replaces.
  await writePrivateFile(join(dir, `${name}.key`), key);
  await writePrivateFile(join(dir, `${name}.pem`), cert);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new UsherError('PAGE_CERTIFICATE_FAILED', { detail: messageOf(error) }, { cause: error });
  }
}
