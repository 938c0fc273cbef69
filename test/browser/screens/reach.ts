import type { Page } from 'playwright-core';
import type { Look } from './looks.ts';
import { PASSWORD, type FilledSite } from './filled-site.ts';

/** Where a state is reached from. */
export interface Place {
  page: Page;
  origin: string;
  site: FilledSite;
  look: Look;
}

/** Brings the page into a state, from any other. */
export type Reach = (place: Place) => Promise<unknown>;
export type States = Readonly<Record<string, Reach>>;

/** Opens a path, and waits until the page shows what is there. */
export const goTo =
  (path: string): Reach =>
  async ({ page, origin }) => {
    // A path that differs by its fragment alone would not be loaded anew.
    await page.goto('about:blank');
    await page.goto(`${origin}${path}`);
    await page.locator('main').first().waitFor();
    await page.waitForLoadState('networkidle');
  };

export const press =
  (name: string | RegExp): Reach =>
  ({ page }) =>
    page.getByRole('button', { name }).first().click();

/** Presses a button of the open dialog. */
export const pressThere =
  (name: string | RegExp): Reach =>
  ({ page }) =>
    page.getByRole('dialog').getByRole('button', { name }).first().click();

export const fill =
  (label: string | RegExp, text: string): Reach =>
  ({ page }) =>
    page.getByLabel(label).first().fill(text);

/** Waits for a text; hidden ones (of a folded part) do not count. */
export const see =
  (text: string | RegExp): Reach =>
  ({ page }) =>
    page.getByText(text).filter({ visible: true }).first().waitFor();

export const inTurn =
  (...steps: Reach[]): Reach =>
  async (place) => {
    for (const step of steps) await step(place);
  };

/** Signs in by name, as a person does; the page is at any place. */
export async function signInAs({ page }: Pick<Place, 'page'>, name: string): Promise<void> {
  await page.locator('#user').fill(name);
  await page.locator('#password').fill(PASSWORD);
  await page.locator('form button[type=submit]').click();
  await page.locator('header.site').waitFor();
}

/** Signs in by the code of the console. */
export async function signInByCode({ page, site }: Pick<Place, 'page' | 'site'>): Promise<void> {
  await page.locator('#code').fill(site.api.server.newSignInCode().code.reveal());
  await page.locator('form button[type=submit]').click();
  await page.locator('header.site').waitFor();
}
