import { expect, it } from 'vitest';
import { DEVICE } from '../../k8s/core/resources.ts';
import type { ApiFixture } from '../support/api-fixture.ts';
import { siteOpener } from './support/open-site.ts';
import { idOf, putClaimed, putDevice, putPods } from './support/sample-site.ts';

const open = siteOpener();
const withPods = async (api: ApiFixture): Promise<void> => {
  await putClaimed(api, 12, 'press-1', 'Ready');
  await putPods(api, 'press-1');
};
const decision = async (api: ApiFixture): Promise<string | undefined> =>
  (await api.kube.get(DEVICE, { name: idOf(12) }))?.spec.decision;

it('says what revoking stops, wants the name typed, and says afterwards what is left', async () => {
  const { page, api, context } = await open({ prepare: withPods });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Revoke…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('heading', { name: 'Node press-1 is drained and deleted' }).waitFor();
  const pods = await dialog.getByRole('listitem').filter({ hasText: 'lathes/' }).allTextContents();
  expect(pods).toEqual([
    'lathes/spindle-reader stops',
    'lathes/vibration-x2x7q starts elsewhere, if its labels allow (ReplicaSet/vibration)',
    'lathes/broker-password',
  ]);
  const left = dialog.getByText(/k3s-controller certificate/);
  expect(await left.isVisible()).toBe(true);

  const field = dialog.getByRole('textbox');
  // What is to be read comes before what is to be typed.
  await expect.poll(() => page.evaluate(() => document.activeElement?.className)).toBe('dialog-title');
  await page.keyboard.press('Tab');
  await page.keyboard.type('press-2');
  await page.keyboard.press('Enter');
  await dialog.getByText('That is not “press-1”.').waitFor();
  expect(await decision(api)).toBe('Undecided');
  await field.fill('press-1');
  await page.keyboard.press('Enter');

  await page.getByRole('dialog', { name: 'press-1 is revoked' }).waitFor();
  expect(await decision(api)).toBe('Revoked');
  expect(await left.isVisible()).toBe(true);
  await dialog.getByRole('button', { name: 'Rotate the CA…' }).click();
  const guide = page.getByRole('dialog', { name: 'Rotate the cluster’s CA' });
  await guide.getByText('Revoked, and still holding a certificate').waitFor();
  expect(await guide.textContent()).toContain(idOf(12));
  const copy = guide.getByRole('button', { name: /^Copy tar / });
  await copy.click();
  await guide.getByText('Copied.').waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^tar -C .* server$/);
  await page.keyboard.press('Escape');
  await guide.waitFor({ state: 'detached' });

  // Aside, it can be taken back, and the guide be found again.
  await page.getByText('Set aside 1').last().click();
  expect(await page.getByRole('button', { name: 'Rotate the CA…' }).isVisible()).toBe(true);
  await page.getByRole('button', { name: 'Reconsider' }).click();
  await expect.poll(() => decision(api)).toBe('Undecided');
});

it('has nobody confirm what could not be said, and reads it again on request', async () => {
  const { page, api } = await open({ prepare: withPods });
  await page.getByRole('listitem', { name: 'press-1' }).waitFor();
  api.kube.failNext('list', 'KUBE_UNREACHABLE');
  await page.getByRole('button', { name: 'Revoke…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('alert').getByText('KUBE_UNREACHABLE').waitFor();
  const revoke = dialog.getByRole('button', { name: 'Revoke' });
  expect(await revoke.isDisabled()).toBe(true);
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await dialog.getByText('lathes/spindle-reader').waitFor();
  api.kube.failNext('mergePatch', 'KUBE_FORBIDDEN', { kind: 'Device' });
  await dialog.getByRole('textbox').fill('press-1');
  await revoke.click();
  await dialog.getByRole('alert').getByText('KUBE_FORBIDDEN').waitFor();
  expect(await dialog.getByRole('textbox').inputValue()).toBe('press-1');
});

it('can be had for whatever may hold a certificate, and asks for the short id where there is no name', async () => {
  const { page } = await open({
    prepare: async (api) => {
      await putDevice(api, 3, 'Pending');
      await putDevice(api, 5, 'Replaced');
    },
  });
  await page.getByText('Set aside 1').last().click();
  await page.getByRole('button', { name: 'Revoke…' }).click();
  await page.getByRole('dialog').getByText('It has no node, so nothing in the cluster stops.').waitFor();
  expect(await page.getByRole('dialog').locator('label').textContent()).toBe(
    `Type ${idOf(5).slice(0, 6)} to revoke it`,
  );
});
