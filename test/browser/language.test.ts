import { expect, it } from 'vitest';
import { siteOpener, type OpenOptions, type OpenSite } from './support/open-site.ts';
import { FAILURE, idOf, putClaim, putClaimed, putDevice } from './support/sample-site.ts';

const open = siteOpener();

async function openInGerman(prepare: NonNullable<OpenOptions['prepare']>): Promise<OpenSite> {
  const site = await open({ locale: 'de-AT', signedIn: false, prepare });
  await site.page.getByLabel('Anmeldecode').fill(site.api.server.newSignInCode().code.reveal());
  await site.page.getByRole('button', { name: 'Anmelden' }).click();
  return site;
}

it('speaks the browser’s language, changes it at once when asked, and remembers that', async () => {
  const { page } = await openInGerman(async (api) => {
    await putDevice(api, 3, 'Pending');
    await putClaimed(api, 12, 'press-1', 'Ready');
  });
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

/** Words that stand in hardly an English sentence's way, and in no German one. */
const ENGLISH = /\b(the|is|it|of|for|not|with|waits|has|was)\b/i;

it('says in German what the appliance says of a device: why it failed, its conditions, its story', async () => {
  const lastTransitionTime = '2026-01-01T00:00:00Z';
  const { page } = await openInGerman(async (api) => {
    const conditions = [
      { type: 'Claimed', status: 'True', reason: 'Bound', message: 'Claim tank-1 is bound to the device.' },
      { type: 'Ticketed', status: 'False', reason: 'TicketBurnt', message: 'The last ticket is burnt.' },
    ] as const;
    await putClaimed(api, 7, 'tank-1', 'Failed', {
      status: { failure: FAILURE, conditions: conditions.map((said) => ({ ...said, lastTransitionTime })) },
    });
    await putDevice(api, 9, 'Rejected');
  });
  await page.getByRole('link', { name: 'Einstellungen' }).waitFor();
  await page.goto(new URL(`/device/${idOf(7)}`, page.url()).href);
  await page.getByText('Binnen 360 s nach dem Ticket ist kein Node tank-1 erschienen').first().waitFor();
  await page.getByText('Das letzte Ticket ist verbrannt.').first().waitFor();
  await page.getByText('Die Appliance hat sein Device-Objekt gemacht').waitFor();
  const sentences = (await page.locator('main').innerText()).split('\n');
  expect(sentences.filter((line) => ENGLISH.test(line))).toEqual([]);
  expect(await page.locator('main [lang=en]').count()).toBe(0);
});

it('says in German why the appliance refused, in the dialog that asked', async () => {
  const { page } = await openInGerman(async (api) => {
    await putDevice(api, 3, 'Pending');
    await putClaim(api, 'lathe-left', { match: { serial: '1' }, labels: { machine: 'lathe' } });
  });
  await page.getByRole('button', { name: 'Beanspruchen…' }).click();
  await page.getByLabel('Name des Nodes').fill('lathe-left');
  await page.getByLabel('Name des Nodes').press('Enter');
  const alert = page.getByRole('dialog').getByRole('alert');
  await alert.getByText('Einen Anspruch namens lathe-left gibt es schon').waitFor();
  await alert.getByText('Wählen Sie einen anderen Namen').waitFor();
  expect(ENGLISH.test(await alert.innerText())).toBe(false);
});

it('is in English where it has no other', async () => {
  const { page } = await open({ locale: 'fr-FR' });
  await page.getByRole('heading', { name: 'Nothing on the network yet' }).waitFor();
});
