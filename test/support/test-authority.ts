import 'reflect-metadata';
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { UsherError } from '../../foundation/errors.ts';

/** Certificate and key, both PEM. */
export interface Pair {
  cert: string;
  key: string;
}

export interface Order {
  names?: readonly string[];
  isAuthority?: true;
  usages?: string[];
  notBefore?: Date;
  notAfter?: Date;
  /** Who signs; default it signs itself. */
  issuer?: Pair;
}

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

/** A certificate as anybody's authority could issue it. */
export async function issue(subject: string, order: Order = {}): Promise<Pair> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = order.issuer === undefined ? privateKey : createPrivateKey(order.issuer.key);
  const algorithm = signer.asymmetricKeyType === 'rsa' ? RSA : EC;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${subject}`,
    issuer: order.issuer === undefined ? `CN=${subject}` : issuerName(order.issuer.cert),
    notBefore: order.notBefore ?? new Date(Date.now() - 3_600_000),
    notAfter: order.notAfter ?? new Date(Date.now() + 86_400_000),
    publicKey: cryptoKey(createPublicKey(privateKey), EC, 'verify'),
    signingKey: cryptoKey(signer, algorithm, 'sign'),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(order.isAuthority === true, undefined, true),
      ...(order.usages === undefined ? [] : [new x509.ExtendedKeyUsageExtension(order.usages)]),
      ...(order.names === undefined ? [] : [new x509.SubjectAlternativeNameExtension(order.names.map(generalName))]),
    ],
  });
  return { cert: `${certificate.toString('pem').trimEnd()}\n`, key };
}

function issuerName(pem: string): string {
  const { subject } = new x509.X509Certificate(pem);
  if (new X509Certificate(pem).ca) return subject;
  throw new UsherError('INTERNAL', { detail: `${subject} is no authority` });
}

function generalName(value: string): { type: 'dns' | 'ip'; value: string } {
  return { type: isIP(value) === 0 ? 'dns' : 'ip', value };
}

function cryptoKey(
  key: KeyObject,
  algorithm: typeof EC | typeof RSA,
  usage: 'sign' | 'verify',
): ReturnType<KeyObject['toCryptoKey']> {
  return key.toCryptoKey(algorithm, usage === 'verify', [usage]);
}
