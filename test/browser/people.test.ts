import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { systemClock } from '../../foundation/clock.ts';
import type { ApiFixture } from '../support/api-fixture.ts';
import { addVirtualAuthenticator } from '../support/virtual-authenticator.ts';
import { siteOpener } from './support/open-site.ts';
import { putDevice } from './support/sample-site.ts';

const open = siteOpener();
const PASSWORD = 'copper-lantern-walks-slowly';
const LATER_MS = 11 * 60_000;

async function putUser(api: ApiFixture, name: string, role: string): Promise<void> {
  const body = { name, role, password: PASSWORD };
  const reply = await api.call('/api/v1/users', { method: 'POST', headers: api.bearer, body });
  expect(reply.status).toBe(201);
}

async function signInAs(page: Page, name: string, password = PASSWORD): Promise<void> {
  await page.locator('#user').fill(name);
  await page.locator('#password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

async function fillNewUser(page: Page, name: string): Promise<void> {
  await page.locator('#new-name').fill(name);
  await page.locator('#new-password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Add the user' }).click();
}

it('makes the first admin, and asks for a sign-in again before it does what needs one', async () => {
  let aheadMs = 0;
  const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs };
  const { page } = await open({ parts: { clock } });
  const hint = page.getByText('There is no user yet');
  await hint.waitFor();
  await page.getByRole('link', { name: 'People' }).first().click();
  await fillNewUser(page, 'anna');
  await page.getByLabel('Role: anna').waitFor();
  expect(await page.getByLabel('Role: anna').inputValue()).toBe('admin');
  await page.getByRole('link', { name: 'Site', exact: true }).click();
  await hint.waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Sign out' }).click();
  await signInAs(page, 'anna');
  aheadMs = LATER_MS;
  await page.getByRole('link', { name: 'People' }).click();
  await fillNewUser(page, 'bert');
  const dialog = page.getByRole('dialog', { name: 'Sign in again' });
  await dialog.waitFor();
  expect(await dialog.locator('#user').inputValue()).toBe('anna');
  await dialog.locator('#password').fill('wrong-password');
  await page.keyboard.press('Enter');
  await dialog.getByRole('alert').getByText('Name or password is wrong').waitFor();
  await dialog.locator('#password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  // What was asked for before is done by itself.
  await page.getByLabel('Role: bert').waitFor();
  expect(await page.getByLabel('Role: bert').inputValue()).toBe('claimer');

  aheadMs += LATER_MS;
  await page.getByLabel('Role: bert').selectOption('viewer');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('alert').getByText('FRESH_SIGN_IN_NEEDED').waitFor();
});

it('gives somebody who lost a password another one, which ends the sessions of that user', async () => {
  const { page, api } = await open({
    signedIn: false,
    prepare: async (site) => {
      await putUser(site, 'anna', 'admin');
      await putUser(site, 'emma', 'claimer');
    },
  });
  await signInAs(page, 'anna');
  const emma = await api.signIn({ name: 'emma', password: PASSWORD });
  const statusOf = async (): Promise<number> => (await api.call('/api/v1/site', { headers: emma })).status;
  await page.getByRole('link', { name: 'People' }).first().click();
  await page.getByRole('button', { name: 'New password for emma' }).click();
  // One's own is changed by the form that asks for the present one.
  expect(await page.getByRole('button', { name: 'New password for anna' }).count()).toBe(0);
  await page.getByLabel('New password for emma').fill('emma emma emma');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('PASSWORD_UNSUITABLE').waitFor();
  expect(await statusOf()).toBe(200);
  await page.getByLabel('New password for emma').fill('seven herons above the mill');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('all sessions of this user have ended').waitFor();
  expect(await statusOf()).toBe(401);
  await api.signIn({ name: 'emma', password: 'seven herons above the mill' });
});

it('shows a viewer everything and no button that changes anything; sessions are listed and ended', async () => {
  const { page, context, origin } = await open({
    signedIn: false,
    prepare: async (api) => {
      await putDevice(api, 3, 'Pending');
      await putUser(api, 'anna', 'admin');
      await putUser(api, 'vera', 'viewer');
    },
  });
  await signInAs(page, 'vera');
  await page.getByRole('region', { name: 'Waiting for your claim' }).waitFor();
  const names = await page.getByRole('button').allTextContents();
  expect(names.filter((name) => /claim|new card|identify|reject|ignore|revoke/i.test(name))).toEqual([]);
  const parts = await page.getByRole('navigation', { name: 'Parts of the page' }).getByRole('link').allTextContents();
  expect(parts).toEqual(['Site', 'Services', 'Rules', 'People', 'Settings']);

  // Her own password: other sessions of hers end, this one goes on.
  await page.getByRole('link', { name: 'People' }).click();
  await page.getByLabel('Present password').fill(PASSWORD);
  await page.getByLabel('New password').fill('quiet-river-under-seven-hills');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.getByText('Your password is changed.').waitFor();

  const browser = context.browser();
  const desk = await browser?.newContext({ locale: 'en-GB' });
  const second = await desk?.newPage();
  if (desk === undefined || second === undefined) expect.fail('the browser is gone');
  await second.goto(`${origin}/people`);
  await signInAs(second, 'anna');
  const end = second.getByRole('button', { name: 'End the session of vera' });
  await end.click();
  await second.getByRole('button', { name: /End the session of vera: Sure/ }).click();
  await end.waitFor({ state: 'detached' });
  await desk.close();
  await page.getByRole('link', { name: 'Rules' }).click();
  await page.getByText('Your session has ended').waitFor();
});

it('signs in by a passkey that was made on the page', async () => {
  const { page, context } = await open({
    signedIn: false,
    path: '/people',
    via: (port) => Promise.resolve(`https://localhost:${String(port)}`),
    prepare: (api) => putUser(api, 'anna', 'admin'),
  });
  await addVirtualAuthenticator(context, page);
  await signInAs(page, 'anna');
  await page.getByText('You have none yet.').waitFor();
  await page.locator('#passkey-name').fill('my phone');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('button', { name: 'Remove my phone' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'With a passkey' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.getByText('anna · Admin').waitFor();
});
