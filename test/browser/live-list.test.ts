import { expect, it } from 'vitest';
import { toRfc3339 } from '../../foundation/clock.ts';
import { DEVICE, RETRY_ANNOTATION } from '../../k8s/core/resources.ts';
import { siteOpener } from './support/open-site.ts';
import {
  FAILURE,
  idOf,
  macOf,
  putClaim,
  putClaimed,
  putConflict,
  putDevice,
  putEveryStage,
  putNode,
} from './support/sample-site.ts';

const open = siteOpener();

it('says what to do when nothing is there, and shows a sighting without a reload', async () => {
  const { page, api } = await open();
  await page.getByRole('heading', { name: 'Nothing on the network yet' }).waitFor();
  api.sightings.see(macOf(1), { hostname: 'raspberrypi', ip: '10.0.0.21' });
  const group = page.getByRole('region', { name: 'Seen on the network' });
  await group.getByRole('listitem', { name: 'raspberrypi' }).waitFor();
  expect(await group.textContent()).toContain('10.0.0.21');
  await page.getByRole('status').getByText('New: raspberrypi: Seen.').waitFor();
  api.sightings.forget(macOf(1));
  await page.getByRole('heading', { name: 'Nothing on the network yet' }).waitFor();
});

it('follows a device from Pending to Ready, and tells so', async () => {
  const { page, api } = await open({ prepare: (api) => putDevice(api, 3, 'Pending') });
  const status = page.getByRole('status');
  await page.getByRole('region', { name: 'Waiting for your claim' }).getByText('Waits for a claim.').waitFor();
  // What is there when the page opens is not told; that something is told shows that the page has begun to.
  api.sightings.see(macOf(9), { hostname: 'raspberrypi' });
  await status.getByText('New: raspberrypi: Seen.').waitFor();
  api.sightings.forget(macOf(9));

  const labels = { machine: 'lathe' };
  await putClaim(
    api,
    'lathe-left',
    { match: { device: idOf(3) }, labels },
    { phase: 'Bound', deviceRef: { name: idOf(3), uid: '' } },
  );
  const claimRef = { name: 'lathe-left', uid: '' };
  await putDevice(api, 3, 'Approved', { nodeName: 'lathe-left', status: { claimRef } });
  const way = page.getByRole('region', { name: 'On its way' }).getByRole('listitem', { name: 'lathe-left' });
  await way.getByText('Approved', { exact: true }).waitFor();
  expect(await way.getByRole('progressbar').getAttribute('aria-label')).toBe('Step 1 of 5');
  await status.getByText('lathe-left: Approved.').waitFor();

  await putDevice(api, 3, 'Joining', { nodeName: 'lathe-left', status: { claimRef } });
  await way.getByText('Joining', { exact: true }).waitFor();
  await putNode(api, 'lathe-left', labels);
  await putDevice(api, 3, 'Ready', { nodeName: 'lathe-left', status: { claimRef } });
  const ready = page.getByRole('region', { name: 'Ready' }).getByRole('listitem', { name: 'lathe-left' });
  await ready.getByText('machine=lathe').waitFor();
  await status.getByText('lathe-left: Ready.').waitFor();
  expect(await page.getByRole('region').count()).toBe(1);
});

it('shows a failure with its remedy and when it is tried again; Retry asks for it now', async () => {
  const retryAt = toRfc3339(Date.now() + 270_000);
  const { page, api } = await open({
    prepare: (api) => putClaimed(api, 7, 'tank-1', 'Failed', { status: { failure: { ...FAILURE, retryAt } } }),
  });
  const card = page.getByRole('region', { name: 'Needs attention' }).getByRole('listitem', { name: 'tank-1' });
  await card.getByText(FAILURE.message).waitFor();
  const text = await card.textContent();
  expect(text).toContain(FAILURE.remedy);
  expect(text).toContain('NODE_NOT_SEEN');
  expect(text).toMatch(/tried again by itself in 4 min/);
  await expect.poll(() => page.title()).toBe('(1) hall-3 · Usher');
  await card.getByRole('button', { name: 'Retry now' }).click();
  await expect
    .poll(async () => (await api.kube.get(DEVICE, { name: idOf(7) }))?.metadata.annotations?.[RETRY_ANNOTATION])
    .toBeDefined();
});

it('shows claims that wait, and those in conflict with the reason, before what is well', async () => {
  const { page, api } = await open({
    prepare: async (api) => {
      await putClaim(api, 'oven-1', { match: { serial: '10000000aaaabbbb' }, labels: { machine: 'oven' } });
      await putConflict(api, 'oven-2');
      await putClaimed(api, 12, 'press-1', 'Ready');
    },
  });
  await page.getByRole('region', { name: 'Ready' }).waitFor();
  const conflict = page.getByRole('region', { name: 'Needs attention' }).getByRole('listitem', { name: 'oven-2' });
  expect(await conflict.textContent()).toContain('Two devices with evidence have the serial number');
  const waiting = page.getByRole('region', { name: 'On its way' }).getByRole('listitem', { name: 'oven-1' });
  expect(await waiting.textContent()).toContain('10000000aaaabbbb');
  // Its device shows up: the claim is then told by the device's own card.
  api.sightings.see(macOf(1), { serial: '10000000aaaabbbb', hostname: 'raspberrypi' });
  await page.getByRole('region', { name: 'On its way' }).getByText('it is to become oven-1').waitFor();
  await waiting.getByText('Claim waits').waitFor({ state: 'detached' });
});

it('orders the groups by who needs the operator, finds by words, and folds away what was set aside', async () => {
  const { page } = await open({ prepare: putEveryStage });
  await page.getByRole('region', { name: 'Ready' }).waitFor();
  const titles = await page.locator('section.group h2').allTextContents();
  expect(titles.map((title) => title.replace(/ \d+$/, ''))).toEqual([
    'Needs attention',
    'Waiting for your claim',
    'On its way',
    'Seen on the network',
    'Ready',
    'Set aside',
  ]);
  expect(await page.getByText('Rejected', { exact: true }).isVisible()).toBe(false);
  await page.getByText('Set aside 3').last().click();
  expect(await page.getByText('Rejected', { exact: true }).isVisible()).toBe(true);
  await page.getByRole('searchbox').fill('machine=press hall-3');
  await expect.poll(() => page.locator('section.group h3').allTextContents()).toEqual(['press-1']);
  await page.getByRole('searchbox').fill('no such thing');
  await page.getByText('Nothing fits the filter.').waitFor();
});

it('says what is not k3s, and what of the site does not work', async () => {
  const { page } = await open({
    site: {
      kubernetes: { ready: false, version: 'v1.36.3+standin1', server: '', standIn: 'Upstream Kubernetes.' },
      sources: [{ name: 'dhcp', working: false, detail: 'tcpdump is missing' }],
    },
  });
  await page.getByText('This is not k3s, but the lab’s stand-in.').waitFor();
  await page.getByText('Upstream Kubernetes.').waitFor();
  await page.getByText('Kubernetes does not answer.').waitFor();
  await page.getByText('tcpdump is missing. Run usher doctor').waitFor();
});
