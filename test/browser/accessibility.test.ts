import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { SampleServices } from '../support/sample-services.ts';
import { poorContrasts } from './support/contrast.ts';
import { siteOpener } from './support/open-site.ts';
import { idOf, macOf, putEveryStage } from './support/sample-site.ts';

const open = siteOpener();
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SCREENS = [
  '/',
  `/device/${idOf(12)}`,
  '/c',
  '/import',
  '/services',
  '/services/hall/vibration',
  '/services/hall/valve',
  '/rules',
  '/labels',
  '/people',
  '/audit',
  '/settings',
];

/** What axe-core finds wrong, a line each. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    interface Result {
      violations: { id: string; nodes: { html: string }[] }[];
    }
    const { axe } = globalThis as unknown as { axe: { run: (options: object) => Promise<Result> } };
    const { violations: found } = await axe.run({ preload: false });
    return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
  });
}

it.each([
  { width: 360, height: 740, colorScheme: 'light' },
  { width: 360, height: 740, colorScheme: 'dark' },
  { width: 1280, height: 800, colorScheme: 'light' },
  { width: 1280, height: 800, colorScheme: 'dark' },
] as const)('has no violation on any screen at $width, $colorScheme, and none scrolls sideways', async (looks) => {
  const { page } = await open({ ...looks, parts: { services: new SampleServices() }, prepare: putEveryStage });
  for (const path of SCREENS) {
    await page.goto(`${new URL(page.url()).origin}${path}`);
    await page.locator('main h2').first().waitFor();
    await page.waitForLoadState('networkidle');
    expect(await violations(page), path).toEqual([]);
    expect(await poorContrasts(page), path).toEqual([]);
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth] as const);
    expect(wide, path).toBeLessThanOrEqual(seen);
  }
});

it.each([360, 1280])('has none in the list of many at %s', async (width) => {
  const { page } = await open({
    width,
    prepare: async (api) => {
      await putEveryStage(api);
      for (let n = 100; n < 200; n += 1) api.sightings.see(macOf(n), { hostname: `board-${String(n)}` });
    },
  });
  await page.getByRole('row').nth(2).waitFor();
  await page
    .getByLabel(/^Select (?!all)/)
    .first()
    .check();
  expect(await violations(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
});
