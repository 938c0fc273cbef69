import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { DEVICE, DEVICE_CLAIM } from '../../k8s/core/resources.ts';
import { siteOpener } from './support/open-site.ts';
import { idOf, putClaimed, putDevice } from './support/sample-site.ts';

const open = siteOpener();

it.each([
  { policy: 'Retain', phase: 'Ready', says: 'node press-1 keeps running' },
  { policy: 'Release', phase: 'Ready', says: 'node press-1 is deleted from the cluster' },
  { policy: 'Retain', phase: 'Joining', says: 'a ticket that is out is taken back' },
] as const)('asks before Unclaim ($policy, $phase) and says: $says', async ({ policy, phase, says }) => {
  const { page, api } = await open({
    prepare: (api) => putClaimed(api, 12, 'press-1', phase, { reclaimPolicy: policy }),
  });
  const claim = () => api.kube.get(DEVICE_CLAIM, { name: 'press-1' });
  await page.getByRole('button', { name: 'Unclaim…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Unclaim press-1?' });
  expect(await dialog.textContent()).toContain(says);
  // A hasty Enter does no harm.
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  expect(await claim()).toBeDefined();
  await page.getByRole('button', { name: 'Unclaim…' }).click();
  await dialog.getByRole('button', { name: 'Unclaim' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(await claim()).toBeUndefined();
});

it('asks before Reject, not before Ignore, and takes both back', async () => {
  const { page, api } = await open({ prepare: (api) => putDevice(api, 3, 'Pending') });
  const decision = async (): Promise<string | undefined> =>
    (await api.kube.get(DEVICE, { name: idOf(3) }))?.spec.decision;
  await page.getByRole('button', { name: 'Reject…' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.textContent()).toContain('turned away whenever it says hello');
  await dialog.getByRole('button', { name: 'Reject' }).click();
  await expect.poll(decision).toBe('Rejected');
  await page.getByText('Set aside 1').last().click();
  await page.getByRole('button', { name: 'Reconsider' }).click();
  await expect.poll(decision).toBe('Undecided');
  await page.getByRole('button', { name: 'Ignore' }).click();
  await expect.poll(decision).toBe('Ignored');
});

it('shows what the appliance says when a decision fails', async () => {
  const { page, api } = await open({ prepare: (api) => putDevice(api, 3, 'Pending') });
  api.kube.failNext('mergePatch', 'KUBE_UNREACHABLE');
  await page.getByRole('button', { name: 'Ignore' }).click();
  await page.getByRole('alert').getByText('KUBE_UNREACHABLE').waitFor();
  expect(await page.getByRole('button', { name: 'Ignore' }).isEnabled()).toBe(true);
});

it('makes a card: its usher.json can be saved once, and nothing of it stays in the page', async () => {
  const { page, api } = await open();
  await page.getByRole('button', { name: 'New card…' }).first().click();
  await page.getByLabel('What is it for? (optional)').fill('spare for the lathes');
  await page.keyboard.press('Enter');
  const save = page.getByRole('link', { name: 'Save usher.json' });
  await save.waitFor();
  expect(await page.getByRole('dialog').textContent()).toContain('bootfs');
  await page.getByRole('button', { name: 'Close without saving' }).waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), save.press('Enter')]);
  expect(download.suggestedFilename()).toBe('usher.json');
  const card: unknown = JSON.parse(await readFile(await download.path(), 'utf8'));
  const [token] = await api.tokens.list();
  expect(token).toMatchObject({ kind: 'card', usesLeft: 1, note: 'spare for the lathes' });
  expect(card).toMatchObject({ v: 1, token: `ush1.${token?.tokenId ?? ''}.00000000000000000000000000` });
  expect(await page.content()).not.toContain('ush1.');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});
