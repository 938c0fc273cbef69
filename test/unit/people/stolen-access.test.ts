import { afterEach, beforeEach, expect, it } from 'vitest';
import type { UserView } from '../../../api/core/schemas.ts';
import { Sessions, type SignedIn } from '../../../api/server/sessions.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { ApiFixture, codeOf, type Reply } from '../../support/api-fixture.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { SoftwareAuthenticator } from '../../support/software-authenticator.ts';

const PASSWORD = 'copper-lantern-walks-slowly';
const PLACE = { host: 'usher.local', origin: 'https://usher.local' };

let api: ApiFixture;
beforeEach(async () => {
  api = await new ApiFixture().start();
});
afterEach(() => api.stop());

const call = (method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
  api.call(`/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body }) });

it('one user with any number of sign-ins ends nobody else’s session', () => {
  const sessions = new Sessions(new ManualClock(), systemRandom);
  const signedIn = (name: string, way: SignedIn['way'] = 'password'): SignedIn => ({
    ...{ user: { name, role: 'viewer' }, way, ip: '', browser: '' },
  });
  const others = [signedIn('anna'), signedIn('vera', 'oidc'), signedIn('console', 'code')].map(
    (one) => sessions.begin(one).session,
  );
  for (let i = 0; i < 600; i += 1) sessions.begin(signedIn('vera', i % 2 === 0 ? 'password' : 'passkey'));
  expect(others.map((session) => sessions.isAlive(session))).toEqual([true, true, true]);
  expect(sessions.list().filter(({ user, way }) => user.name === 'vera' && way !== 'oidc')).toHaveLength(32);
});

it('a passkey that a thief added does not outlive the password that an admin sets', async () => {
  await call('POST', '/users', { name: 'emma', role: 'claimer', password: PASSWORD }, api.bearer);
  const thief = { ...(await api.signIn({ name: 'emma', password: PASSWORD })), ...PLACE };
  const key = new SoftwareAuthenticator();
  const challengeOf = async (path: string, headers: Record<string, string>): Promise<string> =>
    ((await call('POST', path, undefined, headers)).body as { challenge: string }).challenge;
  const response = key.create(await challengeOf('/passkeys/options', thief), PLACE);
  expect((await call('POST', '/passkeys', { name: 'mine', response }, thief)).status).toBe(201);
  const show = async (): Promise<Reply> => {
    const shown = key.get(await challengeOf('/session/passkey/options', PLACE), PLACE);
    return call('POST', '/session/passkey', { response: shown }, PLACE);
  };
  expect((await show()).status).toBe(200);
  const changed = await call('PATCH', '/users/emma', { password: 'seven herons above the mill' }, api.bearer);
  expect((changed.body as UserView).passkeys).toBe(0);
  expect(codeOf(await show())).toBe('PASSKEY_REFUSED');
});

it('a passkey stays when its user gets another role, or changes the own password', async () => {
  await call('POST', '/users', { name: 'emma', role: 'claimer', password: PASSWORD }, api.bearer);
  const emma = { ...(await api.signIn({ name: 'emma', password: PASSWORD })), ...PLACE };
  const options = await call('POST', '/passkeys/options', undefined, emma);
  const response = new SoftwareAuthenticator().create((options.body as { challenge: string }).challenge, PLACE);
  await call('POST', '/passkeys', { name: 'mine', response }, emma);
  const next = 'seven herons above the mill';
  expect((await call('POST', '/own-password', { present: PASSWORD, next }, emma)).status).toBe(204);
  const changed = await call('PATCH', '/users/emma', { role: 'viewer' }, api.bearer);
  expect((changed.body as UserView).passkeys).toBe(1);
});
