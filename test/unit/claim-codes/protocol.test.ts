import { timingSafeEqual } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../foundation/secret.ts';
import { claimCodeUrl, newClaimCode, parseClaimCode, typedClaimCode } from '../../../join/protocol/claim-code.ts';
import {
  answerFinal,
  clientFinal,
  clientFirst,
  computeFinal,
  isBoundToTls,
  isServerProven,
  parseClientFirst,
  serverFirst,
  tlsExporter,
  verifierOf,
} from '../../../join/protocol/scram.ts';
import { scramCrypto } from '../../../join/protocol/scram-crypto.ts';

const CRYPTO = scramCrypto(timingSafeEqual);
const UNBOUND = { header: 'n,,', data: new Uint8Array(0) };
const base64 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64'));

/** The examples of RFC 5802 section 5 and RFC 7677 section 3: user `user`, password `pencil`, 4096 iterations. */
const VECTORS = [
  {
    rfc: 'RFC 5802',
    hash: 'SHA-1',
    clientNonce: 'fyko+d2lbbFgONRv9qkxdawL',
    serverNonce: '3rfcNHYJY1ZVvWVs7j',
    salt: 'QSXCR+Q6sek8bf92',
    proof: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    signature: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    rfc: 'RFC 7677',
    hash: 'SHA-256',
    clientNonce: 'rOprNGfwEbeRWgbNEkqO',
    serverNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    proof: 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    signature: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
] as const;

describe.each(VECTORS)('the example of $rfc', ({ hash, clientNonce, serverNonce, salt, proof, signature }) => {
  const crypto = scramCrypto(timingSafeEqual, hash);
  const password = new Secret('pencil');
  const first = clientFirst('n,,', 'user', clientNonce);

  it('is what the client says', async () => {
    expect(first.text).toBe(`n,,n=user,r=${clientNonce}`);
    const said = `r=${clientNonce}${serverNonce},s=${salt},i=4096`;
    const nonce = clientNonce + serverNonce;
    const exchange = { password, binding: UNBOUND, first, serverFirst: said, nonce, salt: base64(salt), rounds: 4096 };
    const final = await computeFinal(crypto, exchange);
    expect(final).toEqual({ text: proof, serverFinal: signature });
    // Our own clients accept no so few iterations.
    expect(await clientFinal(crypto, exchange)).toEqual({ failure: 'other-error' });
  });

  it('is what the server says', async () => {
    const verifier = await verifierOf(crypto, password, base64(salt), 4096);
    const parsed = parseClientFirst(first.text);
    if (parsed === undefined) throw new TypeError('not parsed');
    const said = serverFirst(parsed, verifier, serverNonce);
    expect(said).toBe(`r=${clientNonce}${serverNonce},s=${salt},i=4096`);
    const exchange = { first: parsed, serverFirst: said, binding: UNBOUND, verifier };
    expect(await answerFinal(crypto, { ...exchange, text: proof })).toEqual({ text: signature });
    const wrong = proof.replace(/p=./, 'p=A');
    expect(await answerFinal(crypto, { ...exchange, text: wrong })).toEqual({ failure: 'invalid-proof' });
  });
});

describe('an exchange bound to its TLS connection', () => {
  const binding = tlsExporter(new Uint8Array(32).fill(7));
  const password = new Secret('K7QF2M9XTR4C8WHD');
  const nonce = 'c'.repeat(24);

  async function exchange(options: {
    said?: string;
    entered?: Secret;
    theirs?: typeof binding;
  }): Promise<{ outcome: unknown; proven: boolean }> {
    const first = clientFirst(binding.header, 'k4t7m2', nonce);
    const verifier = await verifierOf(CRYPTO, options.entered ?? password, new Uint8Array(16).fill(1));
    const said = serverFirst(first, verifier, 's'.repeat(24));
    const final = await clientFinal(CRYPTO, { password, binding, first, serverFirst: options.said ?? said });
    if ('failure' in final) return { outcome: final, proven: false };
    const theirs = options.theirs ?? binding;
    const outcome = await answerFinal(CRYPTO, {
      first,
      serverFirst: said,
      binding: theirs,
      verifier,
      text: final.text,
    });
    return { outcome, proven: 'text' in outcome && isServerProven(CRYPTO, outcome.text, final.serverFinal) };
  }

  it('proves both sides to each other', async () => {
    expect(await exchange({})).toMatchObject({ proven: true });
  });

  it('fails for another code, and for another connection', async () => {
    expect(await exchange({ entered: new Secret('K7QF2M9XTR4C8WHE') })).toMatchObject({
      outcome: { failure: 'invalid-proof' },
    });
    expect(await exchange({ theirs: tlsExporter(new Uint8Array(32).fill(8)) })).toMatchObject({
      outcome: { failure: 'channel-bindings-dont-match' },
    });
  });

  it.each([
    ['too few iterations', `r=${nonce}${'s'.repeat(24)},s=AQEBAQEBAQEBAQEBAQEBAQ==,i=4096`],
    ['so many that a Pi would be busy for minutes', `r=${nonce}${'s'.repeat(24)},s=AQEB,i=100000000`],
    ['a nonce that is not ours', `r=${'x'.repeat(48)},s=AQEB,i=100000`],
    ['our nonce alone', `r=${nonce},s=AQEB,i=100000`],
    ['a demand that no client knows', `m=x,r=${nonce}${'s'.repeat(24)},s=AQEB,i=100000`],
  ])('is ended by the client after %s', async (_what, said) => {
    expect(await exchange({ said })).toMatchObject({ outcome: { failure: 'other-error' } });
  });

  it('takes no other server for a proven one', () => {
    expect(isServerProven(CRYPTO, 'v=AAAA', 'v=AAAB')).toBe(false);
    expect(isServerProven(CRYPTO, 'e=other-error', 'v=AAAB')).toBe(false);
    expect(isServerProven(CRYPTO, '', '')).toBe(false);
  });

  it('knows a client that is not bound', () => {
    for (const text of ['n,,n=user,r=abcdefgh', 'y,,n=user,r=abcdefgh', 'p=tls-unique,,n=user,r=abcdefgh']) {
      const parsed = parseClientFirst(text);
      expect(parsed === undefined || isBoundToTls(parsed)).toBe(false);
    }
    expect(parseClientFirst('p=tls-exporter,a=root,n=user,r=abcdefgh')).toBeUndefined();
  });
});

describe('a claim code', () => {
  const id = 'qk4t7m00000000000000000000';
  const code = new Secret('K7QF2M9XTR4C8WHD');
  const url = 'https://usher.local/c#1.qk4t7m00000000000000000000.K7QF2M9XTR4C8WHD';

  it('has 80 random bits', () => {
    const made = newClaimCode({ bytes: (count) => new Uint8Array(count).fill(255) });
    expect(made.reveal()).toBe('Z'.repeat(16));
  });

  it('is shown in two ways', () => {
    expect(typedClaimCode(id, code)).toBe('QK4T7M-K7QF-2M9X-TR4C-8WHD');
    expect(claimCodeUrl('https://usher.local/', id, code)).toBe(url);
  });

  it.each([
    ['the URL of a QR code', url, id],
    ['the URL with another host', url.replace('usher.local', '192.168.8.1:8443'), id],
    ['its fragment', `1.${id}.K7QF2M9XTR4C8WHD`, id],
    ['the typed form', 'QK4T7M-K7QF-2M9X-TR4C-8WHD', 'qk4t7m'],
    ['the typed form as people type it', ' qk4t7m k7qf 2m9x tr4c 8whd ', 'qk4t7m'],
    ['the typed form with a longer id', 'QK4T7M0000-K7QF-2M9X-TR4C-8WHD', 'qk4t7m0000'],
    ['the code alone', 'k7qf2m9xtr4c8whd', ''],
  ])('is read from %s', (_what, text, device) => {
    const entered = parseClaimCode(text);
    expect([entered.device, entered.code.reveal()]).toEqual([device, code.reveal()]);
  });

  it('is read with the letters that look like digits', () => {
    expect(parseClaimCode('OIL0-oil1-0000-0000').code.reveal()).toBe('0110011100000000'.slice(0, 16));
  });

  it.each([
    '',
    'K7QF',
    'UUUUUUUUUUUUUUUU',
    `2.${id}.K7QF2M9XTR4C8WHD`,
    `1.${id}`,
    `1.short.K7QF2M9XTR4C8WHD`,
    'é'.repeat(16),
    'x'.repeat(600),
    `ABC-K7QF-2M9X-TR4C-8WHD`,
  ])('is not read from %j', (text) => {
    expect(() => parseClaimCode(text)).toThrow(expect.objectContaining({ code: 'CLAIM_CODE_INVALID' }) as Error);
  });
});
