import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Logger } from '../../../foundation/logger.ts';
import { ApiFixture, codeOf } from '../../support/api-fixture.ts';

const api = new ApiFixture();
const logged: { fields: object; message: string }[] = [];
const logger: Logger = {
  debug: () => undefined,
  info: (fields, message) => void logged.push({ fields, message }),
  warn: (fields, message) => void logged.push({ fields, message }),
  error: (fields, message) => void logged.push({ fields, message }),
  child: () => logger,
};
beforeAll(() => api.start({ logger, allowHosts: ['Usher.Example'] }));
afterAll(() => api.stop());

describe('whose host it is', () => {
  it.each(['127.0.0.1:8443', 'localhost', '[::1]:8443', 'usher.local', 'usher.example:443', 'USHER.local.:1'])(
    '%s',
    async (host) => {
      expect((await api.call('/healthz', { headers: { host } })).status).toBe(200);
    },
  );
  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io', 'a@localhost', 'localhost/x'])(
    'not %j',
    async (host) => {
      const reply = await api.call('/healthz', { headers: { host } });
      expect([400, 421]).toContain(reply.status);
      expect(reply.text).not.toContain('"ok":true');
    },
  );
});

describe('who asks', () => {
  it.each([
    ['GET', '/api/v1/site'],
    ['GET', '/api/v1/devices'],
    ['GET', '/api/v1/devices/x'],
    ['POST', '/api/v1/devices/x/decision'],
    ['GET', '/api/v1/claims'],
    ['POST', '/api/v1/claims'],
    ['GET', '/api/v1/claims/x'],
    ['PATCH', '/api/v1/claims/x'],
    ['DELETE', '/api/v1/claims/x'],
    ['GET', '/api/v1/enrol-tokens'],
    ['POST', '/api/v1/enrol-tokens'],
    ['DELETE', '/api/v1/enrol-tokens/x'],
    ['GET', '/api/v1/events'],
    ['POST', '/api/v1/sign-in-codes'],
    ['DELETE', '/api/v1/session'],
  ])('%s %s needs an operator', async (method, path) => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { cookie: '__Host-usher=wrong' }]) {
      expect(codeOf(await api.call(path, { method, headers }))).toBe('SIGN_IN_NEEDED');
    }
  });

  it('signs in once with a code, by a cookie that no script and no other site gets', async () => {
    const code = api.server.newSignInCode().code.reveal();
    const signIn = () => api.call('/api/v1/session', { method: 'POST', body: { code } });
    const first = await signIn();
    expect(first.status).toBe(200);
    const cookie = String(first.headers['set-cookie']);
    expect(cookie).toMatch(/^__Host-usher=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
    expect(codeOf(await signIn())).toBe('SIGN_IN_FAILED');
    const session = await api.call('/api/v1/session', { headers: { cookie: cookie.split(';')[0] ?? '' } });
    expect(session.body).toEqual(first.body);
  });

  it('signs out', async () => {
    const headers = await api.signIn();
    expect((await api.call('/api/v1/site', { headers })).status).toBe(200);
    expect((await api.call('/api/v1/session', { method: 'DELETE', headers })).status).toBe(204);
    expect(codeOf(await api.call('/api/v1/site', { headers }))).toBe('SIGN_IN_NEEDED');
    expect((await api.call('/api/v1/session', { headers })).body).toEqual({ signedIn: false, ways: ['code'] });
  });

  it('makes sign-in codes for the API token only', async () => {
    const call = (headers: Record<string, string>) =>
      api.call('/api/v1/sign-in-codes', { method: 'POST', headers, body: {} });
    expect(codeOf(await call(await api.signIn()))).toBe('API_TOKEN_NEEDED');
    const made = await call(api.bearer);
    expect(made.status).toBe(201);
    const { code } = made.body as { code: string };
    expect((await api.call('/api/v1/session', { method: 'POST', body: { code } })).status).toBe(200);
  });
});

