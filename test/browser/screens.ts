import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { buildPage, startPageSite, type PageSite } from './support/page-site.ts';
import { FAILURE, idOf, macOf, putDead, putEveryStage, putNewcomer, putPods } from './support/sample-site.ts';
import { launchTrusting } from './support/trusting-chromium.ts';

// npm run screens -- FOLDER: a picture of every state of every screen, on a phone and a desk, light and dark.

const LOOKS = [
  { name: 'phone-light', width: 360, height: 740, colorScheme: 'light' },
  { name: 'phone-dark', width: 360, height: 740, colorScheme: 'dark' },
  { name: 'desk-light', width: 1280, height: 800, colorScheme: 'light' },
  { name: 'desk-dark', width: 1280, height: 800, colorScheme: 'dark' },
] as const;
const LIMIT_MS = 15_000;
const MANY = 1000;

type Reach = (page: Page, origin: string) => Promise<unknown>;

const goTo =
  (path: string): Reach =>
  async (page, origin) => {
    await page.goto(`${origin}${path}`);
    await page.locator('main h2').first().waitFor();
    await page.waitForLoadState('networkidle');
  };
const press =
  (name: string | RegExp): Reach =>
  (page) =>
    page.getByRole('button', { name }).first().click();
const inTurn =
  (...steps: Reach[]): Reach =>
  async (page, origin) => {
    for (const step of steps) await step(page, origin);
  };

/** The states, each reached from anywhere. */
const STATES: Readonly<Record<string, Reach>> = {
  site: goTo('/'),
  'device-ready': goTo(`/device/${idOf(12)}`),
  'device-joining': goTo(`/device/${idOf(6)}`),
  'device-failed': goTo(`/device/${idOf(7)}`),
  'device-newcomer': goTo(`/device/${idOf(20)}`),
  'device-unknown': goTo('/device/nobody'),
  claim: inTurn(goTo(`/device/${idOf(3)}`), press('Claim…')),
  edit: inTurn(goTo(`/device/${idOf(12)}`), press('Edit labels…')),
  unclaim: inTurn(goTo(`/device/${idOf(12)}`), press('Unclaim…')),
  revoke: inTurn(goTo(`/device/${idOf(12)}`), press('Revoke…')),
  reject: inTurn(goTo(`/device/${idOf(3)}`), press('Reject…')),
  replace: inTurn(goTo(`/device/${idOf(20)}`), press(/^Take its place/)),
  'new-card': inTurn(goTo('/'), press('New card…')),
  scan: goTo('/c'),
  'scan-link': goTo(`/c#1.${idOf(3)}.k7qf2m9xtr4c8whd`),
  import: goTo('/import'),
  'import-preview': inTurn(goTo('/import'), async (page) => {
    const rows = [
      'name,serial,labels',
      'lathe-7,10000000abcdef01,machine=lathe',
      'Not A Name,10000000abcdef02,',
      'x,,',
    ];
    await page.getByRole('textbox').fill(rows.join('\n'));
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByRole('table').or(page.getByRole('alert')).waitFor();
  }),
  rules: goTo('/rules'),
  labels: goTo('/labels'),
  people: goTo('/people'),
  audit: goTo('/audit'),
  settings: goTo('/settings'),
};

async function fill({ api, alarms }: PageSite): Promise<void> {
  await putEveryStage(api);
  await putDead(api, 15, 'lathe-3');
  await putNewcomer(api, 20, 15, { ...FAILURE, code: 'REPLACEMENT_OFFERED' });
  await putPods(api, 'press-1');
  await alarms.raise({ code: 'HARDWARE_CHANGED', params: { actual: '1', expected: '2' }, device: idOf(8) });
}

async function signIn(page: Page, { api }: PageSite): Promise<void> {
  await page.getByLabel('Sign-in code').fill(api.server.newSignInCode().code.reveal());
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

async function main(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const built = await buildPage();
  const site = await startPageSite(built.uiDir);
  const chromium = await launchTrusting(site.api.file.caPem);
  try {
    for (const { name: look, width, height, colorScheme } of LOOKS) {
      const context = await chromium.browser.newContext({ viewport: { width, height }, colorScheme, locale: 'en-GB' });
      context.setDefaultTimeout(LIMIT_MS);
      const page = await context.newPage();
      const shoot = async (state: string): Promise<void> => {
        await page.waitForFunction(() => document.getAnimations().length === 0);
        await page.screenshot({ path: join(folder, `${state}.${look}.png`) });
      };
      await page.goto(site.api.origin);
      await shoot('sign-in');
      await signIn(page, site);
      if (look === LOOKS[0].name) {
        await shoot('site-empty');
        await fill(site);
      }
      for (const [state, reach] of Object.entries(STATES)) {
        await reach(page, site.api.origin);
        await shoot(state);
      }
      await context.close();
    }
    for (let n = 100; n < 100 + MANY; n += 1) site.api.sightings.see(macOf(n), { hostname: `board-${String(n)}` });
    for (const { name: look, width, height, colorScheme } of LOOKS) {
      const context = await chromium.browser.newContext({ viewport: { width, height }, colorScheme, locale: 'en-GB' });
      context.setDefaultTimeout(LIMIT_MS);
      const page = await context.newPage();
      await page.goto(site.api.origin);
      await signIn(page, site);
      await page.getByRole('row').nth(3).waitFor();
      await page.screenshot({ path: join(folder, `site-many.${look}.png`) });
      await context.close();
    }
  } finally {
    await chromium.close();
    await site.close();
    await built.remove();
  }
}

await main(resolve(process.argv[2] ?? 'screens'));
process.exit(0);
