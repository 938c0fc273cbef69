import { expect, it } from 'vitest';
import { DEVICE_CLAIM } from '../../k8s/core/resources.ts';
import { siteOpener } from './support/open-site.ts';
import { FAILURE, idOf, macOf, putClaimed, putDevice } from './support/sample-site.ts';

const open = siteOpener();

it('tells of a device its way, hardware, evidence and how strong it is, and stays readable when it leaves', async () => {
  const { page, api } = await open({
    path: `/device/${encodeURIComponent(`mac:${macOf(1)}`)}`,
    prepare: (api) => {
      api.sightings.see(macOf(1), { hostname: 'raspberrypi', ip: '10.0.0.21' });
    },
  });
  const way = page.getByRole('region', { name: 'Its way' });
  await way.waitFor();
  expect(await way.locator('[aria-current=step]').textContent()).toContain('Seen');
  expect(await page.getByRole('region', { name: 'Evidence' }).textContent()).toContain('proves nothing');
  expect(await page.getByRole('region', { name: 'On the network' }).textContent()).toContain('10.0.0.21');
  api.sightings.forget(macOf(1));
  await page.getByText('No device with this id is known').waitFor();
  expect(await page.getByRole('region', { name: 'On the network' }).isVisible()).toBe(true);
});

it('shows a failure with its code, what to do, and the button that does it', async () => {
  const { page } = await open({
    path: `/device/${idOf(7)}`,
    prepare: (api) => putClaimed(api, 7, 'tank-1', 'Failed', { status: { failure: FAILURE } }),
  });
  await page.getByText('NODE_NOT_SEEN').first().waitFor();
  await page.getByText(FAILURE.remedy).first().waitFor();
  await page.getByRole('button', { name: 'Retry now' }).waitFor();
});

it('changes the labels of a claim', async () => {
  const { page, api } = await open({
    path: `/device/${idOf(12)}`,
    prepare: (api) => putClaimed(api, 12, 'press-1', 'Ready', { labels: { machine: 'press', line: 'b' } }),
  });
  await page.getByRole('button', { name: 'Edit claim…' }).click();
  await page.getByLabel('Value of label 2').fill('not a value');
  await page.getByLabel('Value of label 2').press('Enter');
  await page.getByRole('dialog').getByText('A value has letters').waitFor();
  await page.getByLabel('Value of label 2').fill('c');
  await page.getByRole('button', { name: 'Remove label 1' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect((await api.kube.get(DEVICE_CLAIM, { name: 'press-1' }))?.spec.labels).toEqual({ line: 'c' });
});

it('makes a claimed board one of a pair, gives it the other part, and takes it out again, by keyboard', async () => {
  const { page, api } = await open({
    path: `/device/${idOf(12)}`,
    prepare: (api) => putClaimed(api, 12, 'press-1', 'Ready', { labels: { machine: 'press' } }),
  });
  const dialog = page.getByRole('dialog', { name: 'Labels and pair of press-1' });
  const role = dialog.getByLabel('Its part');
  const sent: unknown[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') sent.push(request.postDataJSON());
  });
  const edit = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Edit claim…' }).focus();
    await page.keyboard.press('Enter');
    await dialog.waitFor();
  };
  const save = async (): Promise<void> => {
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Edit claim…');
  };
  await edit();
  expect(await role.isVisible()).toBe(false);
  await dialog.getByText('One of a pair…').focus();
  await page.keyboard.press('Enter');
  await role.selectOption('Backup');
  // Folded away, the field that is wrong is opened and gone to.
  await dialog.getByText('One of a pair…').click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('pair-name');
  expect(sent).toEqual([]);
  await page.keyboard.type('presses');
  await save();
  await page.getByText('presses · Backup').waitFor();

  await edit();
  expect([await role.inputValue(), await dialog.getByLabel('Name of the pair').inputValue()]).toEqual([
    'Backup',
    'presses',
  ]);
  await dialog.getByLabel('Name of the pair').focus();
  await save();
  await edit();
  await role.selectOption('Primary');
  await dialog.getByLabel('Name of the pair').focus();
  await save();
  await page.getByText('presses · Primary').waitFor();
  await edit();
  await role.focus();
  await role.selectOption('');
  // The choice keeps the focus: nothing folds over it.
  expect(await role.evaluate((element) => element === document.activeElement)).toBe(true);
  await dialog.getByRole('button', { name: 'Save' }).focus();
  await save();
  const labels = { machine: 'press' };
  expect(sent).toEqual([
    { labels, pair: { name: 'presses', role: 'Backup' } },
    { labels },
    { labels, pair: { name: 'presses', role: 'Primary' } },
    { labels, pair: null },
  ]);
  const spec = (await api.kube.get(DEVICE_CLAIM, { name: 'press-1' }))?.spec;
  expect(spec).toMatchObject({ labels });
  expect(spec?.pair).toBeUndefined();
});

it('suggests the next name and its labels when it claims, and takes the choice of a pair', async () => {
  const { page, api } = await open({
    path: `/device/${idOf(3)}`,
    prepare: async (api) => {
      await putDevice(api, 3, 'Pending');
      await putClaimed(api, 12, 'lathe-1', 'Ready', { labels: { machine: 'lathe', location: 'lathe-1' } });
    },
  });
  await page.getByRole('button', { name: 'Claim…', exact: true }).click();
  await page.getByRole('button', { name: 'lathe-2' }).click();
  expect(await page.getByLabel('Name of the node').inputValue()).toBe('lathe-2');
  expect(await page.getByLabel('Value of label 2').inputValue()).toBe('lathe-2');
  await page.getByText('One of a pair…').click();
  await page.getByLabel('Its part').selectOption('Backup');
  await page.getByRole('dialog').getByRole('button', { name: 'Claim' }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('pair-name');
  await page.getByLabel('Name of the pair').fill('lathes');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect((await api.kube.get(DEVICE_CLAIM, { name: 'lathe-2' }))?.spec).toMatchObject({
    labels: { machine: 'lathe', location: 'lathe-2' },
    pair: { name: 'lathes', role: 'Backup' },
  });
});
