import { describe, expect, it } from 'vitest';
import { Secret } from '../../../foundation/secret.ts';
import { joinTokenOf, makeBootstrapToken } from '../../../k8s/bootstrap-token.ts';
import { hashNodePassword, verifyNodePassword } from '../../../k8s/node-password.ts';

describe('node passwords', () => {
  const password = new Secret('0123456789abcdef0123456789abcdef');
  // Made by a program that a real k3s accepted hashes of.
  const byK3s =
    '$1:0102030405060708:15:8:1:2cSwgYn/R4hnWUwERE+RDVSUkKXCbOz4SAjWskR52+8nVeC4z5cDO6Nt2AA01H+YBhLQlqT4Rx/VCgy3LEwC9w';
  // Made with hashlib.scrypt of Python.
  const byUsher =
    '$1:0102030405060708:10:8:1:KR4SrecvNRFNwptTD+PZM6JtGf4oFVqWPk5JACPltRTosU2t90yflKofIPcXzun9RtFuFufSbM+wQvH+syyvjQ';

  it('are hashed in the form of k3s, at a cost of their own', async () => {
    expect(await hashNodePassword(password, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toBe(byUsher);
  });

  it.each([
    ['the right one, hashed by Usher', password, byUsher, true],
    ['the right one, hashed by k3s', password, byK3s, true],
    ['another password', new Secret('x'), byUsher, false],
    ['another hash', password, byK3s.replace(/.$/, 'A'), false],
    ['a cost that neither uses', password, byK3s.replace('15:8:1', '14:8:1'), false],
    ['another form of hash', password, byUsher.replace('10:8:1', '10:9:1'), false],
    ['no hash', password, '', false],
  ])('are verified: %s', async (_what, given, against, expected) => {
    expect(await verifyNodePassword(given, against)).toBe(expected);
  });
});

describe('bootstrap tokens', () => {
  it('are drawn evenly, and hand their secret only to who asks for it', () => {
    let next = 250;
    const random = { bytes: (count: number) => Uint8Array.from({ length: count }, () => next++ % 256) };
    const token = makeBootstrapToken(random);
    // 250 and 251 are `9` and `8` from the end of the alphabet; 252 to 255 are thrown away.
    expect(token.id).toBe('89abcd');
    expect(token.secret.reveal()).toMatch(/^[a-z0-9]{16}$/);
    expect(String(joinTokenOf('ab'.repeat(32), token))).toBe('***');
    expect(joinTokenOf('ab'.repeat(32), token).reveal()).toBe(`K10${'ab'.repeat(32)}::89abcd.${token.secret.reveal()}`);
  });
});
