import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { UsherError } from '../../foundation/errors.ts';
import { deviceIdOf } from '../protocol/device-id.ts';

/** Who is at the other end: the key that TLS has proved, and what follows from it. */
export interface DeviceIdentity {
  deviceId: string;
  publicKeyPem: string;
  /** SHA-256 of the DER SubjectPublicKeyInfo, lower-case hex. */
  keyFingerprint: string;
}

/** Finds out, once per connection, whose key is at the other end. */
export class Identities {
  readonly #known = new WeakMap<TLSSocket, DeviceIdentity>();

  /**
   * Issuer, dates and names of the certificate mean nothing here: TLS 1.3 has proved possession of the key, and the
   * key is the device.
   * @throws UsherError DEVICE_KEY_UNSUITABLE without a certificate, or when its key is not on P-256
   */
  of(socket: TLSSocket): DeviceIdentity {
    const known = this.#known.get(socket);
    if (known !== undefined) return known;
    const identity = identityOf(socket.getPeerX509Certificate());
    this.#known.set(socket, identity);
    return identity;
  }
}

function identityOf(certificate: X509Certificate | undefined): DeviceIdentity {
  const key = certificate === undefined ? undefined : publicKeyOf(certificate);
  if (key?.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new UsherError('DEVICE_KEY_UNSUITABLE');
  }
  const hash = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
  return {
    deviceId: deviceIdOf(hash),
    publicKeyPem: key.export({ type: 'spki', format: 'pem' }).toString(),
    keyFingerprint: hash.toString('hex'),
  };
}

/** Reading the key throws for algorithms that the TLS library carries but cannot use. */
function publicKeyOf(certificate: X509Certificate): KeyObject {
  try {
    return certificate.publicKey;
  } catch (error) {
    throw new UsherError('DEVICE_KEY_UNSUITABLE', {}, { cause: error });
  }
}
