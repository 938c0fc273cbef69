import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { UsherError } from '../../foundation/errors.ts';
import { buildPage, startPageSite, type PageSite } from '../browser/support/page-site.ts';
import { macOf, putEveryStage } from '../browser/support/sample-site.ts';
import { launchTrusting, type TrustingChromium } from '../browser/support/trusting-chromium.ts';
import type { BenchOptions } from './bench-options.ts';
import { FIRST_SCRIPTS, FRAMES, paintedAtMs, USABLE_AFTER_MS, WATCH_FRAMES } from './in-page.ts';
import { summarise, type Summary } from './summary.ts';

const LIMIT_MS = 20_000;
const MANY = 1000;
const CHANGES_PER_SEC = 50;
const LOAD_MS = 10_000;

interface Measures {
  /** From the first request until the list can be used. */
  readonly interactiveMs: Summary;
  /** From a change in the appliance until the page has painted it. */
  readonly eventToPaintMs: Summary;
}

export interface UiFigures {
  /** What the first load fetches, compressed as it would be for the wire. */
  readonly scriptGzipBytes: number;
  readonly small: Measures;
  readonly thousand: Measures & {
    /** Between two frames while 50 changes a second come in. */
    readonly frameMs: Summary;
    /** Longest time that the page did not answer to input. */
    readonly longestTaskMs: number;
  };
}

/** The page in Chromium on this machine, on the real API server with fakes behind it: few devices, then a thousand. */
export async function benchUi({ pairs, say }: BenchOptions): Promise<UiFigures> {
  const built = await buildPage();
  const site = await startPageSite(built.uiDir);
  const chromium = await launchTrusting(site.api.file.caPem);
  try {
    await putEveryStage(site.api);
    say('few devices …');
    const small = await measure(chromium, site, pairs, built.uiDir);
    for (let n = 100; n < 100 + MANY; n += 1) site.api.sightings.see(macOf(n), { hostname: `board-${String(n)}` });
    say('a thousand …');
    const { scriptGzipBytes, interactiveMs, eventToPaintMs } = small;
    const many = await measure(chromium, site, pairs, built.uiDir, true);
    const thousand = {
      ...{ interactiveMs: many.interactiveMs, eventToPaintMs: many.eventToPaintMs },
      ...{ frameMs: many.frameMs, longestTaskMs: many.longestTaskMs },
    };
    return { scriptGzipBytes, small: { interactiveMs, eventToPaintMs }, thousand };
  } finally {
    await chromium.close();
    await site.close();
    await built.remove();
  }
}

type All = UiFigures['thousand'] & { scriptGzipBytes: number };

async function measure(
  chromium: TrustingChromium,
  site: PageSite,
  count: number,
  uiDir: string,
  underLoad = false,
): Promise<All> {
  const { api } = site;
  const context = await chromium.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en' });
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  await page.goto(api.origin);
  await page.getByLabel('Sign-in code').fill(api.server.newSignInCode().code.reveal());
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#search').waitFor();
  const interactive: number[] = [];
  let bytes = 0;
  for (let n = 0; n < count; n += 1) {
    await page.reload({ waitUntil: 'commit' });
    interactive.push(await page.evaluate<number>(USABLE_AFTER_MS));
    bytes = await scriptBytes(page, uiDir);
  }
  const stop = underLoad ? changeOften(api) : undefined;
  await page.evaluate(WATCH_FRAMES);
  const started = Date.now();
  const paints: number[] = [];
  for (let n = 0; n < count || (underLoad && Date.now() - started < LOAD_MS); n += 1) {
    paints.push(await paintedAfterMs(page, site, n));
  }
  const frames = await page.evaluate<{ gaps: number[]; longest: number }>(FRAMES);
  stop?.();
  await context.close();
  return {
    ...{ scriptGzipBytes: bytes, interactiveMs: summarise(interactive), eventToPaintMs: summarise(paints) },
    ...{ frameMs: summarise(frames.gaps), longestTaskMs: Math.round(frames.longest) },
  };
}

async function scriptBytes(page: Page, uiDir: string): Promise<number> {
  const paths = await page.evaluate<string[]>(FIRST_SCRIPTS);
  const sizes = await Promise.all(paths.map(async (path) => gzipSync(await readFile(join(uiDir, path))).length));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A device gets a name; both clocks are this machine's. */
async function paintedAfterMs(page: Page, { api }: PageSite, n: number): Promise<number> {
  const name = `named-${String(n)}-${String(Date.now())}`;
  const painted = page.evaluate<number>(paintedAtMs(name));
  // The page looks before the change is made.
  await page.evaluate('undefined');
  const changedMs = performance.timeOrigin + performance.now();
  // One that waits for the operator stands in sight, among few as among many.
  api.sightings.see(macOf(3), { hostname: name });
  const atMs = await Promise.race([painted, setTimeout(LIMIT_MS, undefined)]);
  if (atMs === undefined) throw new UsherError('TIMED_OUT', { what: `painting ${name}`, limitMs: LIMIT_MS });
  return atMs - changedMs;
}

/** Fifty changes a second, of others than the one that is measured. */
function changeOften(api: PageSite['api']): () => void {
  let n = 0;
  const timer = setInterval(() => {
    n += 1;
    api.sightings.see(macOf(100 + (n % MANY)), { hostname: `board-${String(n)}`, ip: `10.0.0.${String(n % 250)}` });
  }, 1000 / CHANGES_PER_SEC);
  return () => clearInterval(timer);
}

/** The figures as text for people. */
export function uiText({ scriptGzipBytes, small, thousand }: UiFigures): string {
  const line = (name: string, { p50, p95, max, n }: Summary): string =>
    `${name.padEnd(30)} p50 ${String(p50).padStart(7)}  p95 ${String(p95).padStart(7)}  max ${String(max).padStart(7)}  n ${String(n)}`;
  return [
    `scriptGzipBytes ${String(scriptGzipBytes)}`,
    line('interactiveMs', small.interactiveMs),
    line('eventToPaintMs', small.eventToPaintMs),
    line('1,000 devices: interactiveMs', thousand.interactiveMs),
    line('  under load: eventToPaintMs', thousand.eventToPaintMs),
    line('  under load: frameMs', thousand.frameMs),
    `  under load: longest task      ${String(thousand.longestTaskMs)} ms`,
    '',
  ].join('\n');
}
