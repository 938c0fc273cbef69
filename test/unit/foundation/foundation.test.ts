import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { normaliseCrockford, toCrockford } from '../../../foundation/crockford.ts';
import { CATALOGUE } from '../../../foundation/error-catalogue.ts';
import { asUsherError, isUsherError, UsherError } from '../../../foundation/errors.ts';
import { Secret } from '../../../foundation/secret.ts';
import { normaliseMac, printable } from '../../../foundation/text.ts';

const FAMILIES = join(import.meta.dirname, '../../../foundation/error-catalogue');

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it.each([
    ['String()', String(secret)],
    ['concatenation', 'x' + secret.toString()],
    ['JSON', JSON.stringify({ secret })],
    ['inspect', inspect({ secret }, { depth: 5, showHidden: true })],
  ])('does not show in %s', (_way, text) => {
    expect(text).not.toContain('hunter2');
    expect(text).toContain('***');
  });

  it('gives its value only to reveal', () => {
    expect(secret.reveal()).toBe('hunter2');
    expect(Object.values(secret)).toEqual([]);
  });
});

describe('UsherError', () => {
  it('fills message and remedy from the catalogue', () => {
    const error = new UsherError('RATE_LIMITED', { retryAfterSec: 7 });
    expect(error.remedy).toBe('Wait 7 seconds and try again.');
    expect(error.http).toBe(429);
  });

  it('keeps what was thrown as cause', () => {
    const cause = new TypeError('boom');
    const error = asUsherError(cause);
    expect(error.code).toBe('INTERNAL');
    expect(error.cause).toBe(cause);
    expect(asUsherError(error)).toBe(error);
  });

  it('is told apart by code', () => {
    const error: unknown = new UsherError('CLAIM_EXISTS', { name: 'a' });
    expect(isUsherError(error, 'CLAIM_EXISTS')).toBe(true);
    expect(isUsherError(error, 'CLAIM_UNKNOWN')).toBe(false);
  });

  it.each(Object.entries(CATALOGUE))('%s has a message, a remedy and a status', (code, entry) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/);
    expect(entry.message.length).toBeGreaterThan(5);
    expect(entry.remedy).toMatch(/[.}]$/);
    expect(entry.http).toBeGreaterThanOrEqual(400);
    expect(entry.http).toBeLessThan(600);
  });
});

describe('the families of the catalogue', () => {
  it('share no code, since the later one would hide the earlier', async () => {
    const files = await readdir(FAMILIES);
    const families = await Promise.all(
      files.map((file) => import(/* @vite-ignore */ join(FAMILIES, file)) as Promise<Record<string, object>>),
    );
    const codes = families.flatMap((family) => Object.values(family).flatMap((errors) => Object.keys(errors)));
    expect(codes.toSorted()).toEqual(Object.keys(CATALOGUE).toSorted());
  });
});

describe('Crockford base32', () => {
  it.each([
    ['', ''],
    ['00', '00'],
    ['ff', 'zw'],
    ['00443214c74254b635cf84653a56d7c6', '0123456789abcdefghjkmnpqrr'],
  ])('writes %s as %s', (hex, text) => {
    expect(toCrockford(Buffer.from(hex, 'hex'))).toBe(text);
  });

  it('reads what people type', () => {
    expect(normaliseCrockford(' K4T7-mOIl ')).toBe('k4t7m011');
  });
});

describe('text from the network', () => {
  it.each([
    ['a\u001b[2Jb', 63, 'a[2Jb'],
    ['\u202Eevil', 63, 'evil'],
    ['  padded\n', 63, 'padded'],
    ['ab\u{1F600}', 3, 'ab'],
    ['x'.repeat(100), 10, 'x'.repeat(10)],
  ])('%j cut to %i is %j', (text, length, expected) => {
    expect(printable(text, length)).toBe(expected);
  });

  it.each([
    ['B8-27-EB-C0-FF-EE', 'b8:27:eb:c0:ff:ee'],
    ['b8:27:eb:c0:ff', undefined],
    ['b8:27:eb:c0:ff:eg', undefined],
  ])('MAC %s is %s', (text, expected) => {
    expect(normaliseMac(text)).toBe(expected);
  });
});
