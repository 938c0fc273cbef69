import { expect, it } from 'vitest';
import { UsherError } from '../../foundation/errors.ts';
import { DEVICE, DEVICE_CLAIM, RETRY_ANNOTATION, type DeviceClaim } from '../../k8s/core/resources.ts';
import type { ApiFixture } from '../support/api-fixture.ts';
import { candidate } from '../support/api-fixture.ts';
import { siteOpener } from './support/open-site.ts';
import {
  FAILURE,
  idOf,
  macOf,
  putClaim,
  putClaimed,
  putDead,
  putDevice,
  putNewcomer,
  serialOf,
  tokenIdOf,
} from './support/sample-site.ts';

const open = siteOpener();
const OLD = 5;
const NEW = 20;
const claimOf = (api: ApiFixture, name = 'lathe-left'): Promise<DeviceClaim | undefined> =>
  api.kube.get(DEVICE_CLAIM, { name });

it('says in plain words whose board a newcomer looks like, side by side, and lets it take the place', async () => {
  const { page, api } = await open({
    prepare: async (api) => {
      await putDead(api, OLD, 'lathe-left');
      await putNewcomer(api, NEW, OLD, {
        ...FAILURE,
        code: 'REPLACEMENT_OFFERED',
        message: 'Device 2 carries the serial of device 1, which has joined',
        remedy: 'If the board got a new card, confirm the replacement on the page.',
      });
    },
  });
  const card = page.locator(`[data-card-id="${idOf(NEW)}"]`);
  await card.getByText('This looks like lathe-left’s board with a fresh card.').waitFor();
  const attention = page.getByRole('region', { name: 'Needs attention' });
  expect(await attention.locator('h3').allTextContents()).toHaveLength(2);
  // What both share is said once; what differs stands side by side.
  const row = (name: string) => card.getByRole('row', { name: new RegExp(`^${name}`) });
  expect(await row('Serial').getByRole('cell').allTextContents()).toEqual([`${serialOf(OLD)} both`]);
  expect(await row('MAC').getByRole('cell').allTextContents()).toEqual([macOf(OLD), macOf(NEW)]);
  expect(await row('Node').getByRole('cell').allTextContents()).toEqual(['lathe-left', 'none']);
  expect(await row('State').getByRole('cell').allTextContents()).toEqual(['Not ready', 'Pending']);
  expect(await card.getByText('REPLACEMENT_OFFERED').isVisible()).toBe(true);
  expect(await card.getByRole('button', { name: 'Reject…' }).isVisible()).toBe(true);

  await card.getByRole('button', { name: 'Take its place…' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.textContent()).toContain('joins as node lathe-left');
  expect(await dialog.textContent()).toContain('machine=lathe');
  expect(await dialog.textContent()).not.toContain('is Ready at this moment');
  // A hasty Enter does no harm.
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  expect((await claimOf(api))?.spec.replaces).toBeUndefined();

  // The old one's card has the same button.
  await page.getByRole('listitem', { name: 'lathe-left' }).getByRole('button', { name: 'Take its place…' }).click();
  await dialog.getByRole('button', { name: 'Take its place' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect((await claimOf(api))?.spec).toMatchObject({ match: { device: idOf(NEW) }, replaces: idOf(OLD) });
  await card.getByText('This looks like').waitFor({ state: 'detached' });
});

it.each([
  { because: 'a DUID', hw: { duid: '00:01' }, says: 'Both use the same DHCP identifier (DUID).' },
  { because: 'a card', hw: {}, says: 'This came with lathe-left’s card, but with another key.' },
])('says what speaks for it when it is $because, and that the old one is Ready', async ({ hw, says }) => {
  const { page } = await open({
    prepare: async (api) => {
      const hardware = { macs: [macOf(OLD)], serial: serialOf(OLD), duid: '00:01' };
      await putClaimed(api, OLD, 'lathe-left', 'Ready', { status: { hardware } });
      api.candidates.arrive(idOf(NEW), {
        hello: {
          ...candidate(idOf(NEW)).hello,
          hw: { macs: [macOf(NEW)], arch: 'arm64', serial: serialOf(NEW), ...hw },
        },
        refusal: new UsherError('TOKEN_USED', { tokenId: tokenIdOf(OLD), usedBy: '1' }),
      });
    },
  });
  const card = page.locator(`[data-card-id="${idOf(NEW)}"]`);
  await card.getByText(says).waitFor();
  expect(await card.getByText('TOKEN_USED').isVisible()).toBe(true);
  expect(await card.getByRole('button', { name: 'New card…' }).isVisible()).toBe(true);
  await card.getByRole('button', { name: 'Take its place…' }).click();
  const text = await page.getByRole('dialog').textContent();
  expect(text).toContain('Node lathe-left is Ready at this moment.');
  expect(text).toContain('is accepted once more: for this one key');
});

it('keeps a claim that fits both out of the newcomer’s hands: nothing on its card takes it away', async () => {
  const { page } = await open({
    prepare: async (api) => {
      await putDead(api, OLD, 'lathe-left');
      await api.kube.mergePatch(
        DEVICE_CLAIM,
        { name: 'lathe-left' },
        { spec: { match: { device: null, serial: serialOf(OLD) } } },
      );
      await putNewcomer(api, NEW, OLD);
    },
  });
  const card = page.locator(`[data-card-id="${idOf(NEW)}"]`);
  await card.getByRole('button', { name: 'Take its place…' }).waitFor();
  expect(await card.getByRole('button', { name: 'Unclaim…' }).count()).toBe(0);
  expect(await card.getByRole('heading').textContent()).not.toBe('lathe-left');
  expect(await card.getByRole('button', { name: 'Reject…' }).count()).toBe(1);
});

it('replaces a dead board by one that is chosen, and says what to do while none is there', async () => {
  const { page, api } = await open({ prepare: (api) => putDead(api, OLD, 'lathe-left') });
  const button = page.getByRole('button', { name: 'Replace by another board…' });
  await button.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('No other board waits here.').waitFor();
  const take = dialog.getByRole('button', { name: 'Take its place' });
  expect(await take.isDisabled()).toBe(true);
  // A spare board comes while the dialog is open; a claimed one and one without evidence are not offered.
  await putClaimed(api, 7, 'tank-1', 'Failed');
  await putDevice(api, 8, 'Pending', { spec: { evidence: { kind: 'None' } } });
  await putDevice(api, NEW, 'Pending');
  const choice = dialog.getByRole('radio');
  await choice.waitFor();
  await choice.check();
  await dialog.getByRole('row', { name: 'Serial' }).waitFor();
  api.kube.failNext('replace', 'KUBE_UNREACHABLE');
  await take.click();
  await dialog.getByRole('alert').getByText('KUBE_UNREACHABLE').waitFor();
  await take.click();
  await dialog.waitFor({ state: 'detached' });
  expect((await claimOf(api))?.spec).toMatchObject({ match: { device: idOf(NEW) }, replaces: idOf(OLD) });
});

it('has an unclaimed one claimed first, since its place is its claim', async () => {
  const { page } = await open({
    prepare: async (api) => {
      await putDevice(api, OLD, 'Ready', { nodeName: 'lathe-left' });
      await putNewcomer(api, NEW, OLD);
    },
  });
  const card = page.locator(`[data-card-id="${idOf(NEW)}"]`);
  await card.getByText('has no claim that could be handed over').waitFor();
  await card.getByRole('button', { name: 'Claim lathe-left…' }).click();
  expect(await page.getByLabel('Name of the node').inputValue()).toBe('lathe-left');
});

it('shows a replaced one aside with who has its place, and brings it back', async () => {
  const { page, api } = await open({
    prepare: async (api) => {
      await putClaim(
        api,
        'lathe-left',
        { match: { device: idOf(NEW) }, replaces: idOf(OLD) },
        { phase: 'Joined', deviceRef: { name: idOf(NEW), uid: '' } },
      );
      const claimRef = { name: 'lathe-left', uid: '' };
      await putDevice(api, NEW, 'Ready', { nodeName: 'lathe-left', status: { claimRef } });
      const failure = { ...FAILURE, code: 'DEVICE_REPLACED', message: 'This device was replaced by 2' } as const;
      await putDevice(api, OLD, 'Replaced', { status: { failure } });
    },
  });
  await page.getByText('Set aside 1').last().click();
  const card = page.locator(`[data-card-id="${idOf(OLD)}"]`);
  expect(await card.locator('.badge').textContent()).toBe('Replaced');
  await card.getByRole('link', { name: /lathe-left/ }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe(`device-${idOf(NEW)}`);
  await page.goBack();
  await page.getByText('Set aside 1').last().click();
  await card.getByText('Claim lathe-left says so.').waitFor();

  await card.getByRole('button', { name: 'Bring back…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Bring back' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect((await claimOf(api))?.spec).toEqual({ match: { device: idOf(NEW) } });
  const old = await api.kube.get(DEVICE, { name: idOf(OLD) });
  expect(old?.metadata.annotations?.[RETRY_ANNOTATION]).toBeDefined();
});
