import { rootCertificates } from 'node:tls';
import { expect, inject, it } from 'vitest';
import { SHOW_MS, signIn, siteOpener } from './support/open-site.ts';
import { startPageSite } from './support/page-site.ts';
import { launchTrusting } from './support/trusting-chromium.ts';

const open = siteOpener();
const HINT = 'This browser does not trust this page’s certificate';

it('says before sign-in what will not work where the page is not trusted, why, and leads to how that is mended', async () => {
  const site = await startPageSite(inject('uiDir'));
  const [somebodyElses = ''] = rootCertificates;
  const chromium = await launchTrusting(somebodyElses);
  try {
    const page = await (await chromium.browser.newContext({ locale: 'en-GB' })).newPage();
    page.setDefaultTimeout(SHOW_MS);
    await expect(page.goto(site.api.origin)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID');
    // What a person does who goes past Chromium’s warning; no flag takes the warning away.
    await page.locator('#details-button').waitFor();
    await page.waitForFunction(() => document.readyState === 'complete');
    await page.keyboard.type('thisisunsafe');
    const hint = page.getByRole('complementary', { name: HINT });
    await hint.waitFor();
    for (const word of ['camera', 'passkeys', 'installing', 'nobody outside this site'])
      expect(await hint.textContent()).toContain(word);
    await hint.getByRole('link', { name: 'How to trust this page' }).click();
    await page.getByRole('heading', { name: 'Trust this page' }).waitFor();
    await page.getByRole('link', { name: 'Back to Usher' }).click();
    await signIn(page, site.api);
  } finally {
    await chromium.close();
    await site.close();
  }
});

it('says nothing of that where the page is trusted', async () => {
  const { page } = await open({ signedIn: false });
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.getByLabel('Sign-in code').waitFor();
  expect(await page.getByText(HINT).count()).toBe(0);
});
