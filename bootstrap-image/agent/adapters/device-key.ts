import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { Logger } from '../../../foundation/logger.ts';
import { messageOf } from '../../../foundation/errors.ts';
import { Secret } from '../../../foundation/secret.ts';
import { deviceIdOf } from '../../../join/protocol/device-id.ts';
import { selfSignedCertificate } from '../core/self-signed-certificate.ts';
import { writeDurably } from './durable-file.ts';
import { readText } from './read-file.ts';

const CURVE = 'prime256v1';

/** What the device is: its key, the certificate that carries it into TLS, and the id that follows from it. */
export interface DeviceIdentity {
  readonly deviceId: string;
  /** PKCS#8 PEM. */
  readonly privateKeyPem: Secret;
  readonly certificatePem: string;
}

/**
 * The device's identity from its key file; makes the key (P-256, mode 0600) when there is none. A file that holds no
 * such key is replaced: the device is a new one then, as after a re-flash.
 */
export async function loadOrMakeIdentity(keyPath: string, logger: Logger): Promise<DeviceIdentity> {
  const existing = await loadIdentity(keyPath, logger);
  if (existing !== undefined) return existing;
  const identity = makeIdentity();
  await writeDurably(keyPath, identity.privateKeyPem.reveal(), 0o600);
  logger.info({ deviceId: identity.deviceId }, 'made the device key');
  return identity;
}

/** A new P-256 key and what follows from it; nothing is written. */
export function makeIdentity(): DeviceIdentity {
  return identityOf(generateKeyPairSync('ec', { namedCurve: CURVE }).privateKey);
}

/** The identity from the key file, or undefined when there is no usable one. */
export async function loadIdentity(keyPath: string, logger: Logger): Promise<DeviceIdentity | undefined> {
  const pem = await readText(keyPath);
  if (pem === undefined) return undefined;
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve === CURVE) return identityOf(key);
    logger.warn({ keyPath }, 'the device key is not a P-256 key');
  } catch (error) {
    logger.warn({ keyPath, detail: messageOf(error) }, 'the device key cannot be read');
  }
  return undefined;
}

/** The id of a P-256 key by its certificate's DER SubjectPublicKeyInfo: a device's id, or an appliance's by its CA. */
export function idOfKey(publicKey: KeyObject): string {
  return deviceIdOf(sha256(spkiOf(publicKey)));
}

function identityOf(privateKey: KeyObject): DeviceIdentity {
  const spki = spkiOf(createPublicKey(privateKey));
  const deviceId = deviceIdOf(sha256(spki));
  // Positive and without a leading zero, as DER wants an INTEGER.
  const serial = sha256(spki).subarray(0, 8);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const certificate = selfSignedCertificate({ commonName: deviceId, spki, serial }, (tbsCertificate) =>
    sign('sha256', tbsCertificate, privateKey),
  );
  return { deviceId, privateKeyPem: new Secret(pemOf(privateKey)), certificatePem: certificatePem(certificate) };
}

function spkiOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function pemOf(privateKey: KeyObject): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function certificatePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
