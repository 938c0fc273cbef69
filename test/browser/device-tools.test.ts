import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { DEVICE_CLAIM } from '../../k8s/core/resources.ts';
import { siteOpener } from './support/open-site.ts';
import { idOf, putClaimed, putDevice, putPods } from './support/sample-site.ts';

const open = siteOpener();

it('has a board blink and shows the words to look for, and says so when nothing of it answers', async () => {
  const asked: string[] = [];
  let answers = true;
  const agent = {
    isListening: () => true,
    show: (_device: string, { words }: { words: string }) => {
      asked.push(words);
      return Promise.resolve(answers);
    },
  };
  const node = { show: () => Promise.resolve(false) };
  const { page } = await open({
    parts: { identifyWays: { agent, node } },
    prepare: (api) => putDevice(api, 3, 'Pending'),
  });
  await page.getByRole('button', { name: 'Identify' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('.big-words').waitFor();
  expect(await dialog.locator('.big-words').textContent()).toBe(asked[0]);
  answers = false;
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Identify' }).click();
  await dialog.getByRole('alert').getByText('IDENTIFY_RUNNING').waitFor();
});

it('saves a sheet of labels', async () => {
  const { page } = await open({ path: '/labels', prepare: (api) => putClaimed(api, 12, 'press-1', 'Ready') });
  await page.getByLabel('press-1').check();
  await page.getByLabel('File').selectOption('svg');
  await page.getByRole('button', { name: 'Make one label' }).click();
  const saved = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Save the sheet' }).click();
  const file = await saved;
  expect(file.suggestedFilename()).toBe('labels.svg');
  const text = await readFile(await file.path(), 'utf8');
  expect(text).toContain('press-1');
  expect(text).toMatch(/^<svg|^<\?xml/);
});

it('claims nothing when the device changed under the click: it is shown anew, and may be claimed then', async () => {
  const { page, api } = await open({ prepare: (api) => putDevice(api, 3, 'Pending') });
  await page.getByRole('button', { name: 'Claim…', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await page.getByLabel('Name of the node').fill('lathe-left');
  const hardware = { macs: ['b8:27:eb:00:00:99'], serial: '10000000deadbeef', model: 'Another board', arch: 'arm64' };
  await putDevice(api, 3, 'Pending', { status: { hardware } });
  await page.locator('main').getByText('Another board').first().waitFor();
  expect(await dialog.getByText('Another board').count()).toBe(0);
  await page.keyboard.press('Enter');
  const alert = dialog.getByRole('alert');
  await alert.getByText('has changed since you looked at it').waitFor();
  expect(await alert.textContent()).toContain('Look at it as it is now, and decide again.');
  await dialog.getByText('Another board').waitFor();
  expect(await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' })).toBeUndefined();
  await dialog.getByRole('button', { name: 'Claim', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  expect((await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' }))?.spec.match).toEqual({ device: idOf(3) });
});

it('shows what runs on a node', async () => {
  const { page } = await open({
    path: `/device/${idOf(12)}`,
    prepare: async (api) => {
      await putClaimed(api, 12, 'press-1', 'Ready');
      await putPods(api, 'press-1');
    },
  });
  const pods = page.getByRole('region', { name: 'What runs on it' });
  await pods.getByText('lathes/spindle-reader').waitFor();
  await pods.getByText('lathes/vibration-x2x7q').waitFor();
});
