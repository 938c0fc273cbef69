import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiFixture, codeOf } from '../../support/api-fixture.ts';
import { JoinSite, Pi, settle } from '../join/join-site.ts';

const api = new ApiFixture();
const RULE = { name: 'greenhouse', tokenId: 'batch1', nameTemplate: 'gh-{n:2}', labels: { zone: 'a' } };
let site: JoinSite;

beforeAll(async () => {
  site = await JoinSite.create();
  await api.start({ approvalRules: site.rules });
});
afterAll(() => api.stop());

const call = (method: string, path: string, body?: unknown) =>
  api.call(`/api/v1/approval-rules${path}`, { method, headers: api.bearer, ...(body === undefined ? {} : { body }) });

describe('approval rules', () => {
  it('are tried out, made, switched on, listed and deleted', async () => {
    const pi = new Pi(site, 's1', { kind: 'BatchToken', tokenId: 'batch1' });
    await pi.hello();
    await settle();
    const preview = await call('POST', '/preview', RULE);
    expect(preview.body).toEqual({
      items: [
        {
          ...{ device: pi.id, shortId: pi.id.slice(0, 6), serial: 's1' },
          ...{ outcome: 'claim', name: 'gh-01', labels: { zone: 'a' } },
        },
      ],
    });
    const made = await call('POST', '', RULE);
    expect([made.status, made.body]).toEqual([201, expect.objectContaining({ ...RULE, isOn: false, firstNumber: 1 })]);
    expect(codeOf(await call('POST', '', RULE))).toBe('RULE_EXISTS');
    await settle();
    expect(await site.claimNamed('gh-01')).toBeUndefined();
    const changed = await call('PATCH', '/greenhouse', { isOn: true, labels: { zone: 'b' } });
    expect(changed.body).toMatchObject({ isOn: true, labels: { zone: 'b' }, nameTemplate: 'gh-{n:2}' });
    await settle();
    expect((await site.claimNamed('gh-01'))?.spec).toMatchObject({ match: { device: pi.id }, labels: { zone: 'b' } });
    expect((await call('GET', '')).body).toMatchObject({ items: [{ name: 'greenhouse', isOn: true }] });
    expect((await call('DELETE', '/greenhouse')).status).toBe(204);
    expect(codeOf(await call('DELETE', '/greenhouse'))).toBe('RULE_UNKNOWN');
    expect((await call('GET', '')).body).toEqual({ items: [] });
  });

  it.each([
    [{ ...RULE, nameTemplate: 'same' }, 'RULE_INVALID'],
    [{ ...RULE, labels: { 'k3s.io/x': 'y' } }, 'RULE_INVALID'],
    [{ ...RULE, name: 'Green House' }, 'REQUEST_INVALID'],
    [{ ...RULE, nameTemplte: 'x' }, 'REQUEST_INVALID'],
  ])('%j is %s', async (rule, code) => {
    expect(codeOf(await call('POST', '', rule))).toBe(code);
    expect(codeOf(await call('POST', '/preview', rule))).toBe(code);
  });
});
