import { expect, it } from 'vitest';
import { signIn, siteOpener } from './support/open-site.ts';

const open = siteOpener();

it('refuses a wrong code with its remedy, keeps it to be corrected, and takes the right one', async () => {
  const { page, api } = await open({ signedIn: false });
  const field = page.getByLabel('Sign-in code');
  await expect.poll(() => field.evaluate((input) => input === document.activeElement)).toBe(true);
  await page.keyboard.type('WRONG-00');
  await page.keyboard.press('Enter');
  const alert = page.getByRole('alert');
  await alert.getByText('The code is wrong, used or too old').waitFor();
  expect(await alert.textContent()).toContain('usher sign-in-code');
  expect(await field.inputValue()).toBe('WRONG-00');
  // What was typed is selected: the next key replaces it.
  await page.keyboard.type(api.server.newSignInCode().code.reveal().toLowerCase());
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'hall-3' }).waitFor();
});

it('stays signed in over a reload, and says so when the session has ended elsewhere', async () => {
  const { page, api } = await open();
  await page.reload();
  await page.getByRole('heading', { name: 'hall-3' }).waitFor();
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'New card…' }).first().click();
  await page.getByRole('button', { name: 'Make the card file' }).click();
  await page.getByText('Your session has ended').waitFor();
  await signIn(page, api);
});

it('says why the organisation’s sign-in sent one back, once', async () => {
  const { page, origin } = await open({ signedIn: false, path: '/?signInError=OIDC_ROLE_MISSING' });
  await page.getByRole('alert').getByText('OIDC_ROLE_MISSING').waitFor();
  expect(page.url()).toBe(`${origin}/`);
});

it('shows nothing of the site after signing out', async () => {
  const { page } = await open({
    prepare: (api) => {
      api.sightings.see('b8:27:eb:00:00:01', { hostname: 'secret-host' });
    },
  });
  await page.getByText('secret-host').first().waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Sign-in code').waitFor();
  expect(await page.content()).not.toContain('secret-host');
  await page.reload();
  await page.getByLabel('Sign-in code').waitFor();
});
