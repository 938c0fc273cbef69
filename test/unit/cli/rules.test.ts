import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiFixture } from '../../support/api-fixture.ts';
import { LIMIT_MS, runUsher } from '../../support/run-usher.ts';
import { JoinSite, Pi, settle } from '../join/join-site.ts';

const api = new ApiFixture();
let site: JoinSite;

beforeAll(async () => {
  site = await JoinSite.create();
  await api.start({ approvalRules: site.rules });
});
afterAll(() => api.stop());

const usher = (args: string, typed = '') => runUsher(args.split(' '), { USHER_TOKEN_FILE: api.cliFile }, { typed });
const ADD = 'rules add greenhouse --token batch1 --name gh-{n:2} --label zone=a --label serial={serial}';

describe('usher rules', { timeout: 8 * LIMIT_MS }, () => {
  it('adds a rule that does nothing until it was shown and switched on, and removes it', async () => {
    const pi = new Pi(site, 's1', { kind: 'BatchToken', tokenId: 'batch1' });
    await pi.hello();
    await settle();
    const dry = await usher(`${ADD} --dry-run`);
    expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/s1 +claim +gh-01 +serial=s1,zone=a/)]);
    expect((await usher('rules')).err).toBe('There are no approval rules.\n');

    expect((await usher(`${ADD} --first 7`)).out).toBe('rule greenhouse added; it is off: usher rules on greenhouse\n');
    expect((await usher('rules list')).out).toMatch(/greenhouse +off +batch1 +gh-\{n:2\} +serial=\{serial\},zone=a/);
    expect((await usher('rules preview greenhouse -o json')).out).toContain('"name": "gh-07"');

    const unasked = await usher('rules on greenhouse', 'no\n');
    expect([unasked.code, unasked.out]).toEqual([2, expect.stringContaining('gh-07')]);
    await settle();
    expect(await site.claimNamed('gh-07')).toBeUndefined();

    expect((await usher('rules on greenhouse', 'yes\n')).out).toContain('rule greenhouse is on\n');
    await settle();
    expect((await site.claimNamed('gh-07'))?.spec.match).toEqual({ device: pi.id });
    expect((await usher('rules off greenhouse')).out).toBe('rule greenhouse is off\n');
    expect((await usher('rules remove greenhouse')).out).toBe('rule greenhouse removed\n');
    expect(await site.claimNamed('gh-07')).toBeDefined();
  });

  it.each([
    ['rules on nothing --yes', 3, '[RULE_UNKNOWN]'],
    ['rules preview nothing', 3, '[RULE_UNKNOWN]'],
    ['rules remove nothing', 3, 'usher rules list'],
    ['rules add bad --token batch1 --name same', 1, '[RULE_INVALID]'],
    ['rules add bad --token batch1', 2, '--name'],
    ['rules add bad --token batch1 --name gh-{n} --first -1', 2, 'from 0 on'],
  ])('%s ends with %i', async (args, code, words) => {
    const outcome = await usher(args);
    expect([outcome.code, outcome.err]).toEqual([code, expect.stringContaining(words)]);
  });
});
