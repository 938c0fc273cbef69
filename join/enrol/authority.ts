import 'reflect-metadata';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { isUsherError, UsherError } from '../../foundation/errors.ts';
import { systemRandom, type Random } from '../../foundation/random.ts';
import { Secret } from '../../foundation/secret.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { MANAGED_BY, SECRET, USHER_NAMESPACE, type KubeSecret } from '../../k8s/core/resources.ts';
import { deviceIdOf } from '../protocol/device-id.ts';
import { REGISTRAR_NAME } from '../protocol/messages.ts';

/** Name of the Secret that holds the enrolment CA. */
const CA_SECRET = { name: 'enrolment-ca', namespace: USHER_NAMESPACE };
const CERTIFICATE = 'ca.crt';
const PRIVATE_KEY = 'ca.key';

// A Pi has no clock of its own, so the dates must hold for whatever it believes: from before any card was written to
// "no well-defined expiration" (RFC 5280 section 4.1.2.5).
const NOT_BEFORE = new Date('2020-01-01T00:00:00Z');
const NOT_AFTER = new Date('9999-12-31T23:59:59Z');
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' };
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };

/** Certificate and key for the enrol listener, both PEM. */
export interface ServerCredentials {
  cert: string;
  key: Secret;
}

/** The site's own CA for enrolment: cards pin it, so it is made once and never the k3s CA. */
export interface EnrolAuthority {
  /** Same form as a device id, of the CA's key: what mDNS announces and people compare. */
  readonly applianceId: string;
  /** The CA certificate that cards carry. */
  readonly caPem: string;
  /** A new leaf for {@link REGISTRAR_NAME}; its key lives in memory only, since devices pin the CA and not the leaf. */
  serverCredentials(): Promise<ServerCredentials>;
}

interface KeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/**
 * The enrolment CA of this site, made at the first start. Appliances that start at once agree on one: whoever creates
 * the Secret first wins, the others read it.
 * @throws UsherError ENROL_CA_INVALID when the stored one cannot be used (it is never replaced: cards pin it), KUBE_*
 */
export async function loadOrCreateAuthority(kube: KubeClient, random: Random = systemRandom): Promise<EnrolAuthority> {
  const stored = await kube.get(SECRET, CA_SECRET);
  if (stored !== undefined) return authorityOf(stored, random);
  try {
    return authorityOf(await kube.create(SECRET, await newCaSecret(random)), random);
  } catch (error) {
    if (!isUsherError(error, 'KUBE_ALREADY_EXISTS')) throw error;
    const theirs = await kube.get(SECRET, CA_SECRET);
    if (theirs === undefined) throw error;
    return authorityOf(theirs, random);
  }
}

async function newCaSecret(random: Random): Promise<KubeSecret> {
  const keys = newKeyPair();
  const caPem = await certify({
    subject: 'CN=Usher enrolment CA',
    issuer: 'CN=Usher enrolment CA',
    publicKey: keys.publicKey,
    signer: keys,
    random,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...CA_SECRET, labels: { ...MANAGED_BY } },
    type: 'Opaque',
    immutable: true,
    data: { [CERTIFICATE]: base64(caPem), [PRIVATE_KEY]: base64(pemOf(keys.privateKey)) },
  };
}

function authorityOf(secret: KubeSecret, random: Random): EnrolAuthority {
  const { ca, privateKey } = parseCa(secret);
  const spki = ca.publicKey.export({ type: 'spki', format: 'der' });
  return {
    applianceId: deviceIdOf(createHash('sha256').update(spki).digest()),
    caPem: ca.toString(),
    async serverCredentials() {
      const leaf = newKeyPair();
      const cert = await certify({
        subject: `CN=${REGISTRAR_NAME}`,
        issuer: 'CN=Usher enrolment CA',
        publicKey: leaf.publicKey,
        signer: { privateKey, publicKey: ca.publicKey },
        random,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension([
            { type: 'dns', value: REGISTRAR_NAME },
            // The master's own k3s pulls images here.
            { type: 'dns', value: 'localhost' },
          ]),
        ],
      });
      return { cert, key: new Secret(pemOf(leaf.privateKey)) };
    },
  };
}

function parseCa(secret: KubeSecret): { ca: X509Certificate; privateKey: KeyObject } {
  const read = (field: string): string => Buffer.from(secret.data?.[field] ?? '', 'base64').toString();
  try {
    const ca = new X509Certificate(read(CERTIFICATE));
    const privateKey = createPrivateKey(read(PRIVATE_KEY));
    if (!ca.ca || !ca.checkPrivateKey(privateKey)) {
      throw new UsherError('ENROL_CA_INVALID', { detail: 'certificate and key do not belong together' });
    }
    return { ca, privateKey };
  } catch (error) {
    if (isUsherError(error)) throw error;
    // The parser's message is not passed on: it could quote what it read.
    throw new UsherError('ENROL_CA_INVALID', { detail: 'certificate or key cannot be read' }, { cause: error });
  }
}

interface CertificateOrder {
  subject: string;
  issuer: string;
  publicKey: KeyObject;
  signer: KeyPair;
  random: Random;
  extensions: x509.Extension[];
}

/** A certificate in PEM, with key identifiers so that chains are found by key (RFC 5280 sections 4.2.1.1, 4.2.1.2). */
async function certify({ subject, issuer, publicKey, signer, random, extensions }: CertificateOrder): Promise<string> {
  const key = publicKey.toCryptoKey(KEY_ALGORITHM, true, ['verify']);
  const signerKey = signer.publicKey.toCryptoKey(KEY_ALGORITHM, true, ['verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(random),
    subject,
    issuer,
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    publicKey: key,
    signingKey: signer.privateKey.toCryptoKey(KEY_ALGORITHM, false, ['sign']),
    signingAlgorithm: SIGNING,
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(key),
      await x509.AuthorityKeyIdentifierExtension.create(signerKey),
    ],
  });
  return `${certificate.toString('pem').trimEnd()}\n`;
}

/** 126 random bits, positive and without a leading zero byte (RFC 5280 section 4.1.2.2), as hex. */
function serialNumber(random: Random): string {
  const bytes = Uint8Array.from(random.bytes(16), (byte, index) => (index === 0 ? (byte & 0x3f) | 0x40 : byte));
  return Buffer.from(bytes).toString('hex');
}

function newKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

function pemOf(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
