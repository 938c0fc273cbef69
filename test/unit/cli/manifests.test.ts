import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVICE_CLAIM } from '../../../k8s/core/resources.ts';
import { ApiFixture, codeOf } from '../../support/api-fixture.ts';
import { LIMIT_MS, runUsher } from '../../support/run-usher.ts';

const api = new ApiFixture();
const dir = mkdtempSync(join(tmpdir(), 'usher-manifests-'));
const GOOD = 'name,serial,labels\ntank,10000000abcdef01,machine=tank\nlathe,10000000abcdef02,machine=lathe\n';

beforeAll(() => api.start());
afterAll(async () => {
  await api.stop();
  rmSync(dir, { recursive: true });
});

function file(name: string, text: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}
const usher = (...args: string[]) => runUsher(args, { USHER_TOKEN_FILE: api.cliFile });

describe('usher claims', { timeout: 4 * LIMIT_MS }, () => {
  it('previews, imports and exports a file', async () => {
    const path = file('good.csv', GOOD);
    const dry = await usher('claims', 'import', path, '--dry-run');
    expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/2 +new +tank/)]);
    expect(await api.kube.list(DEVICE_CLAIM)).toEqual([]);
    const done = await usher('claims', 'import', path, '--yes');
    expect([done.code, done.out]).toEqual([0, expect.stringContaining('2 claims made')]);
    const csv = await usher('claims', 'export');
    expect(csv.out).toContain('tank,,,10000000abcdef01,,,,machine=tank,,,,Retain');
    const yaml = await usher('claims', 'export', '-o', 'yaml');
    const again = await usher('claims', 'preview', file('again.yaml', yaml.out), '-o', 'json');
    expect(JSON.parse(again.out)).toMatchObject({ counts: { unchanged: 2, new: 0 } });
  });

  it('refuses bad rows, and takes the good ones when told to', async () => {
    const path = file('bad.csv', `${GOOD}Bad,1234567,\nnew,10000000abcdef03,\n`);
    const all = await usher('claims', 'import', path, '--yes');
    expect([all.code, all.err]).toEqual([1, expect.stringContaining('[MANIFEST_HAS_FAULTS]')]);
    expect(all.out).toMatch(/4:1 +invalid +Bad +CLAIM_INVALID/);
    const good = await usher('claims', 'import', path, '--yes', '--take', 'good');
    expect([good.code, good.out]).toEqual([1, expect.stringContaining('1 rows left out')]);
  });

  it.each([
    ['latin.csv', new Uint8Array([...Buffer.from('name,serial\nt'), 0xe4, 0x0a]), 'MANIFEST_MALFORMED'],
    ['huge.csv', Buffer.alloc(10_000_000, 'x'), 'MANIFEST_TOO_LARGE'],
    ['boards.xlsx', 'x', 'USAGE'],
  ])('refuses %s', async (name, bytes, code) => {
    expect((await usher('claims', 'preview', file(name, bytes))).err).toContain(`[${code}]`);
  });

  it('reads what a spreadsheet saves as Unicode text', async () => {
    const utf16 = Buffer.from(`\uFEFF${GOOD.replaceAll(',', '\t')}`, 'utf16le');
    const { out } = await usher('claims', 'preview', file('unicode.txt', utf16), '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ counts: { unchanged: 2, invalid: 0 } });
  });
});

describe('the routes', () => {
  it('take files larger than other requests, from those who may, and no larger', async () => {
    const post = (text: string, headers: Record<string, string>) =>
      api.call('/api/v1/claims/preview', { method: 'POST', headers, body: { format: 'csv', text } });
    const rows = Array.from({ length: 3000 }, (_, i) => `c${i},${String(i).padStart(16, 'a')},zone=a`).join('\n');
    expect((await post(`name,serial,labels\n${rows}\n`, api.bearer)).status).toBe(200);
    expect(codeOf(await post('x'.repeat(10_000_000), api.bearer))).toBe('REQUEST_TOO_LARGE');
    expect(codeOf(await post(rows, {}))).toBe('SIGN_IN_NEEDED');
    const other = { method: 'POST', headers: api.bearer, body: { name: 'x'.repeat(100_000) } };
    expect(codeOf(await api.call('/api/v1/claims', other))).toBe('REQUEST_TOO_LARGE');
  });

  it('refuse a digest of yesterday', async () => {
    const body = { format: 'csv', text: GOOD, digest: 'old', take: 'all' };
    const reply = await api.call('/api/v1/claims/import', { method: 'POST', headers: api.bearer, body });
    expect([reply.status, codeOf(reply)]).toEqual([409, 'MANIFEST_OUTDATED']);
  });
});
