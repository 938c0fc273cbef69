/** DER tags (ITU-T X.690). */
const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const EXPLICIT_0 = 0xa0;

const COMMON_NAME = Uint8Array.of(0x55, 0x04, 0x03);
const ECDSA_WITH_SHA256 = Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);

export interface CertificateContent {
  /** Subject and issuer common name, ASCII. */
  readonly commonName: string;
  /** DER SubjectPublicKeyInfo of a P-256 key. */
  readonly spki: Uint8Array;
  /** Positive serial number, at most 20 bytes, first bit 0 and first byte not 0. */
  readonly serial: Uint8Array;
}

/**
 * A self-signed X.509 v3 certificate (RFC 5280 §4.1), DER. Its dates mean nothing: 2020 to the year 9999, which RFC 5280
 * §4.1.2.5 reserves for "no well-defined expiration"; a device has no clock to trust them by.
 * @param sign ECDSA with SHA-256 over the given bytes, as a DER signature
 */
export function selfSignedCertificate(
  content: CertificateContent,
  sign: (tbsCertificate: Uint8Array) => Uint8Array,
): Uint8Array {
  const algorithm = der(SEQUENCE, der(OBJECT_ID, ECDSA_WITH_SHA256));
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, der(OBJECT_ID, COMMON_NAME), der(UTF8_STRING, ascii(content.commonName)))),
  );
  const validity = der(
    SEQUENCE,
    der(UTC_TIME, ascii('200101000000Z')),
    der(GENERALIZED_TIME, ascii('99991231235959Z')),
  );
  const version3 = der(EXPLICIT_0, der(INTEGER, Uint8Array.of(2)));
  const serial = der(INTEGER, content.serial);
  const tbsCertificate = der(SEQUENCE, version3, serial, algorithm, name, validity, name, content.spki);
  return der(SEQUENCE, tbsCertificate, algorithm, der(BIT_STRING, Uint8Array.of(0), sign(tbsCertificate)));
}

/** Tag, length, value; lengths up to 65,535 bytes. */
function der(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let offset = head.length;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
