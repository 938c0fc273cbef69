import { afterEach, expect, it } from 'vitest';
import { CuttableLink } from './support/cuttable-link.ts';
import { SHOW_MS, siteOpener, type OpenSite } from './support/open-site.ts';
import { macOf } from './support/sample-site.ts';

const open = siteOpener();
let link: CuttableLink | undefined;
afterEach(() => link?.close());

/** The page looks every ten seconds, and gives each look five. */
const NOTICED_MS = 20_000;

async function openByLink(): Promise<OpenSite & { cable: CuttableLink }> {
  const via = async (port: number): Promise<string> => (link = await CuttableLink.to(port)).origin;
  const site = await open({
    via,
    prepare: (api) => {
      api.sightings.see(macOf(1), { hostname: 'first' });
    },
  });
  await site.page.getByRole('listitem', { name: 'first' }).waitFor();
  return { ...site, cable: link ?? expect.fail('no link was laid') };
}

it('says when the connection breaks, and goes on by itself without having missed anything', async () => {
  const { page, api, cable } = await openByLink();
  const banner = page.getByText('The connection to the appliance is lost.');
  expect(await banner.count()).toBe(0);
  cable.cut();
  await banner.waitFor();
  api.sightings.see(macOf(2), { hostname: 'second' });
  api.sightings.forget(macOf(1));
  expect(await page.getByRole('listitem', { name: 'first' }).count()).toBe(1);
  // Signing out needs the appliance: without it the page does not pretend.
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('The appliance does not answer').waitFor();
  cable.mend();
  await banner.waitFor({ state: 'detached', timeout: SHOW_MS * 2 });
  expect(await page.getByText('The appliance does not answer').count()).toBe(0);
  await page.getByRole('listitem', { name: 'second' }).waitFor();
  expect(await page.getByRole('listitem', { name: 'first' }).count()).toBe(0);
});

it('notices a connection that only went silent', async () => {
  const { page, api, cable } = await openByLink();
  const banner = page.getByText('The connection to the appliance is lost.');
  cable.goSilent();
  api.sightings.see(macOf(2), { hostname: 'second' });
  await banner.waitFor({ timeout: NOTICED_MS });
  cable.mend();
  await banner.waitFor({ state: 'detached', timeout: NOTICED_MS });
  await page.getByRole('listitem', { name: 'second' }).waitFor();
});
