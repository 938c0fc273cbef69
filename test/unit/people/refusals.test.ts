import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditPage } from '../../../api/core/schemas.ts';
import { DEVICE } from '../../../k8s/core/resources.ts';
import { ApiFixture, codeOf, device, DEVICE_ID } from '../../support/api-fixture.ts';

const PASSWORD = 'copper-lantern-walks-slowly';
const api = new ApiFixture();
let viewer: Record<string, string> = {};
let claimer: Record<string, string> = {};

beforeAll(async () => {
  await api.start();
  await api.kube.create(DEVICE, device(DEVICE_ID));
  const made = async (role: string): Promise<Record<string, string>> => {
    const body = { name: role, role, password: PASSWORD };
    await api.call('/api/v1/users', { method: 'POST', headers: api.bearer, body });
    return api.signIn({ name: role, password: PASSWORD });
  };
  viewer = await made('viewer');
  claimer = await made('claimer');
});
afterAll(() => api.stop());

const WITH_DEVICE = { deviceId: DEVICE_ID, evidence: 'CardToken 0' };

it.each<[string, string, unknown, object]>([
  ['POST', '/devices/k4t7m2/decision', { decision: 'Rejected' }, { target: 'k4t7m2', ...WITH_DEVICE }],
  ['POST', '/claims', { name: 'lathe', device: 'k4t7m2' }, { target: 'lathe', ...WITH_DEVICE }],
  ['DELETE', '/claims/lathe', undefined, { target: 'lathe' }],
  ['POST', '/claim-codes', { device: 'k4t7m2', code: 'K7QF-2M9X-TR4C-8WHD' }, { target: 'k4t7m2', ...WITH_DEVICE }],
  ['POST', '/users', { name: 'otto', role: 'admin', password: PASSWORD }, { target: 'otto' }],
  ['POST', '/enrol-tokens', { kind: 'batch', uses: 5 }, { target: 'batch' }],
  ['POST', '/claims', '{"name": "torn', {}],
  ['POST', '/claims', { name: ['not', 'a text'] }, {}],
])('tells on what a viewer may not %s %s', async (method, path, body, expected) => {
  const given = typeof body === 'string' ? { raw: body } : { body };
  const reply = await api.call(`/api/v1${path}`, {
    ...{ method, headers: viewer },
    ...(body === undefined ? {} : given),
  });
  expect([reply.status, codeOf(reply)]).toEqual([403, 'ROLE_NEEDED']);
  const { items } = (await api.call('/api/v1/audit?limit=1', { headers: api.bearer })).body as AuditPage;
  expect(items).toMatchObject([{ actor: { type: 'user', id: 'viewer' }, result: 'refused', code: 'ROLE_NEEDED' }]);
  const { target, deviceId, evidence } = items[0] ?? {};
  expect(JSON.parse(JSON.stringify({ target, deviceId, evidence }))).toEqual(expected);
  expect(JSON.stringify(items)).not.toMatch(new RegExp(`${PASSWORD}|K7QF`));
});

it.each<[string, object, string, object]>([
  ['DEVICE_UNKNOWN', { device: 'zzzzzz' }, '', {}],
  ['PRECONDITION', { device: 'k4t7m2' }, '"old"', WITH_DEVICE],
])('names the claim that was refused as %s, and its device', async (code, wanted, ifMatch, expected) => {
  const headers = { ...claimer, ...(ifMatch === '' ? {} : { 'if-match': ifMatch }) };
  const reply = await api.call('/api/v1/claims', { method: 'POST', headers, body: { name: 'lathe', ...wanted } });
  expect(codeOf(reply)).toContain(code);
  const { items } = (await api.call('/api/v1/audit?limit=1', { headers: api.bearer })).body as AuditPage;
  expect(items).toMatchObject([{ action: 'createClaim', target: 'lathe', result: 'refused', ...expected }]);
});

it('tells on what a claimer may not decide by a part of an operation', async () => {
  const body = { decision: 'Revoked' };
  const path = `/api/v1/devices/${DEVICE_ID}/decision`;
  expect(codeOf(await api.call(path, { method: 'POST', headers: claimer, body }))).toBe('ROLE_NEEDED');
  const { items } = (await api.call('/api/v1/audit?device=k4t7m2&limit=1', { headers: api.bearer })).body as AuditPage;
  expect(items).toMatchObject([{ action: 'decideDevice', to: 'Revoked', result: 'refused', ...WITH_DEVICE }]);
});
