import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditPage, SessionView, SignedInView } from '../../../api/core/schemas.ts';
import { Passwords } from '../../../api/server/people/passwords.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { Secret } from '../../../foundation/secret.ts';
import { DEVICE, SECRET, USHER_NAMESPACE } from '../../../k8s/core/resources.ts';
import { ApiFixture, codeOf, device, DEVICE_ID, type Reply } from '../../support/api-fixture.ts';
import { fullDisk } from '../../support/full-disk.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { SoftwareAuthenticator } from '../../support/software-authenticator.ts';

const MINUTE = 60_000;
const PASSWORD = 'copper-lantern-walks-slowly';
const OTHER = 'seven herons above the mill';
const ANNA = { name: 'anna', password: PASSWORD };

let api: ApiFixture;
let clock: ManualClock;
beforeEach(async () => {
  clock = new ManualClock(Date.now());
  api = await new ApiFixture().start({ clock });
});
afterEach(() => api.stop());

type Headers = Record<string, string>;
const post = (path: string, body: unknown, headers: Headers = {}): Promise<Reply> =>
  api.call(`/api/v1${path}`, { method: 'POST', body, headers });
const get = (path: string, headers: Headers): Promise<Reply> => api.call(`/api/v1${path}`, { headers });
const remove = (path: string, headers: Headers): Promise<Reply> =>
  api.call(`/api/v1${path}`, { method: 'DELETE', headers });
const addUser = (name: string, role: string): Promise<Reply> =>
  post('/users', { name, role, password: PASSWORD }, api.bearer);
const signIn = (body: object): Promise<Reply> => post('/session', body);
const sessionOf = async (headers: Headers): Promise<SessionView> =>
  (await get('/session', headers)).body as SessionView;

describe('the first admin', () => {
  it('comes in by the code of the console, and is asked to make a user; the code stays the way back in', async () => {
    const console = await api.signIn();
    const expected = { user: { name: 'console', role: 'admin' }, way: 'code', ways: ['code'] };
    expect(await sessionOf(console)).toMatchObject({ ...expected, needsUser: true });
    expect((await post('/users', { name: 'anna', role: 'admin', password: PASSWORD }, console)).status).toBe(201);
    const again = await sessionOf(await api.signIn());
    expect(again).toMatchObject({ ...expected, needsUser: false, ways: ['code', 'password'] });
    const anna = await api.signIn(ANNA);
    expect(await sessionOf(anna)).toMatchObject({ user: { name: 'anna', role: 'admin' }, way: 'password' });
  });
});

