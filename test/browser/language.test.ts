import { expect, it } from 'vitest';
import { siteOpener } from './support/open-site.ts';
import { putClaimed, putDevice } from './support/sample-site.ts';

const open = siteOpener();

it('speaks the browser’s language, changes it at once when asked, and remembers that', async () => {
  const { page, api } = await open({
    locale: 'de-AT',
    signedIn: false,
    prepare: async (api) => {
      await putDevice(api, 3, 'Pending');
      await putClaimed(api, 12, 'press-1', 'Ready');
    },
  });
  await page.getByLabel('Anmeldecode').fill(api.server.newSignInCode().code.reveal());
  await page.getByRole('button', { name: 'Anmelden' }).click();
  await page.getByRole('region', { name: 'Wartet auf Ihren Anspruch' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('de');
  await page.getByRole('button', { name: 'Beanspruchen…' }).click();
  await page.getByRole('dialog').getByText('Name des Nodes').waitFor();
  await page.keyboard.press('Escape');

  await page.getByRole('link', { name: 'Einstellungen' }).click();
  await page.getByRole('combobox', { name: 'Sprache' }).selectOption('English');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await page.reload();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
});

it('is in English where it has no other', async () => {
  const { page } = await open({ locale: 'fr-FR' });
  await page.getByRole('heading', { name: 'Nothing on the network yet' }).waitFor();
});
