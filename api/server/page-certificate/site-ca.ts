import { createPrivateKey, generateKeyPair, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import forge from 'node-forge';
import type { Clock } from '../../../foundation/clock.ts';
import { hasErrno, messageOf, UsherError } from '../../../foundation/errors.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { Random } from '../../../foundation/random.ts';
import { Secret } from '../../../foundation/secret.ts';
import { writePrivateFile } from '../../../k8s/k3s/private-file.ts';
import {
  constraintsExtension,
  constraintsFor,
  constraintsOf,
  isPermitted,
  type NameConstraints,
} from './name-constraints.ts';

// RSA, because some phones and older browsers still refuse other keys in a private authority. This authority is for
// the operators' page alone: the devices' authority is another one (join/enrol), k3s has its own, and neither sees this.

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

export interface SiteCaOptions {
  /** Folder of its own for keys and certificates; made when it is not there. */
  dir: string;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** What a TLS server takes: its key, and its certificate followed by what it was issued by. */
export interface ServerIdentity {
  key: Secret;
  cert: string;
}

interface KeyAndCertificate {
  key: string;
  cert: string;
}

/**
 * An authority of the site's own for the operators' page, which people and administrators tell their systems to trust,
 * and the server certificate that it issues. It can sign for private names and addresses only, so that trusting it gives
 * nobody who steals its key any other site. Kept in files of mode 0600.
 */
export class SiteCa {
  /** SHA-256 of the authority's certificate (DER), lower-case hex: what people compare. */
  readonly fingerprint: string;
  readonly caPem: string;
  readonly #options: SiteCaOptions;
  readonly #ca: KeyAndCertificate;
  readonly #constraints: NameConstraints | undefined;
  #leaf: KeyAndCertificate | undefined;
  #leftOut = '';

  private constructor(options: SiteCaOptions, ca: KeyAndCertificate, leaf: KeyAndCertificate | undefined) {
    this.#options = options;
    this.#ca = ca;
    this.#leaf = leaf;
    this.#constraints = constraintsOf(forge.pki.certificateFromPem(ca.cert));
    this.caPem = ca.cert;
    this.fingerprint = new X509Certificate(ca.cert).fingerprint256.replaceAll(':', '').toLowerCase();
  }

  /**
   * Reads what is there, and makes an authority when there is none.
   * @param names by which the page is called now: a new authority may sign for them even where they are not private
   * @throws UsherError PAGE_CERTIFICATE_FAILED
   */
  static async open(options: SiteCaOptions, names: readonly string[]): Promise<SiteCa> {
    return translated(async () => {
      await mkdir(options.dir, { recursive: true, mode: 0o700 });
      let ca = await readPair(options.dir, 'ca');
      if (ca === undefined || !isUsable(ca, options.clock.nowMs())) {
        options.logger.warn(
          { dir: options.dir },
          'making a new authority for the page: browsers must be told to trust it',
        );
        ca = await makeAuthority(options, constraintsFor(names));
        await writePair(options.dir, 'ca', ca);
      }
      return new SiteCa(options, ca, await readPair(options.dir, 'page'));
    });
  }

  /**
   * A certificate valid now for all `names` (addresses and host names) that the authority may sign for. The same one as
   * long as it serves.
   * @throws UsherError PAGE_CERTIFICATE_FAILED
   */
  async forNames(names: readonly string[]): Promise<ServerIdentity> {
    const permitted = this.#permitted(names);
    const leaf = this.#leaf;
    if (leaf !== undefined && this.#serves(leaf, permitted)) return this.#identity(leaf);
    return translated(async () => {
      const made = await makeLeaf(this.#options, this.#ca, permitted);
      await writePair(this.#options.dir, 'page', made);
      this.#leaf = made;
      this.#options.logger.info({ names: permitted }, 'made a new certificate for the page');
      return this.#identity(made);
    });
  }

  #identity(leaf: KeyAndCertificate): ServerIdentity {
    return { key: new Secret(leaf.key), cert: leaf.cert + this.#ca.cert };
  }

  #permitted(names: readonly string[]): readonly string[] {
    const constraints = this.#constraints;
    if (constraints === undefined) return names;
    const leftOut = names.filter((name) => !isPermitted(constraints, name));
    if (leftOut.join() !== this.#leftOut && leftOut.length > 0) {
      const { code, message, remedy } = new UsherError('PAGE_NAME_NOT_COVERED', { names: leftOut.join(', ') });
      this.#options.logger.warn({ code, remedy }, message);
    }
    this.#leftOut = leftOut.join();
    return names.filter((name) => !leftOut.includes(name));
  }

  #serves(leaf: KeyAndCertificate, names: readonly string[]): boolean {
    if (!isUsable(leaf, this.#options.clock.nowMs())) return false;
    const certificate = new X509Certificate(leaf.cert);
    const ca = new X509Certificate(this.#ca.cert);
    if (!certificate.checkIssued(ca) || !certificate.verify(ca.publicKey)) return false;
    return names.every((name) => covers(certificate, name));
  }
}

/** Whether the certificate names this host name or address. */
export function covers(certificate: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
}

async function makeAuthority(options: SiteCaOptions, constraints: NameConstraints): Promise<KeyAndCertificate> {
  const keys = await makeKeys();
  const subject = [{ name: 'commonName', value: `Usher site CA ${hex(options.random.bytes(3))}` }];
  const certificate = blankCertificate(options, keys.publicKey, CA_DAYS);
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    // The constraints bound names and addresses of hosts only: without this it could sign programs and mail.
    { name: 'extKeyUsage', serverAuth: true },
    constraintsExtension(constraints),
    { name: 'subjectKeyIdentifier' },
  ]);
  return sign(certificate, keys.privateKey, keys.privateKey);
}

async function makeLeaf(
  options: SiteCaOptions,
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

function blankCertificate(options: SiteCaOptions, publicKey: string, days: number): forge.pki.Certificate {
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
    if (hasErrno(error, 'ENOENT')) return undefined;
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
