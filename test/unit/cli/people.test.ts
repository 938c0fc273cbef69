import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ChainHead } from '../../../api/core/people/audit-chain.ts';
import { ApiFixture } from '../../support/api-fixture.ts';
import { runUsher, type Outcome } from '../../support/run-usher.ts';

vi.setConfig({ testTimeout: 60_000 });
const PASSWORD = 'copper-lantern-walks-slowly';
const api = new ApiFixture();
beforeAll(() => api.start());
afterAll(() => api.stop());

const usher = (args: string, typed = ''): Promise<Outcome> =>
  runUsher(args.split(' '), { USHER_TOKEN_FILE: api.cliFile }, { typed });

describe('usher users and sessions', () => {
  it('adds a user, whose password comes in without being shown, and signs browsers out', async () => {
    const added = await usher('users add anna --role admin', `${PASSWORD}\n`);
    expect([added.code, added.out]).toEqual([0, 'anna may sign in as admin\n']);
    expect(added.err).not.toContain(PASSWORD);
    const headers = await api.signIn({ name: 'anna', password: PASSWORD });
    const listed = JSON.parse((await usher('sessions -o json')).out) as {
      items: { id: string; user: { name: string } }[];
    };
    expect(listed.items.map(({ user }) => user.name)).toEqual(['anna']);
    expect((await usher(`sessions end ${listed.items[0]?.id ?? ''}`)).code).toBe(0);
    expect((await api.call('/api/v1/site', { headers })).status).toBe(401);
    expect((await usher('users passwd anna', 'seven herons above the mill')).code).toBe(0);
    const refused = await usher('users remove anna');
    expect([refused.code, refused.err]).toEqual([4, expect.stringContaining('LAST_ADMIN')]);
    expect((await usher('users')).out).toMatch(/^NAME +ROLE +PASSKEYS +AGE\nanna +admin +0 +\d+s$/m);
  });
});

describe('usher api-tokens', () => {
  it('makes one that works, and revokes it', async () => {
    const { out } = await usher('api-tokens create dashboard --role viewer --expires 1h');
    const headers = { authorization: `Bearer ${out.trim()}` };
    expect((await api.call('/api/v1/site', { headers })).status).toBe(200);
    expect((await usher(`api-tokens revoke ${out.split('_')[1] ?? ''}`)).code).toBe(0);
    expect((await api.call('/api/v1/site', { headers })).status).toBe(401);
  });
});

describe('usher audit', () => {
  it('lists, exports and verifies, with and without the appliance', async () => {
    const listed = await usher('audit --action createUser');
    expect(listed.out, listed.err).toMatch(/cli +createUser +anna +ok/);
    expect((await usher('audit verify')).out).toMatch(/^\d+ entries, intact; anchored up to entry \d+ of \d+\n$/);
    const dir = join(api.stateDir, 'audit');
    const file = join(dir, 'audit-000001.jsonl');
    const text = readFileSync(file, 'utf8');
    expect((await usher('audit export')).out).toBe(text);
    const last = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as ChainHead;
    const anchor = `${String(last.seq)}:${last.hash}`;
    expect((await usher(`audit verify --dir ${dir} --anchor ${anchor}`)).code).toBe(0);
    writeFileSync(file, text.replace('anna', 'emma'));
    const offline = await usher(`audit verify --dir ${dir} --anchor ${anchor}`);
    expect([offline.code, offline.err]).toEqual([1, expect.stringContaining('AUDIT_NOT_INTACT')]);
    expect(offline.out).toMatch(/^Changed: audit-000001\.jsonl:\d+: entry \d+ does not have its hash any more$/m);
    expect((await usher('audit verify')).code).toBe(1);
  });
});
