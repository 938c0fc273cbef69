import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { systemClock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import { systemRandom } from '../../foundation/random.ts';
import { ClaimCodes } from '../../join/enrol/claim-codes.ts';
import { DEVICE, DEVICE_CLAIM } from '../../k8s/core/resources.ts';
import { candidate, device, type ApiFixture } from '../support/api-fixture.ts';
import { signIn, siteOpener, type OpenSite } from './support/open-site.ts';
import { idOf, putClaimed } from './support/sample-site.ts';

const CODE = 'K7QF2M9XTR4C8WHD';
const [PI, OTHER] = [idOf(30), idOf(31)];
const open = siteOpener();

/** A page, and the codes that its appliance knows. */
async function openWithCodes(options: {
  path: string;
  signedIn?: boolean;
  prepare?: (api: ApiFixture) => unknown;
}): Promise<OpenSite & { claimCodes: ClaimCodes }> {
  const claimCodes = new ClaimCodes({ clock: systemClock, random: systemRandom });
  return { ...(await open({ ...options, parts: { claimCodes } })), claimCodes };
}

/** A board without a card said hello: it waits for its code. */
function arrive({ candidates }: ApiFixture, id: string): void {
  const { hello } = candidate(id);
  const hw = { ...hello.hw, serial: `10000000${id.slice(0, 8)}` };
  candidates.arrive(id, { hello: { ...hello, hw, evidence: { type: 'code' } } });
}

/** What the device API does when the board has proved its code. */
async function prove({ api, claimCodes }: { api: ApiFixture; claimCodes: ClaimCodes }, id: string): Promise<void> {
  const evidence = { kind: 'ClaimCode', verifiedAt: '2026-01-01T00:00:00Z' } as const;
  await api.kube.create(DEVICE, device(id, {}, { evidence }));
  await claimCodes.redeem(id, claimCodes.challengeOf(id)?.fingerprint ?? '', () => Promise.resolve());
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name });

it('goes from a link through the sign-in to a claim, and the board that proved its code waits no more', async () => {
  const site = await openWithCodes({
    path: `/c#1.${PI}.${CODE.toLowerCase()}`,
    signedIn: false,
    prepare: (api) => arrive(api, PI),
  });
  const { page, api, claimCodes } = site;
  await signIn(page, api);
  await heading(page, 'Is this the device?').waitFor();
  await page.getByText(`10000000${PI.slice(0, 8)}`).waitFor();
  expect(claimCodes.standingOf(PI)).toBeUndefined();

  await page.getByRole('button', { name: 'Use this code' }).click();
  await page.getByText('Waits for the board to prove the code').waitFor();
  expect(await page.getByRole('button', { name: 'Claim this device…' }).count()).toBe(0);
  await prove(site, PI);
  await page.getByText('The board has proved its code.').waitFor();
  await page.getByRole('button', { name: 'Claim this device…' }).click();
  await page.getByLabel('Name of the node').fill('lathe-left');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect((await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' }))?.spec.match).toEqual({ device: PI });
  await page.getByRole('link', { name: 'Site', exact: true }).click();
  await page.getByText(PI.slice(0, 6)).first().waitFor();
  expect(await page.getByText('waits for its claim code').count()).toBe(0);
});

it('takes a code that names no device, from a label or typed, and says why a board could not prove it', async () => {
  const { page, api, claimCodes } = await openWithCodes({
    path: `/c#1..${CODE}`,
    prepare: (api) => arrive(api, PI),
  });
  await heading(page, 'Is this the device?').waitFor();
  await page.getByRole('button', { name: 'Use this code' }).click();
  await page.getByText('Waits for the board to prove the code').waitFor();
  expect(claimCodes.standingOf(PI)?.state).toBe('waiting');
  const wrong = new UsherError('CLAIM_CODE_WRONG', { id: PI.slice(0, 6) });
  claimCodes.failed(PI, claimCodes.challengeOf(PI)?.fingerprint ?? '', wrong, false);
  await page.getByText('is not that of device').waitFor();

  // Now two wait: somebody has to say which.
  arrive(api, OTHER);
  await page.getByRole('button', { name: 'Another code' }).click();
  await page.getByLabel('Code', { exact: true }).fill('k7qf-2m9x-tr4c-8whd');
  await page.getByRole('button', { name: 'Use this code' }).click();
  await page.getByRole('alert').getByText('several wait for a code').waitFor();
  await page.getByLabel('Which device?').selectOption(OTHER);
  await page.getByRole('button', { name: 'Use this code' }).click();
  await page.getByText('Waits for the board to prove the code').waitFor();
  expect(claimCodes.standingOf(OTHER)?.state).toBe('waiting');
});

it('opens the device that a label names, by its id or by its claim', async () => {
  const { page, origin } = await openWithCodes({
    path: `/d#${idOf(12)}`,
    prepare: (api) => putClaimed(api, 12, 'press-1', 'Ready'),
  });
  await heading(page, 'press-1').waitFor();
  expect(page.url()).toBe(`${origin}/device/${idOf(12)}`);
  await page.goto(`${origin}/d#press-1`);
  await heading(page, 'press-1').waitFor();
});
