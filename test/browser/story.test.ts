import { expect, it } from 'vitest';
import { DEVICE } from '../../k8s/core/resources.ts';
import { FAILURE, idOf, macOf, putClaimed } from './support/sample-site.ts';
import { siteOpener } from './support/open-site.ts';

const open = siteOpener();

it('tells a device’s story in order, reads it only when asked for, and again when the device changes', async () => {
  const { page, api } = await open({
    prepare: async (api) => {
      await putClaimed(api, 7, 'tank-1', 'Joining');
      api.sightings.see(macOf(7), { hostname: 'raspberrypi' });
    },
  });
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/story')) asked.push(request.url());
  });
  const card = page.getByRole('listitem', { name: 'tank-1' });
  await card.waitFor();
  expect(asked).toEqual([]);
  await card.getByRole('button', { name: 'Details' }).click();
  const story = page.getByRole('region', { name: 'Story' });
  await story.getByText('claim tank-1 was made').waitFor();
  expect(asked).toHaveLength(1);
  const reasons = await story.locator('code').allTextContents();
  expect(reasons).toEqual(expect.arrayContaining(['FirstSeen', 'Introduced', 'ClaimMade']));
  const times = await story
    .locator('time')
    .evaluateAll((all) => all.map((time) => time.getAttribute('datetime') ?? ''));
  expect(times).toEqual([...times].sort());

  const failure = { ...FAILURE, since: new Date(Date.now() + 1000).toISOString() };
  await api.kube.mergePatch(DEVICE, { name: idOf(7) }, { status: { phase: 'Failed', failure } }, 'status');
  const warning = story.getByRole('listitem').filter({ hasText: 'Warning:' });
  await warning.waitFor();
  expect(await warning.textContent()).toContain('NODE_NOT_SEEN');
  expect(await warning.textContent()).toContain(FAILURE.remedy);
});

it('says why the story cannot be read, and reads it again on request', async () => {
  const { page, context } = await open({ prepare: (api) => putClaimed(api, 7, 'tank-1', 'Joining') });
  await page.getByRole('listitem', { name: 'tank-1' }).waitFor();
  await page.route('**/story', (route) => route.abort());
  await page.getByRole('button', { name: 'Details' }).click();
  const story = page.getByRole('region', { name: 'Story' });
  await story.getByText('APPLIANCE_UNREACHABLE').waitFor();
  await page.unroute('**/story');
  await story.getByRole('button', { name: 'Try again' }).click();
  await story.getByText('claim tank-1 was made').waitFor();
  expect(context.pages()).toHaveLength(1);
});
