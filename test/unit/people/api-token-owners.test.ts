import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiTokenView } from '../../../api/core/schemas.ts';
import { SECRET, USHER_NAMESPACE } from '../../../k8s/core/resources.ts';
import { ApiFixture, codeOf, type Reply } from '../../support/api-fixture.ts';

const PASSWORD = 'copper-lantern-walks-slowly';

let api: ApiFixture;
beforeEach(async () => {
  api = await new ApiFixture().start();
});
afterEach(() => api.stop());

type Headers = Record<string, string>;
const call = (method: string, path: string, body?: unknown, headers: Headers = api.bearer): Promise<Reply> =>
  api.call(`/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
const addAdmin = (name: string): Promise<Reply> => call('POST', '/users', { name, role: 'admin', password: PASSWORD });
const tokenOf = async (headers: Headers): Promise<Headers> => {
  const made = await call('POST', '/api-tokens', { name: 'gitops', role: 'claimer' }, headers);
  return { authorization: `Bearer ${(made.body as { token: string }).token}` };
};
const usage = async (token: Headers): Promise<[number, string | undefined]> => {
  const reply = await call('GET', '/devices', undefined, token);
  return [reply.status, codeOf(reply)];
};
const states = async (): Promise<[string, string][]> =>
  ((await call('GET', '/api-tokens')).body as { items: ApiTokenView[] }).items.map(({ createdBy, state }) => [
    createdBy,
    state,
  ]);
const REFUSED = [401, 'SIGN_IN_NEEDED'];

describe('the API token of a user', () => {
  let token: Headers;
  beforeEach(async () => {
    await addAdmin('anna');
    await addAdmin('emma');
    token = await tokenOf(await api.signIn({ name: 'anna', password: PASSWORD }));
    expect(await usage(token)).toEqual([200, undefined]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['is removed', () => call('DELETE', '/users/anna')],
    ['is made a claimer', () => call('PATCH', '/users/anna', { role: 'claimer' })],
    ['is removed by kubectl', () => api.kube.delete(SECRET, { name: 'usher-user-anna', namespace: USHER_NAMESPACE })],
  ])('is refused once that user %s, and listed as such', async (_what, act) => {
    await act();
    await expect.poll(() => usage(token)).toEqual(REFUSED);
    expect(await states()).toEqual([['anna', 'ownerless']]);
  });

  it('stays refused when somebody else gets the name', async () => {
    await call('DELETE', '/users/anna');
    await addAdmin('anna');
    expect(await usage(token)).toEqual(REFUSED);
  });

  it('lives on when the user gets another password', async () => {
    await call('PATCH', '/users/anna', { password: 'seven herons above the mill' });
    expect(await usage(token)).toEqual([200, undefined]);
  });
});

it('a token that the command line made has no owner to lose', async () => {
  await addAdmin('cli2');
  const token = await tokenOf(api.bearer);
  await call('DELETE', '/users/cli2');
  expect(await usage(token)).toEqual([200, undefined]);
  expect(await states()).toEqual([['cli', 'usable']]);
});
