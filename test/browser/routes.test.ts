import { expect, it } from 'vitest';
import { signIn, siteOpener } from './support/open-site.ts';
import { idOf, putClaimed, putDevice } from './support/sample-site.ts';

const open = siteOpener();
const CODE = 'k7qf2m9xtr4c8whd';

it('goes on to what was opened after signing in', async () => {
  const { page, api } = await open({
    signedIn: false,
    path: `/device/${idOf(12)}`,
    prepare: (api) => putClaimed(api, 12, 'press-1', 'Ready'),
  });
  await page.getByText('Sign in to go on with what you opened.').waitFor();
  await signIn(page, api);
  await page.getByRole('heading', { name: 'press-1' }).waitFor();
  await page.getByRole('link', { name: 'All devices' }).click();
  await page.getByRole('region', { name: 'Ready' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'press-1' }).waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe(`device-${idOf(12)}`);
});

it('reads the code of a link once: it is in no address, no request and no history, and approves nothing', async () => {
  const { page, api } = await open({
    signedIn: false,
    path: `/c#1.${idOf(3)}.${CODE}`,
    prepare: (api) => putDevice(api, 3, 'Pending'),
  });
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
  await expect.poll(() => page.evaluate(() => location.href)).not.toContain('#');
  await signIn(page, api);
  await page.getByRole('heading', { name: 'Is this the device?' }).waitFor();
  await page.getByText(idOf(3).slice(0, 6).toUpperCase(), { exact: true }).waitFor();
  expect(sent.filter((text) => text.includes(CODE))).toEqual([]);
  const kept = await page.evaluate(() =>
    JSON.stringify([history.state, Object.values(localStorage), Object.values(sessionStorage)]),
  );
  expect(kept).not.toContain(CODE);
  await page.reload();
  await page.getByRole('heading', { name: 'Scan a claim code' }).waitFor();
  expect(await page.getByText('Is this the device?').count()).toBe(0);
});

it('says so when a device is not known, and shows the site at an address that it does not have', async () => {
  const { page, origin } = await open({ path: '/device/nobody', prepare: (api) => putDevice(api, 3, 'Pending') });
  await page.getByText('No device with this id is known').waitFor();
  await page.goto(`${origin}/no-such-part`);
  await page.getByRole('region', { name: 'Waiting for your claim' }).waitFor();
});
