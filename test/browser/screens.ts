import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { startFullSite, startNewSite, type FilledSite } from './screens/filled-site.ts';
import { LOOKS, type Look } from './screens/looks.ts';
import { PICTURES, picturesIn, shrink } from './screens/pictures.ts';
import type { Place, Reach } from './screens/reach.ts';
import { BIG_SITE, FULL_SITE, NEW_SITE, type Walk } from './screens/walks.ts';
import { buildPage } from './support/page-site.ts';
import { launchTrusting, type TrustingChromium } from './support/trusting-chromium.ts';

// npm run screens -- [FOLDER] [--only REGEXP] [--pictures]
// A picture of every state of every screen, on a phone and a desk, light and dark; with --pictures those of the
// documents, in docs/pictures.

const LIMIT_MS = 15_000;
/** Longer pages are cut: what comes after is like what came before. */
const MOST_PX = 4000;

interface Wish {
  folder: string;
  /** Whether a state is wanted in a look. */
  wants: (state: string, look: Look) => boolean;
}

/** A page is taken as a whole; of a dialog what is in sight, and its end when that is not. */
async function shoot(page: Page, file: string, height: number): Promise<void> {
  // What was pressed last shows itself, and dialogs fade in.
  await page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))));
  await page.waitForFunction(() => document.getAnimations().length === 0);
  const dialog = await page.evaluate(() => {
    const open = document.querySelector('dialog[open]');
    return open === null ? undefined : { isLong: open.scrollHeight > open.clientHeight + 1 };
  });
  if (dialog !== undefined) {
    await page.screenshot({ path: `${file}.png` });
    if (!dialog.isLong) return;
    await page.evaluate(() => document.querySelector('dialog[open]')?.scrollTo(0, 99_999));
    await page.screenshot({ path: `${file}.end.png` });
    return;
  }
  const full = await page.evaluate(() => document.documentElement.scrollHeight);
  // Of a long list only what is in sight is drawn.
  const isInSight = await page.evaluate(() => scrollY > 0 || document.querySelector('.rows') !== null);
  if (isInSight || full <= height) await page.screenshot({ path: `${file}.png` });
  const clip = { x: 0, y: 0, width: page.viewportSize()?.width ?? 0, height: Math.min(full, MOST_PX) };
  if (!isInSight && full > height) await page.screenshot({ path: `${file}.png`, fullPage: true, clip });
}

/** Takes the pictures of a walk; what cannot be reached is told and left out. */
async function walk(chromium: TrustingChromium, site: FilledSite, look: Look, it: Walk, wish: Wish): Promise<string[]> {
  const states = Object.entries(it.states).map(([name, reach]): [string, Reach] => [
    `${it.prefix ?? ''}${name}`,
    reach,
  ]);
  const wanted = states.filter(([name]) => wish.wants(name, look));
  if (wanted.length === 0) return [];
  const { width, height, colorScheme } = look;
  const context = await chromium.browser.newContext({
    ...{ viewport: { width, height }, colorScheme, locale: it.locale ?? 'en-GB', timezoneId: 'Europe/Berlin' },
  });
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  const place: Place = { page, origin: site.api.origin, site, look };
  const missed: string[] = [];
  await it.prepare?.(place);
  await it.begin?.(place);
  for (const [name, reach] of wanted) {
    try {
      await reach(place);
      await shoot(page, join(wish.folder, `${name}.${look.name}`), height);
    } catch (error) {
      missed.push(`${name}.${look.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  await context.close();
  return missed;
}

/** Each look gets sites of its own, since some states change them. */
async function takeAll(uiDir: string, wish: Wish): Promise<string[]> {
  const missed: string[] = [];
  const sites = [
    [startNewSite, NEW_SITE],
    [startFullSite, FULL_SITE],
    [startFullSite, BIG_SITE],
  ] as const;
  for (const look of LOOKS) {
    for (const [start, walks] of sites) {
      const names = walks.flatMap(({ prefix = '', states }) => Object.keys(states).map((name) => `${prefix}${name}`));
      if (!names.some((name) => wish.wants(name, look))) continue;
      const site = await start(uiDir);
      const chromium = await launchTrusting(site.api.file.caPem);
      try {
        for (const each of walks) missed.push(...(await walk(chromium, site, look, each, wish)));
      } finally {
        await chromium.close();
        await site.close();
      }
    }
  }
  return missed;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, pictures: { type: 'boolean' } },
});
const folder = resolve(positionals[0] ?? 'screens');
const only = new RegExp(values.only ?? '');
await mkdir(folder, { recursive: true });
const built = await buildPage();
const missed = await takeAll(built.uiDir, {
  folder,
  wants: (state, look) =>
    values.pictures === true ? picturesIn(look).includes(state) : only.test(`${state}.${look.name}`),
});
await built.remove();
if (values.pictures === true) {
  const target = resolve(import.meta.dirname, '../../docs/pictures');
  await mkdir(target, { recursive: true });
  for (const picture of PICTURES) await writeFile(join(target, `${picture.name}.webp`), await shrink(folder, picture));
  if (positionals[0] === undefined) await rm(folder, { recursive: true });
}
for (const each of missed) process.stderr.write(`${each}\n`);
process.exit(missed.length === 0 ? 0 : 1);
