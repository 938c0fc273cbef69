import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Provider from 'oidc-provider';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditPage, SessionView } from '../../../api/core/schemas.ts';
import { Oidc, readOidcConfig } from '../../../api/server/people/oidc.ts';
import { Sessions } from '../../../api/server/sessions.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { ApiFixture, type Reply } from '../../support/api-fixture.ts';

const GROUPS: Record<string, string[]> = { anna: ['staff', 'usher-admins'], emma: ['usher-viewers'], carl: ['staff'] };
const SECRET = 'the-secret-of-the-client-is-long-enough';

const api = new ApiFixture();
const authority = new ApiFixture({ ownAuthority: true });
let dir: string;
let server: Server;
let issuer: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'usher-oidc-'));
  // Whose certificate it is matters not here, but that only the one of `caFile` is believed.
  await authority.start();
  const read = (name: string): string => readFileSync(join(authority.stateDir, 'page', name), 'utf8');
  server = createServer({ key: read('page.key'), cert: read('page.pem') }).listen(0, '127.0.0.1');
  await once(server, 'listening', { signal: AbortSignal.timeout(5000) });
  await writeFile(join(dir, 'ca.pem'), authority.file.caPem);
  issuer = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  await writeFile(join(dir, 'secret'), `${SECRET}\n`, { mode: 0o600 });
  await writeFile(
    join(dir, 'oidc.yaml'),
    `issuer: ${issuer}
clientId: usher
clientSecretFile: ${join(dir, 'secret')}
caFile: ${join(dir, 'ca.pem')}
name: The works
scopes: [openid, profile]
roles:
  viewer: [usher-viewers]
  admin: [usher-admins]
`,
  );
  await api.start({ oidcConfig: join(dir, 'oidc.yaml') });
  server.on('request', providerFor(`${api.origin}/api/v1/session/oidc/callback`).callback());
});
afterAll(async () => {
  await api.stop();
  server.close();
  server.closeAllConnections();
  await authority.stop();
  await rm(dir, { recursive: true });
});

/** A whole provider; its own sign-in page (devInteractions) takes any password. */
function providerFor(redirectUri: string): Provider {
  return new Provider(issuer, {
    clients: [{ client_id: 'usher', client_secret: SECRET, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: GROUPS[id] ?? [] }),
    }),
    pkce: { required: () => true },
    ttl: { Interaction: 60, Session: 60, Grant: 60, AccessToken: 60, IdToken: 60, AuthorizationCode: 60 },
  });
}

/** A browser at the provider: keeps its cookies and submits its forms until it is sent back to the page. */
async function signInAt(url: string, name: string): Promise<string> {
  const cookies = new Map<string, string>();
  const dispatcher = new Agent({ connect: { ca: authority.file.caPem } });
  let [at, form]: [string, URLSearchParams | undefined] = [url, undefined];
  for (let step = 0; step < 12; step += 1) {
    const headers = { cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join('; ') };
    const reply = await fetch(at, {
      ...{ headers, dispatcher, redirect: 'manual', signal: AbortSignal.timeout(5000) },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    });
    for (const cookie of reply.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(key, value);
    }
    const location = reply.headers.get('location');
    const text = await reply.text();
    if (location !== null) {
      [at, form] = [new URL(location, at).href, undefined];
      if (at.startsWith(api.origin)) return at.slice(api.origin.length);
      continue;
    }
    const [, action = ''] = /<form[^>]* action="([^"]+)"/.exec(text) ?? [];
    const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1] ?? '';
    [at, form] = [new URL(action, at).href, new URLSearchParams({ prompt, login: name, password: 'any' })];
  }
  throw new UsherError('TIMED_OUT', { what: 'the way through the provider', limitMs: 0 });
}

const cookieOf = (reply: Reply, name: string): string =>
  [reply.headers['set-cookie'] ?? []]
    .flat()
    .find((cookie) => cookie.startsWith(name))
    ?.split(';')[0] ?? '';
const begin = async (): Promise<{ url: string; cookie: string }> => {
  const reply = await api.call('/api/v1/session/oidc');
  expect(reply.status).toBe(302);
  expect(String(reply.headers['set-cookie'])).toMatch(
    /^__Host-usher-oidc=[\w-]{72}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
  );
  return { url: String(reply.headers['location']), cookie: cookieOf(reply, '__Host-usher-oidc') };
};
const finish = (path: string, cookie: string): Promise<Reply> =>
  api.call(path, { headers: cookie === '' ? {} : { cookie } });

it('is offered, with PKCE, state and nonce', async () => {
  expect((await api.call('/api/v1/session')).body).toEqual({
    signedIn: false,
    ways: ['code', 'oidc'],
    oidcName: 'The works',
  });
  const asked = Object.fromEntries(new URL((await begin()).url).searchParams);
  expect(asked).toMatchObject({ code_challenge_method: 'S256', response_type: 'code', scope: 'openid profile' });
  for (const name of ['state', 'nonce', 'code_challenge']) expect(asked[name]).toMatch(/^[\w-]{43}$/);
});

