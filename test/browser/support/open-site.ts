import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, expect, inject } from 'vitest';
import type { SiteView } from '../../../api/core/schemas.ts';
import type { ApiServerOptions } from '../../../api/server/api-server.ts';
import type { AlarmBook } from '../../../k8s/alarms.ts';
import type { ApiFixture } from '../../support/api-fixture.ts';
import { watchForTroubles } from '../../support/page-troubles.ts';
import { startPageSite, type PageSite } from './page-site.ts';
import { launchTrusting, type TrustingChromium } from './trusting-chromium.ts';

/** How long the page may take to show something. */
export const SHOW_MS = 10_000;

export interface OpenOptions {
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  /** Default true. */
  signedIn?: boolean;
  /** What is opened; default `/`. */
  path?: string;
  /** BCP 47; default en-GB. */
  locale?: string;
  site?: Partial<SiteView>;
  /** Real parts of the appliance in the place of fakes. */
  parts?: Partial<ApiServerOptions>;
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
 * @param flags further ones of the browser
 */
export function siteOpener(flags: readonly string[] = []): (options?: OpenOptions) => Promise<OpenSite> {
  let chromium: TrustingChromium | undefined;
  const sites: { context: BrowserContext; site: PageSite }[] = [];
  const troubles: string[] = [];

  afterEach(async () => {
    for (const { context, site } of sites.splice(0)) {
      await context.close();
      await site.close();
    }
    expect(troubles.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await chromium?.close();
  });

  return async (options = {}) => {
    const site = await startPageSite(inject('uiDir'), options.site, options.parts);
    const { api, alarms } = site;
    await options.prepare?.(api, alarms);
    const origin = (await options.via?.(api.server.port)) ?? api.origin;
    chromium ??= await launchTrusting(api.file.caPem, flags);
    const { width = 1280, height = 800, colorScheme = 'light', locale = 'en-GB', path = '/' } = options;
    const context = await chromium.browser.newContext({ viewport: { width, height }, colorScheme, locale });
    context.setDefaultTimeout(SHOW_MS);
    const page = await context.newPage();
    sites.push({ context, site });
    await watchForTroubles(page, origin, troubles);
    await page.goto(`${origin}${path}`);
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
