import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { DEVICE_CLAIM } from '../../k8s/core/resources.ts';
import type { ApiFixture } from '../support/api-fixture.ts';
import { siteOpener } from './support/open-site.ts';
import { idOf, putClaim, putClaimed, putDevice } from './support/sample-site.ts';

const open = siteOpener();
const pending = (api: ApiFixture): Promise<string> => putDevice(api, 3, 'Pending');

it('claims a device by keyboard alone', async () => {
  const { page, api } = await open({ prepare: pending });
  const button = page.getByRole('button', { name: 'Claim…', exact: true });
  await button.waitFor();
  await tabTo(page, 'Claim…');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await expect.poll(() => focused(page)).toBe('claim-name');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true);

  await page.keyboard.press('Enter');
  await dialog.waitFor();
  await page.keyboard.type('lathe-left');
  await page.keyboard.press('Tab');
  await page.keyboard.type('machine');
  await page.keyboard.press('Tab');
  await page.keyboard.type('lathe');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect.poll(() => focused(page)).toBe('Key of label 2');
  await page.keyboard.type('location');
  await page.keyboard.press('Tab');
  await page.keyboard.type('left');
  // From here Tab never leaves the dialog.
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('main') ?? null)).toBeNull();
  }
  await page.getByLabel('Value of label 2').focus();
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  const claim = await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' });
  expect(claim?.spec).toMatchObject({ match: { device: idOf(3) }, labels: { machine: 'lathe', location: 'left' } });
  // The button that was pressed is gone; the place is kept on the card, wherever it went.
  await page.getByRole('region', { name: 'On its way' }).waitFor();
  await expect.poll(() => focused(page)).toBe(`device-${idOf(3)}`);
});

it('says what is wrong while somebody types, and sends nothing until it is mended', async () => {
  const { page, api } = await open({ prepare: pending });
  await page.getByRole('button', { name: 'Claim…', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Claim' }).click();
  await dialog.getByText('Give the node a name.').waitFor();
  await expect.poll(() => focused(page)).toBe('claim-name');
  await page.keyboard.type('Lathe');
  await dialog.getByText('Only lower-case letters').waitFor();
  await page.getByLabel('Name of the node').fill('lathe-left');
  expect(await dialog.locator('.problem').allTextContents()).toEqual(['', '']);

  await page.getByLabel('Key of label 1').fill('kubernetes.io/role');
  await dialog.getByText('Names under kubernetes.io').waitFor();
  await page.getByLabel('Key of label 1').fill('machine');
  await page.getByLabel('Value of label 1').fill('a lathe');
  await dialog.getByText('A value has letters').waitFor();
  expect(await page.getByLabel('Value of label 1').getAttribute('aria-invalid')).toBe('true');
  await page.getByLabel('Value of label 1').press('Enter');
  await expect.poll(() => focused(page)).toBe('Key of label 1');
  expect(api.kube.writes().filter(({ kind }) => kind === 'DeviceClaim')).toEqual([]);
});

it('shows why the appliance refused, keeps what was typed, and goes on from there', async () => {
  const { page, api } = await open({
    prepare: async (api) => {
      await pending(api);
      await putClaim(api, 'lathe-left', { match: { serial: '1' }, labels: { machine: 'lathe' } });
    },
  });
  await page.getByRole('button', { name: 'Claim…', exact: true }).click();
  await page.getByLabel('Name of the node').fill('lathe-left');
  await page.getByLabel('Key of label 1').fill('location');
  await page.getByLabel('Value of label 1').fill('left');
  await page.getByLabel('Value of label 1').press('Enter');
  const alert = page.getByRole('dialog').getByRole('alert');
  await alert.getByText('A claim named lathe-left exists already').waitFor();
  expect(await alert.textContent()).toContain('Choose another name');
  expect(await page.getByLabel('Value of label 1').inputValue()).toBe('left');
  await page.getByLabel('Name of the node').fill('lathe-2');
  await page.getByLabel('Name of the node').press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const made = await api.kube.get(DEVICE_CLAIM, { name: 'lathe-2' });
  expect(made?.spec.labels).toEqual({ location: 'left' });
});

it('cannot be sent twice: the button waits for the answer', async () => {
  const { page, api } = await open({ prepare: pending });
  const gate = Promise.withResolvers<undefined>();
  api.kube.before = ({ verb }) => (verb === 'create' ? gate.promise : undefined);
  await page.getByRole('button', { name: 'Claim…', exact: true }).click();
  await page.getByLabel('Name of the node').fill('lathe-left');
  await page.keyboard.press('Enter');
  const button = page.getByRole('button', { name: 'Claiming …' });
  await button.waitFor();
  expect(await button.isDisabled()).toBe(true);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  expect(await page.getByRole('dialog').isVisible()).toBe(true);
  gate.resolve(undefined);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(api.kube.writes().filter(({ verb, kind }) => verb === 'create' && kind === 'DeviceClaim')).toHaveLength(1);
});

it('offers the keys and values of other claims', async () => {
  const { page } = await open({
    prepare: async (api) => {
      await pending(api);
      await putClaimed(api, 12, 'press-1', 'Ready', { labels: { machine: 'press' } });
    },
  });
  await page.getByRole('button', { name: 'Claim…', exact: true }).click();
  const offered = page.locator('datalist option');
  expect(await offered.evaluateAll((options) => options.map((option) => option.getAttribute('value')))).toEqual([
    'machine',
    'press',
  ]);
});

/** The id of what has the focus, or its name. */
function focused(page: Page): Promise<string | null | undefined> {
  return page.evaluate(() => {
    const element = document.activeElement;
    return element?.id === '' ? element.getAttribute('aria-label') : element?.id;
  });
}

async function tabTo(page: Page, text: string): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate(() => document.activeElement?.textContent)) === text) return;
  }
  expect.fail(`Tab never reached ${text}`);
}
