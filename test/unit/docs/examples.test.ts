import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiFixture } from '../../support/api-fixture.ts';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const README = new URL('../../../README.md', import.meta.url);
const api = new ApiFixture();

beforeAll(() => api.start());
afterAll(() => api.stop());

describe('the example files of claims', () => {
  it.each([
    ['claims.yaml', 2],
    ['boards.csv', 2],
    ['pairs.yaml', 7],
  ])('%s can be imported as it is', async (name, claims) => {
    const text = await readFile(new URL(name, EXAMPLES), 'utf8');
    const body = { format: name.endsWith('.csv') ? 'csv' : 'yaml', text };
    const reply = await api.call('/api/v1/claims/preview', { method: 'POST', headers: api.bearer, body });
    expect(reply.body).toMatchObject({ counts: { new: claims, changed: 0, unchanged: 0, conflict: 0, invalid: 0 } });
  });

  it('boards.csv is what the README shows', async () => {
    expect(await readFile(README, 'utf8')).toContain(await readFile(new URL('boards.csv', EXAMPLES), 'utf8'));
  });
});
