import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { CONFIG_MAP, DEVICE, DEVICE_CLAIM } from '../../k8s/core/resources.ts';
import { siteOpener } from './support/open-site.ts';
import { idOf, putClaimed, putDevice, putPods } from './support/sample-site.ts';

const open = siteOpener();

it.each([
  { policy: 'Retain', phase: 'Ready', says: 'node press-1 keeps running, with its labels and its pods' },
  { policy: 'Release', phase: 'Ready', says: 'its pods get up to a minute to move away, and the node is deleted' },
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

it('lists the pods that a release moves or ends, and says so when it cannot, without standing in the way', async () => {
  const { page, api } = await open({
    prepare: async (api) => {
      await putClaimed(api, 12, 'press-1', 'Ready', { reclaimPolicy: 'Release' });
      await putPods(api, 'press-1');
    },
  });
  const button = page.getByRole('button', { name: 'Unclaim…' });
  await button.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('lathes/spindle-reader stops').waitFor();
  expect(await dialog.textContent()).toContain('lathes/vibration-x2x7q starts elsewhere');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  api.kube.failNext('list', 'KUBE_UNREACHABLE');
  await button.click();
  await dialog.getByText('KUBE_UNREACHABLE').waitFor();
  await dialog.getByRole('button', { name: 'Unclaim' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(await api.kube.get(DEVICE_CLAIM, { name: 'press-1' })).toBeUndefined();
});

it('takes a node out that its claim would keep, when that is chosen', async () => {
  const { page, api } = await open({
    prepare: async (api) => {
      await putClaimed(api, 12, 'press-1', 'Ready', { reclaimPolicy: 'Retain' });
      await putPods(api, 'press-1');
    },
  });
  await page.getByRole('button', { name: 'Unclaim…' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByRole('radio', { name: 'Keep it running' }).isChecked()).toBe(true);
  await dialog.getByRole('radio', { name: 'Drain and delete it' }).check();
  await dialog.getByText('lathes/spindle-reader stops').waitFor();
  expect(await dialog.textContent()).toContain('the node is deleted from the cluster');
  const told = page.waitForRequest((request) => request.method() === 'PATCH');
  await dialog.getByRole('button', { name: 'Unclaim' }).click();
  expect((await told).postDataJSON()).toEqual({ reclaimPolicy: 'Release' });
  await dialog.waitFor({ state: 'detached' });
  expect(await api.kube.get(DEVICE_CLAIM, { name: 'press-1' })).toBeUndefined();
});

it('says of one that was set aside that it stays there without its claim', async () => {
  const { page } = await open({ prepare: (api) => putClaimed(api, 12, 'press-1', 'Rejected') });
  await page.getByText('Set aside 1').last().click();
  await page.getByRole('button', { name: 'Unclaim…' }).click();
  expect(await page.getByRole('dialog').textContent()).toContain('The device stays rejected.');
  expect(await page.getByText('machine=lathe').count()).toBe(0);
});

it('says of a node that is claimed again whether it goes on or joins anew', async () => {
  const { page, api } = await open({ prepare: (api) => putDevice(api, 12, 'Ready', { nodeName: 'press-1' }) });
  await page.getByRole('button', { name: 'Claim…', exact: true }).click();
  const dialog = page.getByRole('dialog');
  const name = page.getByLabel('Name of the node');
  expect(await name.inputValue()).toBe('press-1');
  await dialog.getByText('Under this name node press-1 goes on untouched').waitFor();
  await name.fill('press-2');
  await dialog.getByText('The device joins anew, as press-2.').waitFor();
  expect(await dialog.textContent()).toContain('Node press-1 takes no new pods');
  await name.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  expect((await api.kube.get(DEVICE_CLAIM, { name: 'press-2' }))?.spec.match).toEqual({ device: idOf(12) });
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

it('ignores what was only seen on the LAN by its MAC address, and takes that back', async () => {
  const mac = 'dc:a6:32:00:00:01';
  const { page, api } = await open({ prepare: (api) => api.sightings.see(mac, { hostname: 'printer' }) });
  const ignored = async (): Promise<string[]> =>
    Object.keys((await api.kube.get(CONFIG_MAP, { name: 'ignored-macs', namespace: 'usher-system' }))?.data ?? {});
  await page.getByRole('link', { name: 'printer' }).first().waitFor();
  expect(await page.getByRole('button', { name: 'Reject…' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Ignore' }).click();
  await expect.poll(ignored).toEqual(['dc-a6-32-00-00-01']);
  await page.getByText('Set aside 1').last().click();
  // Gone from the LAN, it stays in the list; its page has the button, too.
  api.sightings.forget(mac);
  await page.getByRole('link', { name: 'Unknown device' }).first().click();
  await page.getByText(mac).first().waitFor();
  await page.getByText('ignored: stays so until an operator reconsiders').first().waitFor();
  await page.getByRole('button', { name: 'Reconsider' }).click();
  await expect.poll(ignored).toEqual([]);
  api.sightings.see(mac, { hostname: 'printer' });
  await page.getByRole('button', { name: 'Ignore' }).waitFor();
});

it('shows what the appliance says when a decision fails', async () => {
  const { page, api } = await open({ prepare: (api) => putDevice(api, 3, 'Pending') });
  api.kube.failNext('mergePatch', 'KUBE_UNREACHABLE', { kind: 'Device' });
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
