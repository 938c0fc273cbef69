import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, expect, inject } from 'vitest';
import type { SiteView } from '../../../api/core/schemas.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { KubeAlarmBook, type AlarmBook } from '../../../k8s/alarms.ts';
import { ApiFixture, SITE } from '../../support/api-fixture.ts';
import { launchTrusting, type TrustingChromium } from './trusting-chromium.ts';

/** How long the page may take to show something. */
export const SHOW_MS = 10_000;
/** What a refusal by the appliance, or a cut connection, makes the browser say by itself. */
const EXPECTED = /^Failed to load resource: (the server responded with a status of [45]|net::ERR_)/;

export interface OpenOptions {
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  /** Default true. */
  signedIn?: boolean;
  site?: Partial<SiteView>;
  /** Another way to the page than straight to the server, given the server's port; an origin. */
  via?: (port: number) => Promise<string>;
  /** Fills the site before the page is opened. */
  prepare?: (api: ApiFixture, alarms: AlarmBook) => unknown;
}

export interface OpenSite {
  api: ApiFixture;
  alarms: AlarmBook;
  page: Page;
  context: BrowserContext;
  origin: string;
}

/**
 * Gives a function that opens the page of a site of its own; browser and sites are ended with the file's tests. After
 * each test: nothing went to another origin, the Content-Security-Policy was not violated, the console has no error.
 */
export function siteOpener(): (options?: OpenOptions) => Promise<OpenSite> {
  let chromium: TrustingChromium | undefined;
  const sites: (OpenSite & { alarms: KubeAlarmBook })[] = [];
  const troubles: string[] = [];

  afterEach(async () => {
    for (const { context, api, alarms } of sites.splice(0)) {
      await context.close();
      await alarms.stop();
      await api.stop();
    }
    expect(troubles.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await chromium?.close();
  });

  return async (options = {}) => {
    const site = (): SiteView => ({ ...SITE, serverTime: new Date().toISOString(), ...options.site });
    const api = new ApiFixture();
    const alarms = new KubeAlarmBook({ kube: api.kube, clock: systemClock, logger: silentLogger });
    await api.start({ uiDir: inject('uiDir'), site, alarms });
    // What k3s serves there: any certificate has the dates that the page shows.
    api.kube.raw.set('/cacerts', api.file.caPem);
    await options.prepare?.(api, alarms);
    const origin = (await options.via?.(api.server.port)) ?? api.origin;
    chromium ??= await launchTrusting(api.file.caPem);
    const { width = 1280, height = 800, colorScheme = 'light' } = options;
    const context = await chromium.browser.newContext({ viewport: { width, height }, colorScheme });
    context.setDefaultTimeout(SHOW_MS);
    const page = await context.newPage();
    sites.push({ api, alarms, page, context, origin });
    await watchForTroubles(page, origin, troubles);
    await page.goto(origin);
    if (options.signedIn !== false) await signIn(page, api);
    return { api, alarms, page, context, origin };
  };
}

/** Signs in as a person does. */
export async function signIn(page: Page, api: ApiFixture): Promise<void> {
  await page.getByLabel('Sign-in code').fill(api.server.newSignInCode().code.reveal());
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

async function watchForTroubles(page: Page, origin: string, troubles: string[]): Promise<void> {
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`Content-Security-Policy: ${event.effectiveDirective} ${event.blockedURI}`);
    });
  });
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text())) troubles.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => troubles.push(`page: ${error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'blob:' && url.origin !== origin) troubles.push(`request: ${request.url()}`);
  });
}
