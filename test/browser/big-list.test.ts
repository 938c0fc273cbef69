import { expect, it } from 'vitest';
import { DEVICE_CLAIM } from '../../k8s/core/resources.ts';
import type { ApiFixture } from '../support/api-fixture.ts';
import { siteOpener } from './support/open-site.ts';
import { idOf, macOf, putClaim, putDevice } from './support/sample-site.ts';

const open = siteOpener();
const SEEN = 1000;

async function fill(api: ApiFixture): Promise<void> {
  for (let n = 100; n < 100 + SEEN; n += 1) {
    api.sightings.see(macOf(n), { hostname: `board-${String(n)}`, ip: `10.0.${String(n >> 8)}.${String(n & 255)}` });
  }
  for (let n = 1; n <= 3; n += 1) await putDevice(api, n, 'Pending');
  await putClaim(api, 'pi-2', { match: { serial: '1' }, labels: {} });
}

it('shows a thousand as a list of which only what is in sight is drawn, and follows what changes', async () => {
  const { page, api } = await open({ prepare: fill });
  const grid = page.getByRole('grid');
  await grid.waitFor();
  expect(Number(await grid.getAttribute('aria-rowcount'))).toBe(SEEN + 5);
  expect(await grid.getByRole('row').count()).toBeLessThan(80);
  // Those that need the operator stand first.
  expect(await grid.getByRole('row').nth(1).textContent()).toContain('Pending');
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await grid.getByRole('link', { name: 'board-1099' }).waitFor();
  api.sightings.see(macOf(1099), { hostname: 'renamed-1099' });
  await grid.getByRole('link', { name: 'renamed-1099' }).waitFor();

  await page.keyboard.press('/');
  await page.keyboard.type('board-55');
  await expect.poll(() => grid.getAttribute('aria-rowcount')).toBe('11');
  await page.getByRole('button', { name: 'Name' }).click();
  await page.getByRole('button', { name: 'Name' }).click();
  await expect.poll(() => grid.getByRole('link').first().textContent()).toBe('board-559');
});

it('is walked by the keyboard', async () => {
  const { page } = await open({ prepare: fill });
  const active = () => page.evaluate(() => document.activeElement?.getAttribute('aria-rowindex'));
  await page.getByRole('row').nth(1).focus();
  await page.keyboard.press('ArrowDown');
  await expect.poll(active).toBe('3');
  await page.keyboard.press('End');
  await expect.poll(active).toBe(String(SEEN + 5));
  await page.keyboard.press('Home');
  await expect.poll(active).toBe('2');
  await page.keyboard.press(' ');
  await page.getByText('One selected').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('row').nth(1).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'All devices' }).waitFor();
});

it('claims what is selected under names by a pattern, each shown before, and goes on after a refusal', async () => {
  const { page, api } = await open({ prepare: fill });
  await page.getByRole('button', { name: /Waiting for your claim/ }).click();
  await page.getByLabel('Select all that are shown').check();
  await page.getByRole('button', { name: 'Claim 3…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Claim 3 devices' });
  const names = dialog.locator('tbody bdi');
  expect(await names.allTextContents()).toEqual(['pi-1', 'pi-3', 'pi-4']);
  await dialog.getByLabel('Pattern of the names').fill('Lathe {n}');
  expect(await dialog.getByRole('button', { name: 'Claim 3' }).isDisabled()).toBe(true);
  await dialog.getByLabel('Pattern of the names').fill('lathe-{n2}');
  await dialog.getByLabel('Key of label 1').fill('machine');
  await dialog.getByLabel('Value of label 1').fill('lathe');
  api.kube.failNext('create', 'KUBE_UNREACHABLE', { kind: 'DeviceClaim' });
  await dialog.getByRole('button', { name: 'Claim 3' }).click();
  await dialog.getByText('KUBE_UNREACHABLE').waitFor();
  await dialog.getByRole('button', { name: 'Try the rest again' }).click();
  await dialog.getByText('All 3 devices are claimed.').waitFor();
  for (const [n, name] of [1, 2, 3].map((n) => [n, `lathe-0${String(n)}`] as const)) {
    const claim = await api.kube.get(DEVICE_CLAIM, { name });
    expect(claim?.spec.labels).toEqual({ machine: 'lathe' });
    expect([idOf(1), idOf(2), idOf(3)], String(n)).toContain(claim?.spec.match.device);
  }
});
