import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mayDo, ROLES, type Role } from '../../../api/core/people/role.ts';
import { RoleTable } from '../../../api/core/people/role-table.ts';
import { openApiDocument } from '../../../api/server/openapi.ts';
import { ApiFixture, codeOf, DEVICE_ID } from '../../support/api-fixture.ts';
import { sampleOf, type JsonSchema } from '../../support/json-schema-samples.ts';

interface Described {
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
}

const document = openApiDocument();
const table = new RoleTable(document);
const closed = table.rules().filter(({ open }) => !open);
const schemas = (document.components?.schemas ?? {}) as Record<string, JsonSchema>;
/** A stream has no end to wait for. */
const STREAM = '/api/v1/events';
const PASSWORD = 'copper-lantern-walks-slowly';

const api = new ApiFixture();
const tokens = {} as Record<Role, string>;
const cookies = {} as Record<Role, Record<string, string>>;

beforeAll(async () => {
  await api.start();
  await api.putDevice();
  for (const role of ROLES) {
    const made = await api.call('/api/v1/api-tokens', { ...POST, headers: api.bearer, body: { name: role, role } });
    tokens[role] = (made.body as { token: string }).token;
    await api.call('/api/v1/users', { ...POST, headers: api.bearer, body: { name: role, role, password: PASSWORD } });
    cookies[role] = await api.signIn({ name: role, password: PASSWORD });
  }
});
afterAll(() => api.stop());

const POST = { method: 'POST' };
const bearer = (role: Role): Record<string, string> => ({ authorization: `Bearer ${tokens[role]}` });
const pathOf = (path: string): string => path.replaceAll(/\{\w+\}/g, DEVICE_ID);
const bodyOf = (path: string, method: string): unknown => {
  const operation = (document.paths?.[path] as Record<string, Described> | undefined)?.[method.toLowerCase()];
  const schema = operation?.requestBody?.content['application/json']?.schema;
  return schema === undefined ? undefined : sampleOf(schema, (ref) => schemas[ref.replace(/^.*\//, '')]);
};
const stateOf = (): string => JSON.stringify(api.kube.writes().filter(({ name }) => name !== 'audit-head'));

describe('every operation of the document', () => {
  it('has a role, and what changes something is never a viewer’s, but for what is his own', () => {
    const named = Object.values(document.paths ?? {}).flatMap((item) =>
      Object.entries(item as object).filter(([method]) => ['get', 'post', 'put', 'patch', 'delete'].includes(method)),
    );
    expect(table.rules()).toHaveLength(named.length);
    const ownAffairs = closed
      .filter(({ role, reads }) => role === 'viewer' && !reads)
      .map(({ operationId }) => operationId);
    expect(ownAffairs.sort()).toEqual(['addPasskey', 'changeOwnPassword', 'endSession', 'removePasskey', 'signOut']);
  });

  describe.each(closed)('$method $path', ({ method, path, role: needed, fresh }) => {
    it.each(ROLES.filter((role) => !mayDo(role, needed)))(
      'is refused to a %s, by token and by session',
      async (role) => {
        const before = stateOf();
        const body = bodyOf(path, method);
        const call = { method, ...(body === undefined ? {} : { body }) };
        for (const headers of [bearer(role), cookies[role], { ...cookies.admin, ...bearer(role) }]) {
          const reply = await api.call(pathOf(path), { ...call, headers });
          expect([reply.status, codeOf(reply)]).toEqual([403, 'ROLE_NEEDED']);
        }
        expect(stateOf()).toBe(before);
      },
    );

    it('is let through with its role, and as one that is fresh only to people', async () => {
      if (path === STREAM || path === '/api/v1/session' || path.endsWith('/api-tokens/{id}')) return;
      // A path that leads nowhere: what matters is that it is not the gate that refuses.
      const reply = await api.call(path.replaceAll(/\{\w+\}/g, 'unknown-thing'), {
        ...{ method, headers: bearer(needed) },
        ...(method === 'GET' ? {} : { body: { unknown: true } }),
      });
      expect(codeOf(reply) === 'PERSON_NEEDED').toBe(fresh);
      expect(codeOf(reply)).not.toBe('ROLE_NEEDED');
    });
  });
});

describe('what a role may not reach by another way', () => {
  it.each<[string, string, string]>([
    ['another case', 'POST', '/API/v1/ENROL-tokens'],
    ['a slash at the end', 'POST', '/api/v1/enrol-tokens/'],
    ['two slashes', 'POST', '/api/v1//enrol-tokens'],
    ['an encoded letter', 'POST', '/api/v1/enrol%2dtokens'],
    ['a dot', 'POST', '/api/v1/./enrol-tokens'],
    ['another method', 'PUT', '/api/v1/enrol-tokens'],
    ['a method by header', 'GET', '/api/v1/enrol-tokens/x'],
  ])('%s', async (_what, method, path) => {
    const before = stateOf();
    const headers = { ...bearer('viewer'), 'x-http-method-override': 'DELETE' };
    const reply = await api.call(path, { method, headers, ...(method === 'GET' ? {} : { body: { kind: 'card' } }) });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(stateOf()).toBe(before);
  });

  it('a claimer neither revokes nor undoes it', async () => {
    const decide = (headers: Record<string, string>, decision: string) =>
      api.call(`/api/v1/devices/${DEVICE_ID}/decision`, { ...POST, headers, body: { decision } });
    expect(codeOf(await decide(bearer('claimer'), 'Revoked'))).toBe('ROLE_NEEDED');
    expect((await decide(bearer('claimer'), 'Ignored')).status).toBe(200);
    expect((await decide(bearer('admin'), 'Revoked')).status).toBe(200);
    for (const decision of ['Undecided', 'Ignored', 'Retry']) {
      expect(codeOf(await decide(bearer('claimer'), decision))).toBe('ROLE_NEEDED');
    }
  });

  it('a token that is wrong is not made good by the cookie of a session', async () => {
    for (const authorization of ['Bearer wrong', 'Basic eDp5', '']) {
      const reply = await api.call('/api/v1/site', { headers: { ...cookies.admin, authorization } });
      expect(codeOf(reply)).toBe('SIGN_IN_NEEDED');
    }
  });
});
