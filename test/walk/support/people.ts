import type { Page } from 'playwright-core';
import type { Size, WalkSite } from './walk-site.ts';

export interface Person {
  readonly name: string;
  readonly password: string;
  readonly role: 'admin' | 'claimer' | 'viewer';
}

export const ANNA: Person = { name: 'anna', password: 'copper-lantern-walks-slowly', role: 'admin' };
export const CARL: Person = { name: 'carl', password: 'seven herons above the mill', role: 'claimer' };
export const VERA: Person = { name: 'vera', password: 'quiet marble under the stairs', role: 'viewer' };

export async function signInByCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Sign-in code').fill(code);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

export async function signInAs(page: Page, { name, password }: Person): Promise<void> {
  const signIn = page.getByRole('button', { name: 'Sign in', exact: true });
  // Other forms of the page have fields of the same names: first it must be this one that is shown.
  await signIn.waitFor();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await signIn.click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.getByText(`${name} · `).waitFor();
}

/** Makes a user on the part “People” of the page. */
export async function addUser(page: Page, { name, password, role }: Person): Promise<void> {
  await goTo(page, 'People');
  await page.locator('#new-name').fill(name);
  await page.locator('#new-password').fill(password);
  await page.locator('#new-role').selectOption(role);
  await page.getByRole('button', { name: 'Add the user' }).click();
  await page.getByLabel(`Role: ${name}`).waitFor();
}

/** Goes to a part of the page by its navigation. */
export async function goTo(page: Page, part: string): Promise<void> {
  const parts = page.getByRole('navigation', { name: 'Parts of the page' });
  await parts.getByRole('link', { name: part, exact: true }).click();
}

/** Makes the first admin with a code of the appliance, unless that was done. */
export async function makeAdmin(site: WalkSite): Promise<void> {
  const { client } = site.running;
  if ((await client.people.users()).length > 0) return;
  const { page, context } = await site.open('desk');
  await signInByCode(page, (await client.newSignInCode()).code);
  await addUser(page, ANNA);
  await context.close();
}

/** Opens the page and signs in as its admin. */
export async function openSignedIn(site: WalkSite, size: Size, path = '/', port = site.port): Promise<Page> {
  await makeAdmin(site);
  const { page } = await site.open(size, path, port);
  await signInAs(page, ANNA);
  return page;
}