describe('a change that a browser sends', () => {
  const change = async (edit: (headers: Record<string, string>) => Record<string, string | undefined>) => {
    const headers = edit(await api.signIn());
    const given = Object.entries(headers).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
    return codeOf(
      await api.call('/api/v1/enrol-tokens', {
        method: 'POST',
        headers: Object.fromEntries(given) as Record<string, string>,
        body: { kind: 'card' },
      }),
    );
  };

  it.each<[string, Record<string, string | undefined>, string | undefined]>([
    ['comes from the page', {}, undefined],
    ['comes from the page, in a browser without Fetch Metadata', { 'sec-fetch-site': undefined }, undefined],
    ['has no CSRF token', { 'x-usher-csrf': undefined }, 'CSRF_TOKEN_INVALID'],
    ['has a wrong CSRF token', { 'x-usher-csrf': 'x'.repeat(43) }, 'CSRF_TOKEN_INVALID'],
    ['comes from another site', { origin: 'https://evil.example' }, 'ORIGIN_NOT_ALLOWED'],
    ['comes from another port', { origin: 'https://127.0.0.1:1' }, 'ORIGIN_NOT_ALLOWED'],
    ['comes from a page without TLS', { origin: 'http://127.0.0.1' }, 'ORIGIN_NOT_ALLOWED'],
    ['comes from a sandbox', { origin: 'null' }, 'ORIGIN_NOT_ALLOWED'],
    ['is same-site only', { 'sec-fetch-site': 'same-site' }, 'ORIGIN_NOT_ALLOWED'],
    ['names no origin at all', { origin: undefined, 'sec-fetch-site': undefined }, 'ORIGIN_NOT_ALLOWED'],
  ])('and %s', async (_what, edit, expected) => {
    expect(await change((headers) => ({ ...headers, ...edit }))).toBe(expected);
  });

  it('cannot sign in from another site', async () => {
    const { code } = api.server.newSignInCode();
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const reply = await api.call('/api/v1/session', { method: 'POST', headers, body: { code: code.reveal() } });
    expect(codeOf(reply)).toBe('ORIGIN_NOT_ALLOWED');
  });
});

describe('what is sent', () => {
  it.each<[string, string, string]>([
    ['no JSON', '{', 'REQUEST_INVALID'],
    ['nothing', '', 'REQUEST_INVALID'],
    ['an unknown field', '{"kind":"card","use":3}', 'REQUEST_INVALID'],
    ['more than 64 KiB', JSON.stringify({ kind: 'card', note: 'x'.repeat(70_000) }), 'REQUEST_TOO_LARGE'],
  ])('%s', async (_what, raw, code) => {
    expect(codeOf(await api.call('/api/v1/enrol-tokens', { method: 'POST', headers: api.bearer, raw }))).toBe(code);
  });

  it.each(['/api/v1/nothing', '/api/v2/site', '/api'])('%s is nothing', async (path) => {
    expect(codeOf(await api.call(path, { headers: api.bearer }))).toBe('ROUTE_UNKNOWN');
  });

  it('tells nobody but the log what went wrong inside', async () => {
    api.kube.before = () => {
      throw new TypeError('the secret inside');
    };
    logged.length = 0;
    const reply = await api.call('/api/v1/claims/x', { headers: api.bearer });
    api.kube.before = () => undefined;
    expect([reply.status, codeOf(reply)]).toEqual([500, 'INTERNAL']);
    expect(reply.text).not.toContain('secret inside');
    expect(logged).toHaveLength(1);
    expect(String((logged[0]?.fields as { err: unknown }).err)).toContain('secret inside');
  });

  it('is answered with headers that let nothing foreign in', async () => {
    const { headers } = await api.call('/');
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    // The decoder of bar codes is WebAssembly; scripts and styles from texts stay forbidden.
    const policy = String(headers['content-security-policy']).replace("'wasm-unsafe-eval'", '');
    expect(policy).not.toContain('unsafe');
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('strict-transport-security');
    expect((await api.call('/api/v1/site', { headers: api.bearer })).headers['cache-control']).toBe('no-store');
  });
});

it('limits requests before it reads them, but not those of the command line', async () => {
  const other = await new ApiFixture().start();
  try {
    const malformed = () => other.call('/api/v1/claims', { method: 'POST', raw: '{' });
    let limited = 0;
    for (let i = 0; i < 610; i += 1) limited += (await malformed()).status === 429 ? 1 : 0;
    expect(limited).toBe(10);
    const reply = await malformed();
    expect([codeOf(reply), reply.headers['retry-after']]).toEqual(['RATE_LIMITED', '60']);
    expect((await other.call('/api/v1/site', { headers: other.bearer })).status).toBe(200);
  } finally {
    await other.stop();
  }
});