describe('users', () => {
  it('are kept as hashes in Secrets of their own, changed and removed; one admin stays', async () => {
    expect((await addUser('anna', 'admin')).status).toBe(201);
    const [secret] = await api.kube.list(SECRET, {
      namespace: USHER_NAMESPACE,
      labelSelector: 'usher.internal/people',
    });
    const record = Buffer.from(secret?.data?.['record'] ?? '', 'base64').toString();
    expect(record).toMatch(/"hash":"\$scrypt\$ln=14,r=8,p=5\$/);
    expect(record).not.toContain(PASSWORD);
    expect(codeOf(await addUser('anna', 'viewer'))).toBe('USER_EXISTS');
    expect(codeOf(await addUser('console', 'viewer'))).toBe('USER_NAME_RESERVED');
    expect(codeOf(await addUser('Anna B', 'viewer'))).toBe('REQUEST_INVALID');
    const change = (body: object) => api.call('/api/v1/users/anna', { method: 'PATCH', body, headers: api.bearer });
    expect(codeOf(await change({ role: 'viewer' }))).toBe('LAST_ADMIN');
    expect(codeOf(await remove('/users/anna', api.bearer))).toBe('LAST_ADMIN');
    await addUser('emma', 'admin');
    expect((await change({ role: 'viewer' })).body).toMatchObject({ name: 'anna', role: 'viewer' });
    expect((await remove('/users/anna', api.bearer)).status).toBe(204);
    expect(codeOf(await change({ role: 'viewer' }))).toBe('USER_UNKNOWN');
  });

  it('never have more in a session than they have now, whoever changed them', async () => {
    await addUser('anna', 'claimer');
    const [one, two, three] = [await api.signIn(ANNA), await api.signIn(ANNA), await api.signIn(ANNA)];
    await api.call('/api/v1/users/anna', { method: 'PATCH', body: { role: 'viewer' }, headers: api.bearer });
    for (const headers of [one, two, three]) expect(codeOf(await get('/site', headers))).toBe('SIGN_IN_NEEDED');
    const fresh = await api.signIn(ANNA);
    await api.kube.delete(SECRET, { name: 'usher-user-anna', namespace: USHER_NAMESPACE });
    await Promise.resolve();
    expect(codeOf(await get('/site', fresh))).toBe('SIGN_IN_NEEDED');
    expect(codeOf(await signIn(ANNA))).toBe('PASSWORD_REFUSED');
  });

  it.each([
    ['short', 'a1b2c3'],
    ['one letter', 'aaaaaaaaaaaaaaaa'],
    ['the name', 'annaannaannaanna'],
  ])('may not have a password that is %s', async (_what, password) => {
    expect(codeOf(await post('/users', { name: 'anna', role: 'viewer', password }, api.bearer))).toBe(
      'PASSWORD_UNSUITABLE',
    );
  });

  it('change their own password, which ends their other sessions', async () => {
    await addUser('anna', 'viewer');
    const [mine, other] = [await api.signIn(ANNA), await api.signIn(ANNA)];
    expect(codeOf(await post('/own-password', { present: 'wrong', next: OTHER }, mine))).toBe('PASSWORD_REFUSED');
    expect((await post('/own-password', { present: PASSWORD, next: OTHER }, mine)).status).toBe(204);
    expect((await get('/site', mine)).status).toBe(200);
    expect(codeOf(await get('/site', other))).toBe('SIGN_IN_NEEDED');
    expect((await signIn({ name: 'anna', password: OTHER })).status).toBe(200);
    expect(codeOf(await post('/own-password', { present: PASSWORD, next: OTHER }, await api.signIn()))).toBe(
      'OWN_USER_NEEDED',
    );
  });
});

describe('guessing', () => {
  it('learns nothing about which users there are, by words or by work', async () => {
    await addUser('anna', 'viewer');
    const [known, unknown] = [
      await signIn({ name: 'anna', password: 'x' }),
      await signIn({ name: 'nobody', password: 'x' }),
    ];
    expect([known.status, known.text]).toEqual([unknown.status, unknown.text]);
    const passwords = new Passwords(systemRandom);
    const kept = await passwords.hash(new Secret(PASSWORD));
    const cpuOf = async (hash: string | undefined): Promise<number> => {
      const before = process.cpuUsage();
      expect(await passwords.verify(new Secret('wrong'), hash)).toBe(false);
      const { user } = process.cpuUsage(before);
      return user;
    };
    await cpuOf(kept);
    // The same hash is computed in both cases: without the decoy it would be a hundredth.
    expect(await cpuOf(undefined)).toBeGreaterThan((await cpuOf(kept)) / 4);
  });

  it('has five tries a quarter of an hour for a name, also all at once, also from several addresses', async () => {
    await addUser('anna', 'viewer');
    const replies = await Promise.all(Array.from({ length: 12 }, () => signIn({ name: 'anna', password: 'wrong' })));
    const codes = replies.map(codeOf);
    expect(codes.filter((code) => code === 'PASSWORD_REFUSED')).toHaveLength(5);
    expect(codes.filter((code) => code === 'SIGN_IN_LIMITED')).toHaveLength(7);
    expect(codeOf(await signIn(ANNA))).toBe('SIGN_IN_LIMITED');
    // The address waits too, whatever name or code it tries.
    expect(codeOf(await signIn({ name: 'emma', password: 'wrong' }))).toBe('SIGN_IN_LIMITED');
    expect(codeOf(await signIn({ code: api.server.newSignInCode().code.reveal() }))).toBe('SIGN_IN_LIMITED');
    clock.advance(15 * MINUTE);
    expect((await signIn(ANNA)).status).toBe(200);
  });
});

describe('sessions', () => {
  it('begin under a new id, and the one that the browser came with ends: nobody can plant one', async () => {
    await addUser('anna', 'viewer');
    const planted = await api.signIn(ANNA);
    const reply = await post('/session', ANNA, { cookie: planted['cookie'] ?? '' });
    const cookie = String(reply.headers['set-cookie']).split(';')[0] ?? '';
    expect(cookie).not.toBe(planted['cookie']);
    expect(codeOf(await get('/site', planted))).toBe('SIGN_IN_NEEDED');
    const made = await post('/session', ANNA, { cookie: `__Host-usher=${'A'.repeat(43)}` });
    expect(String(made.headers['set-cookie'])).not.toContain('AAAA');
  });

  it('are listed and revoked: an admin all, others their own', async () => {
    for (const [name, role] of [
      ['anna', 'admin'],
      ['emma', 'viewer'],
    ] as const)
      await addUser(name, role);
    const emma = { name: 'emma', password: PASSWORD };
    const [admin, one, two] = [await api.signIn(ANNA), await api.signIn(emma), await api.signIn(emma)];
    const listOf = async (headers: Headers) =>
      ((await get('/sessions', headers)).body as { items: SignedInView[] }).items;
    expect((await listOf(admin)).map(({ user }) => user.name).sort()).toEqual(['anna', 'emma', 'emma']);
    const own = await listOf(one);
    expect(own.map(({ user, current }) => [user.name, current])).toEqual(
      expect.arrayContaining([
        ['emma', true],
        ['emma', false],
      ]),
    );
    const idOfAdmin = (await listOf(admin)).find(({ current }) => current)?.id ?? '';
    expect(codeOf(await remove(`/sessions/${idOfAdmin}`, one))).toBe('SESSION_UNKNOWN');
    expect((await remove(`/sessions/${own.find(({ current }) => !current)?.id ?? ''}`, one)).status).toBe(204);
    expect(codeOf(await get('/site', two))).toBe('SIGN_IN_NEEDED');
    expect((await remove(`/sessions/${own.find(({ current }) => current)?.id ?? ''}`, admin)).status).toBe(204);
    expect(codeOf(await get('/site', one))).toBe('SIGN_IN_NEEDED');
  });

  it('that are older than ten minutes may not change who may do what, nor revoke, until signed in again', async () => {
    await addUser('anna', 'admin');
    const old = await api.signIn(ANNA);
    clock.advance(10 * MINUTE + 1);
    const attempt = (headers: Headers) => post('/users', { name: 'emma', role: 'viewer', password: PASSWORD }, headers);
    expect(codeOf(await attempt(old))).toBe('FRESH_SIGN_IN_NEEDED');
    expect((await get('/users', old)).status).toBe(200);
    expect((await attempt(await api.signIn(ANNA))).status).toBe(201);
  });

  it('give nobody more rights while the audit log cannot be written, but take rights away and let devices be', async () => {
    await addUser('anna', 'admin');
    await addUser('emma', 'admin');
    const anna = await api.signIn(ANNA);
    const disk = await fullDisk(join(api.stateDir, 'another file'));
    try {
      const decision = await post(`/devices/${DEVICE_ID}/decision`, { decision: 'Ignored' }, anna);
      expect(codeOf(decision)).not.toBe('AUDIT_NOT_WRITTEN');
      expect((await get('/audit', anna)).status).toBe(200);
      const wanted = { name: 'otto', role: 'admin', password: PASSWORD };
      expect(codeOf(await post('/users', wanted, anna))).toBe('AUDIT_NOT_WRITTEN');
      expect((await remove('/users/emma', anna)).status).toBe(204);
      expect((await post('/users', wanted, api.bearer)).status).toBe(201);
    } finally {
      disk.mend();
    }
    clock.advance(10_000);
    await expect.poll(async () => ((await get('/audit', anna)).body as AuditPage).items.length).toBeGreaterThan(4);
    expect((await post('/users', { name: 'ida', role: 'viewer', password: PASSWORD }, anna)).status).toBe(201);
  });

  it('are refused for guessing with words that say how else to get in', async () => {
    await addUser('anna', 'admin');
    for (let i = 0; i < 5; i += 1) await signIn({ name: 'anna', password: `wrong ${i}` });
    const refused = (await signIn(ANNA)).body as { error: { remedy: string } };
    expect(refused.error.remedy).toContain('usher sign-in-code');
  });
});

describe('API tokens', () => {
  it('have one role, end by themselves, are kept as hashes, and are revoked at once', async () => {
    const made = await post('/api-tokens', { name: 'dashboard', role: 'viewer', expiresInSec: 3600 }, api.bearer);
    const { token, view } = made.body as { token: string; view: { id: string } };
    expect(token).toMatch(/^usher_[0-9a-z]{8}_[0-9a-z]{32}$/);
    const headers = { authorization: `Bearer ${token}` };
    expect((await get('/site', headers)).status).toBe(200);
    expect(await sessionOf(headers)).toMatchObject({ signedIn: true, user: { name: view.id, role: 'viewer' } });
    expect(JSON.stringify(await api.kube.list(SECRET))).not.toContain(
      Buffer.from(token.slice(-32)).toString('base64').slice(0, 40),
    );
    const listed = (await get('/api-tokens', api.bearer)).body as { items: object[] };
    expect(listed.items).toMatchObject([
      { name: 'dashboard', createdBy: 'cli', state: 'usable', lastUsedAt: expect.any(String) as string },
    ]);
    expect(JSON.stringify(listed)).not.toContain(token.slice(-32));
    const wrong = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
    expect(codeOf(await get('/site', { authorization: `Bearer ${wrong}` }))).toBe('SIGN_IN_NEEDED');
    expect((await remove(`/api-tokens/${view.id}`, api.bearer)).status).toBe(204);
    expect(codeOf(await get('/site', headers))).toBe('SIGN_IN_NEEDED');
    expect(codeOf(await remove(`/api-tokens/${view.id}`, api.bearer))).toBe('API_TOKEN_UNKNOWN');
  });

  it('expire', async () => {
    const made = await post('/api-tokens', { name: 'short', role: 'admin', expiresInSec: 60 }, api.bearer);
    const headers = { authorization: `Bearer ${(made.body as { token: string }).token}` };
    expect((await get('/site', headers)).status).toBe(200);
    expect(codeOf(await post('/sign-in-codes', {}, headers))).toBe('API_TOKEN_NEEDED');
    clock.advance(MINUTE);
    expect(codeOf(await get('/site', headers))).toBe('SIGN_IN_NEEDED');
  });
});

describe('passkeys', () => {
  const host = 'usher.local';
  const place = { host, origin: `https://${host}` };
  const at = (headers: Headers): Headers => ({ ...headers, host, origin: place.origin });
  const challengeOf = async (path: string, headers: Headers): Promise<string> =>
    ((await post(path, undefined, at(headers))).body as { challenge: string }).challenge;
  const register = async (key: SoftwareAuthenticator, headers: Headers): Promise<Reply> => {
    const challenge = await challengeOf('/passkeys/options', headers);
    return post('/passkeys', { name: 'phone', response: key.create(challenge, place) }, at(headers));
  };
  const show = async (
    key: SoftwareAuthenticator,
    edit: (response: object) => object = (same) => same,
  ): Promise<Reply> =>
    post(
      '/session/passkey',
      { response: edit(key.get(await challengeOf('/session/passkey/options', {}), place)) },
      at({}),
    );

  it('are made by a user, sign in, and are removed', async () => {
    await addUser('anna', 'claimer');
    const headers = await api.signIn(ANNA);
    const key = new SoftwareAuthenticator(7);
    expect(codeOf(await show(key))).toBe('PASSKEY_REFUSED');
    const made = await register(key, headers);
    expect([made.status, made.body]).toMatchObject([201, { name: 'phone', host }]);
    const signedIn = await show(key);
    expect(signedIn.body).toMatchObject({ user: { name: 'anna', role: 'claimer' }, way: 'passkey' });
    expect((signedIn.body as SessionView).ways).toContain('passkey');
    expect((await remove(`/passkeys/${(made.body as { id: string }).id}`, headers)).status).toBe(204);
    expect(codeOf(await show(key))).toBe('PASSKEY_REFUSED');
  });

  it('answer a question once, for this page, with the user verified, by a count that grows', async () => {
    await addUser('anna', 'claimer');
    const key = new SoftwareAuthenticator(7);
    await register(key, await api.signIn(ANNA));
    const challenge = await challengeOf('/session/passkey/options', {});
    const answer = { response: key.get(challenge, place) };
    expect((await post('/session/passkey', answer, at({}))).status).toBe(200);
    expect(codeOf(await post('/session/passkey', answer, at({})))).toBe('PASSKEY_REFUSED');
    const fresh = () => challengeOf('/session/passkey/options', {});
    const late = await fresh();
    clock.advance(5 * MINUTE);
    const attempts: [string, () => Promise<object>][] = [
      ['too late', () => Promise.resolve(key.get(late, place))],
      ['another origin', async () => key.get(await fresh(), { host, origin: 'https://evil.example' })],
      ['another host', async () => key.get(await fresh(), { ...place, host: 'evil.example' })],
      ['nobody verified', async () => key.get(await fresh(), place, { verified: false })],
    ];
    for (const [what, attempt] of attempts) {
      expect([what, codeOf(await post('/session/passkey', { response: await attempt() }, at({})))]).toEqual([
        what,
        'PASSKEY_REFUSED',
      ]);
    }
    key.counter = 2;
    expect(codeOf(await show(key))).toBe('SIGN_IN_LIMITED');
    clock.advance(15 * MINUTE);
    expect(codeOf(await show(key))).toBe('PASSKEY_REFUSED');
  });

  it('need a name, and a user', async () => {
    expect(codeOf(await post('/session/passkey/options', undefined))).toBe('PASSKEY_NEEDS_NAME');
    expect(codeOf(await post('/passkeys/options', undefined, at(await api.signIn())))).toBe('OWN_USER_NEEDED');
  });
});

describe('the audit log', () => {
  const entries = async (query = ''): Promise<AuditPage['items']> =>
    ((await get(`/audit${query}`, api.bearer)).body as AuditPage).items;

  it('tells what devices did by themselves, with the evidence they showed, once each', async () => {
    await api.kube.create(DEVICE, device(DEVICE_ID));
    for (const phase of ['Pending', 'Approved', 'Approved', 'Ready'] as const) {
      await api.kube.mergePatch(DEVICE, { name: DEVICE_ID }, { status: { phase } }, 'status');
      await Promise.resolve();
    }
    const decide = { decision: 'Revoked' };
    await post(`/devices/${DEVICE_ID}/decision`, decide, api.bearer);
    const told = (await entries('?device=k4t7m2')).reverse();
    expect(told.map(({ actor, action, from, to }) => [actor.type, action, from, to])).toEqual([
      ['system', 'devicePending', undefined, 'Pending'],
      ['system', 'deviceApproved', 'Pending', 'Approved'],
      ['system', 'deviceReady', 'Approved', 'Ready'],
      ['cli', 'decideDevice', 'Ready', 'Revoked'],
    ]);
    for (const { evidence, deviceId } of told) expect([evidence, deviceId]).toEqual(['CardToken 0', DEVICE_ID]);
  });

  it('tells who did what, once for each change, and what was refused', async () => {
    await addUser('anna', 'claimer');
    const anna = await api.signIn(ANNA);
    await post('/claims', { name: 'lathe', match: { serial: '10000000abcdef01' } }, anna);
    await post('/enrol-tokens', { kind: 'card' }, anna);
    await get('/devices', anna);
    await signIn({ name: 'anna', password: 'wrong' });
    const told = (await entries()).map(({ actor, action, target, result, code }) => [
      actor.type,
      actor.id,
      action,
      target,
      result,
      code,
    ]);
    expect(told.reverse()).toEqual([
      ['cli', 'cli', 'createUser', 'anna', 'ok', undefined],
      ['user', 'anna', 'signIn', 'anna', 'ok', undefined],
      ['user', 'anna', 'createClaim', 'lathe', 'ok', undefined],
      ['user', 'anna', 'createEnrolToken', 'card', 'refused', 'ROLE_NEEDED'],
      ['unknown', '', 'signIn', 'anna', 'refused', 'PASSWORD_REFUSED'],
    ]);
    expect((await entries('?action=signIn&limit=1')).map(({ result }) => result)).toEqual(['refused']);
    expect(codeOf(await get('/audit?limit=0', api.bearer))).toBe('REQUEST_INVALID');
    expect((await get('/audit/verification', api.bearer)).body).toMatchObject({ intact: true, entries: 5 });
    const exported = await get('/audit/export', api.bearer);
    const file = await readFile(join(api.stateDir, 'audit', 'audit-000001.jsonl'), 'utf8');
    expect([exported.status, exported.text]).toEqual([200, file]);
    expect(file).not.toContain(PASSWORD);
  });
});