it.each([
  ['anna', 'admin'],
  ['emma', 'viewer'],
])('%s signs in as %s', async (name, role) => {
  const { url, cookie } = await begin();
  const reply = await finish(await signInAt(url, name), cookie);
  expect([reply.status, reply.headers['location']]).toEqual([302, '/']);
  const session = await api.call('/api/v1/session', { headers: { cookie: cookieOf(reply, '__Host-usher=') } });
  expect(session.body).toMatchObject({ signedIn: true, user: { name, role }, way: 'oidc' });
  const { items } = (await api.call('/api/v1/audit?limit=1', { headers: api.bearer })).body as AuditPage;
  expect(items).toMatchObject([{ action: 'signInByOidc', actor: { type: 'oidc', id: name }, result: 'ok' }]);
});

it('gives nobody a session who has no role', async () => {
  const { url, cookie } = await begin();
  const reply = await finish(await signInAt(url, 'carl'), cookie);
  expect([reply.headers['location'], cookieOf(reply, '__Host-usher=')]).toEqual([
    '/?signInError=OIDC_ROLE_MISSING',
    '',
  ]);
});

it.each<[string, (path: string, cookie: string) => Promise<[string, string]>]>([
  ['without the cookie of this browser (login CSRF)', (path) => Promise.resolve([path, ''])],
  ['with the cookie of another attempt', async (path) => [path, (await begin()).cookie]],
  [
    'with another state',
    (path, cookie) => Promise.resolve([path.replace(/state=[\w-]+/, `state=${'A'.repeat(43)}`), cookie]),
  ],
  ['with another code', (path, cookie) => Promise.resolve([path.replace(/code=[\w-]+/, 'code=AAAA'), cookie])],
  [
    'as from another issuer',
    (path, cookie) => Promise.resolve([path.replace(/iss=[^&]+/, 'iss=https%3A%2F%2Fevil.example'), cookie]),
  ],
  [
    'a second time',
    async (path, cookie) => {
      expect((await finish(path, cookie)).headers['location']).toBe('/');
      return [path, cookie];
    },
  ],
])('refuses to come back %s', async (_what, tamper) => {
  const { url, cookie } = await begin();
  const reply = await finish(...(await tamper(await signInAt(url, 'anna'), cookie)));
  expect([reply.headers['location'], cookieOf(reply, '__Host-usher=')]).toEqual(['/?signInError=OIDC_FAILED', '']);
});

it('lets whoever began come back, however many others begin meanwhile', async () => {
  const oidc = new Oidc({
    ...(await readOidcConfig(join(dir, 'oidc.yaml'))),
    clock: systemClock,
    random: systemRandom,
  });
  const { url, cookie } = await oidc.begin(api.origin);
  for (let i = 0; i < 1100; i += 1) await oidc.begin(api.origin);
  const query = (await signInAt(url, 'emma')).split('?')[1] ?? '';
  expect(await oidc.finish(cookie, { origin: api.origin, query })).toMatchObject({ name: 'emma', role: 'viewer' });
});

it('asks the provider again after an hour, however much a session is used: who lost a role there loses it here', () => {
  const clock = new ManualClock();
  const sessions = new Sessions(clock, systemRandom);
  const begin = (way: 'oidc' | 'password') =>
    sessions.begin({ user: { name: 'anna', role: 'admin' }, way, ip: '', browser: '' });
  const [organisation, own] = [begin('oidc'), begin('password')];
  for (let minute = 0; minute < 59; minute += 1) {
    clock.advance(60_000);
    expect(sessions.find(organisation.token)).toBeDefined();
  }
  clock.advance(60_000);
  expect([sessions.isAlive(organisation.session), sessions.find(organisation.token)]).toEqual([false, undefined]);
  expect(sessions.find(own.token)).toBeDefined();
});

it('is a fresh sign-in only when the provider saw the person: not because it still knows the browser', async () => {
  const freshAfter = async (
    headers: Record<string, string>,
  ): Promise<[string | null, boolean, Record<string, string>]> => {
    const asked = await api.call('/api/v1/session/oidc', { headers });
    const url = String(asked.headers['location']);
    const reply = await finish(await signInAt(url, 'anna'), cookieOf(asked, '__Host-usher-oidc'));
    const session = { cookie: cookieOf(reply, '__Host-usher=') };
    const { freshUntil = '' } = (await api.call('/api/v1/session', { headers: session })).body as SessionView;
    return [new URL(url).searchParams.get('prompt'), Date.parse(freshUntil) > Date.now(), session];
  };
  const [prompt, isFresh, session] = await freshAfter({});
  expect([prompt, isFresh]).toEqual([null, false]);
  // Whoever is signed in already is there to prove it again: then the provider is made to ask.
  expect((await freshAfter(session)).slice(0, 2)).toEqual(['login', true]);
});
