import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** CBOR (RFC 8949), as far as attestation needs it: integers, byte and text strings, maps. */
type Cbor = number | string | Uint8Array | Map<number | string, Cbor>;

const UP_UV = 0b101;
const ATTESTED = 0b0100_0000;

/** A passkey in software, with user verification: what a phone would answer to WebAuthn (level 3), in a test. */
export class SoftwareAuthenticator {
  readonly #key: KeyObject;
  readonly #point: Uint8Array;
  readonly id = randomBytes(16);
  counter: number;

  /** @param counter 0 for one that counts nothing */
  constructor(counter = 0) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    this.#point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-64);
    this.counter = counter;
  }

  /** What navigator.credentials.create() would give. */
  create(challenge: string, place: { host: string; origin: string }): Record<string, unknown> {
    const cose: Cbor = new Map<number, Cbor>([
      ...([
        [1, 2],
        [3, -7],
        [-1, 1],
      ] as [number, Cbor][]),
      [-2, this.#point.subarray(0, 32)],
      [-3, this.#point.subarray(32)],
    ]);
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, cbor(cose)]);
    const authData = Buffer.concat([this.#data(place.host, UP_UV | ATTESTED), attested]);
    const attestationObject = cbor(
      new Map<string, Cbor>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    );
    return this.#credential({
      clientDataJSON: clientData('webauthn.create', challenge, place.origin).toString('base64url'),
      attestationObject: Buffer.from(attestationObject).toString('base64url'),
    });
  }

  /** What navigator.credentials.get() would give. */
  get(
    challenge: string,
    place: { host: string; origin: string },
    options: { verified?: false } = {},
  ): Record<string, unknown> {
    if (this.counter > 0) this.counter += 1;
    const authenticatorData = this.#data(place.host, options.verified === false ? 0b001 : UP_UV);
    const client = clientData('webauthn.get', challenge, place.origin);
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(client).digest()]);
    return this.#credential({
      clientDataJSON: client.toString('base64url'),
      authenticatorData: authenticatorData.toString('base64url'),
      signature: sign('sha256', signed, this.#key).toString('base64url'),
    });
  }

  #data(host: string, flags: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    return Buffer.concat([createHash('sha256').update(host).digest(), Buffer.from([flags]), counter]);
  }

  #credential(response: Record<string, string>): Record<string, unknown> {
    const id = this.id.toString('base64url');
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response };
  }
}

function clientData(type: string, challenge: string, origin: string): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
}

function cbor(value: Cbor): Uint8Array {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([name, member]) => [cbor(name), cbor(member)])]);
}

function head(major: number, count: number): Uint8Array {
  if (count < 24) return Buffer.from([(major << 5) | count]);
  if (count < 256) return Buffer.from([(major << 5) | 24, count]);
  return Buffer.from([(major << 5) | 25, count >> 8, count & 255]);
}
