import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { brokenTestLinks } from '../../../scripts/test-links.ts';

const PROJECT = join(import.meta.dirname, '../../..');

describe('SECURITY.md', () => {
  it('names only tests that exist', async () => {
    expect(await brokenTestLinks(join(PROJECT, 'SECURITY.md'))).toEqual([]);
  });

  it('names a test for each threat', async () => {
    const lines = (await readFile(join(PROJECT, 'SECURITY.md'), 'utf8')).split('\n');
    const header = lines.findIndex((line) => line.startsWith('| who | tries |'));
    const rows = lines.slice(header + 2, lines.indexOf('', header));
    expect(rows.length).toBeGreaterThan(8);
    expect(rows.filter((row) => !/\]\(test\/[^)]+\.test\.ts\) \|$/.test(row))).toEqual([]);
  });
});

describe('the lines of a page’s defence in SECURITY.md', () => {
  it('have a test each', async () => {
    const lines = (await readFile(join(PROJECT, 'SECURITY.md'), 'utf8')).split('\n');
    const header = lines.findIndex((line) => line.startsWith('| line '));
    const rows = lines.slice(header + 2, lines.indexOf('', header));
    expect(rows.length).toBeGreaterThan(25);
    expect(rows.filter((row) => !/\]\(test\/[^)]+\.test\.ts\) *\|$/.test(row))).toEqual([]);
  });
});

describe('docs/what-happens-when.md', () => {
  it('names only tests that exist', async () => {
    expect(await brokenTestLinks(join(PROJECT, 'docs/what-happens-when.md'))).toEqual([]);
  });

  it('has its cases numbered without a gap, each with a test', async () => {
    const text = await readFile(join(PROJECT, 'docs/what-happens-when.md'), 'utf8');
    const cases = text.split(/^(?=##)/m).filter((section) => /^### \d+\. /.test(section));
    expect(cases.length).toBeGreaterThanOrEqual(35);
    expect(cases.map((section) => parseInt(section.slice('### '.length)))).toEqual(cases.map((_case, at) => at + 1));
    expect(cases.filter((section) => !/\]\([^)]+\.test\.ts\)/.test(section))).toEqual([]);
  });
});

describe('a link from a document to a test', () => {
  let folder = '';
  const brokenIn = async (text: string): Promise<string[]> => {
    await writeFile(join(folder, 'PAGE.md'), text);
    return brokenTestLinks(join(folder, 'PAGE.md'));
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'usher-links-'));
    await mkdir(join(folder, 'test'));
    await writeFile(join(folder, 'test/a.test.ts'), "it('keeps its promise', () => {});\n");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('holds while file and title are there', async () => {
    expect(await brokenIn('Safe: [keeps its promise](test/a.test.ts).')).toEqual([]);
  });
  it.each([
    ['the file is gone', '[keeps its promise](test/b.test.ts)'],
    ['the title is another', '[kept its promise](test/a.test.ts)'],
  ])('is reported when %s', async (_what, text) => {
    expect(await brokenIn(text)).toHaveLength(1);
  });
});
