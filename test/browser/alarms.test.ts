import { expect, it } from 'vitest';
import { siteOpener } from './support/open-site.ts';
import { idOf, macOf, putClaimed, putDevice, putEveryStage } from './support/sample-site.ts';

const open = siteOpener();
const rogue = (n: number) =>
  ({
    code: 'NODE_PASSWORD_UNEXPECTED',
    params: { nodeName: `rogue-${String(n)}`, secret: 'x' },
    nodeName: `rogue-${String(n)}`,
  }) as const;

it('shows an alarm above everything, tells it, leads to its device, and goes once somebody has looked', async () => {
  const { page, api, alarms } = await open({ prepare: (api) => putClaimed(api, 12, 'press-1', 'Ready') });
  await page.getByRole('listitem', { name: 'press-1' }).waitFor();
  expect(await page.getByRole('region', { name: /alarm/i }).count()).toBe(0);
  const params = { actual: '1', expected: '2' };
  await alarms.raise({ code: 'HARDWARE_CHANGED', params, device: idOf(12), nodeName: 'press-1' });
  const region = page.getByRole('region', { name: 'An alarm' });
  await region.getByText('came back on other hardware').waitFor();
  expect(await region.textContent()).toContain('Somebody moved or copied the card.');
  expect(await region.textContent()).toContain('HARDWARE_CHANGED');
  await page.getByRole('status').getByText('Alarm: The key of this device').waitFor();
  await expect.poll(() => page.title()).toBe('(1) hall-3 · Usher');
  const [alarmTop, listTop] = await Promise.all(
    [region, page.getByRole('region', { name: 'Ready' })].map(async (part) => (await part.boundingBox())?.y ?? 0),
  );
  expect(alarmTop).toBeLessThan(listTop ?? 0);

  await region.getByRole('link', { name: /press-1/ }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe(`device-${idOf(12)}`);
  // A failure keeps it, and says why.
  api.kube.failNext('replace', 'KUBE_UNREACHABLE');
  const button = region.getByRole('button', { name: 'I have looked at it' });
  await button.click();
  await region.getByText('KUBE_UNREACHABLE').waitFor();
  await button.click();
  await region.waitFor({ state: 'detached' });
  expect(alarms.list()).toEqual([]);
  await expect.poll(() => page.title()).toBe('hall-3 · Usher');
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
});

it('shows many a few at a time, all on request, and keeps the keyboard’s place from one to the next', async () => {
  const { page, alarms } = await open({
    prepare: async (api, alarms) => {
      api.sightings.see(macOf(1), { hostname: 'raspberrypi' });
      for (let n = 1; n <= 5; n += 1) await alarms.raise(rogue(n));
    },
  });
  const items = page.locator('.alarms li');
  await page.getByRole('heading', { name: '5 alarms' }).waitFor();
  expect(await items.count()).toBe(3);
  await page.getByRole('button', { name: 'Show all 5' }).click();
  await expect.poll(() => items.count()).toBe(5);
  await items.nth(1).getByRole('button', { name: 'I have looked at it' }).press('Enter');
  await page.getByRole('heading', { name: '4 alarms' }).waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('alarms-title');
  // Somebody else looked too.
  const [first] = alarms.list();
  await alarms.acknowledge(first?.id ?? '');
  await page.getByRole('heading', { name: '3 alarms' }).waitFor();
});

it('leads to a device that the filter or a folded group hides, and back to what was filtered', async () => {
  const { page, alarms } = await open({
    prepare: async (api) => {
      await putEveryStage(api);
      await putDevice(api, 9, 'Rejected', { spec: { decision: 'Rejected' } });
    },
  });
  await alarms.raise({ code: 'TOKEN_USED', params: { tokenId: '1', usedBy: '2' }, device: idOf(9) });
  await page.getByRole('searchbox').fill('machine=press');
  await page.getByRole('region', { name: 'An alarm' }).getByRole('link').click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe(`device-${idOf(9)}`);
  await page.goBack();
  expect(await page.getByRole('searchbox').inputValue()).toBe('machine=press');
});
