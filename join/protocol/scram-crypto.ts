import type { Bytes, ScramCrypto } from './scram.ts';

/** Bytes that each hash gives. */
const HASH_BYTES = { 'SHA-256': 32, 'SHA-1': 20 } as const;

/**
 * The primitives of SCRAM by Web Crypto, which works off the main thread; SCRAM-SHA-256 unless `hash` says otherwise.
 * @param isEqual compares two texts of one length in a time that depends on that length only
 */
export function scramCrypto(isEqual: ScramCrypto['isEqual'], hash: keyof typeof HASH_BYTES = 'SHA-256'): ScramCrypto {
  const { subtle } = crypto;
  return {
    isEqual,
    hash: async (data) => new Uint8Array(await subtle.digest(hash, data)),
    async hmac(key, data) {
      const imported = await subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign']);
      return new Uint8Array(await subtle.sign('HMAC', imported, data));
    },
    async derive(password, salt, iterations): Promise<Bytes> {
      const bytes = new TextEncoder().encode(password.reveal());
      const imported = await subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveBits']);
      const bits = await subtle.deriveBits({ name: 'PBKDF2', hash, salt, iterations }, imported, 8 * HASH_BYTES[hash]);
      return new Uint8Array(bits);
    },
  };
}
