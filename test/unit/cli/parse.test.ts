import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findAppliance } from '../../../api/client/find-appliance.ts';
import { ageText, labelText, table } from '../../../cli/output.ts';
import { parseLabel, parsePair, parseSeconds, parseTaint } from '../../../cli/parse.ts';

describe('what is typed', () => {
  it.each<[unknown, unknown]>([
    [parseLabel('a=b=c'), ['a', 'b=c']],
    [parseLabel('a='), ['a', '']],
    [parseTaint('a:NoExecute'), { key: 'a', effect: 'NoExecute' }],
    [parseTaint('a.b/c=d:NoSchedule'), { key: 'a.b/c', value: 'd', effect: 'NoSchedule' }],
    [parsePair('lathe-1:Backup'), { name: 'lathe-1', role: 'Backup' }],
    [['90', '90s', '15m', '12h', '7d', '2w'].map(parseSeconds), [90, 90, 900, 43_200, 604_800, 1_209_600]],
  ])('%j', (parsed, expected) => {
    expect(parsed).toEqual(expected);
  });

  it.each<[(text: string) => unknown, string]>([
    [parseLabel, '=b'],
    [parseLabel, 'b'],
    [parseTaint, 'a=b'],
    [parseTaint, 'a:Never'],
    [parsePair, 'a:primary'],
    [parseSeconds, '0'],
    [parseSeconds, '-1'],
    [parseSeconds, '1y'],
  ])('%o refuses %s', (parse, text) => {
    expect(() => parse(text)).toThrow('Write ');
  });
});

describe('what is printed', () => {
  it('is aligned, cut to the width and coloured only when asked for', () => {
    const columns = [
      { title: 'A', cell: (row: string) => row, tone: () => 'bad' as const },
      { title: 'B', cell: (row: string) => row.repeat(2) },
    ];
    expect(table(columns, ['x', 'yyy'], { wide: false, color: false })).toBe('A    B\nx    xx\nyyy  yyyyyy');
    expect(table(columns, ['yyy'], { wide: false, color: false, width: 7 })).toBe('A    B\nyyy  yy');
    expect(table(columns, ['x'], { wide: false, color: true })).toBe('A  B\n\u001b[31mx  \u001b[0mxx');
  });

  it('is short', () => {
    const ages = [0, 119, 120, 7199, 7200, 172_799, 172_800].map((s) =>
      ageText('2026-01-01T00:00:00Z', Date.UTC(2026) + s * 1000),
    );
    expect(ages).toEqual(['0s', '119s', '2m', '119m', '2h', '47h', '2d']);
    expect(labelText({ b: '2', a: '1' })).toBe('a=1,b=2');
  });
});

describe('which appliance is meant', () => {
  const dir = mkdtempSync(join(tmpdir(), 'usher-find-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const file = (name: string, url: string, atSec: number): string => {
    const path = join(dir, name);
    writeFileSync(path, JSON.stringify({ url, caPem: 'CA', token: 'x'.repeat(43) }));
    utimesSync(path, atSec, atSec);
    return path;
  };
  const usualFiles = [
    file('a', 'https://10.0.0.1:8443', 1),
    file('b', 'https://10.0.0.2:8443', 2),
    join(dir, 'absent'),
  ];
  const named = file('c', 'https://10.0.0.3:8443', 0);

  it.each<[string, Parameters<typeof findAppliance>[0], string]>([
    ['the newest on this machine', { env: {} }, 'https://10.0.0.2:8443'],
    ['the one of the environment', { env: { USHER_TOKEN_FILE: named } }, 'https://10.0.0.3:8443'],
    ['the one of the flag', { env: { USHER_TOKEN_FILE: 'absent' }, tokenFile: named }, 'https://10.0.0.3:8443'],
    ['another address of it', { env: { USHER_SERVER: 'https://master:8443/x' } }, 'https://master:8443'],
    ['another address without a scheme', { env: { USHER_SERVER: 'x' }, server: 'master:8443' }, 'https://master:8443'],
  ])('%s', (_what, options, url) => {
    expect(findAppliance({ usualFiles, ...options }).url).toBe(url);
  });

  it('is said to be missing', () => {
    expect(() => findAppliance({ env: {}, usualFiles: [] })).toThrow('No appliance was started on this machine');
  });
});
