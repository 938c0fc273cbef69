import { expect, it } from 'vitest';
import { CuttableLink } from './support/cuttable-link.ts';
import { siteOpener } from './support/open-site.ts';
import { putClaimed } from './support/sample-site.ts';

const open = siteOpener();

it('can be installed, keeps its own files and never an answer of the API, and opens without the appliance', async () => {
  let link: CuttableLink | undefined;
  const { page } = await open({
    via: async (port) => (link = await CuttableLink.to(port)).origin,
    prepare: (api) => putClaimed(api, 12, 'press-1', 'Ready'),
  });
  await page.getByRole('region', { name: 'Ready' }).waitFor();
  const manifest = await page.evaluate(async () => {
    const href = document.querySelector<HTMLLinkElement>('link[rel=manifest]')?.href ?? '';
    return (await (await fetch(href)).json()) as { icons: { src: string; type: string }[]; display: string };
  });
  expect(manifest.display).toBe('standalone');
  for (const { src, type } of manifest.icons) {
    const got = await page.evaluate(async (path) => (await fetch(path)).headers.get('content-type'), src);
    expect(got?.split(';')[0]).toBe(type);
  }
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.reload();
  await page.getByRole('region', { name: 'Ready' }).waitFor();
  const kept = await page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map(({ url }) => new URL(url).pathname);
  });
  expect(kept).toContain('/');
  expect(kept.filter((path) => path.startsWith('/api'))).toEqual([]);
  link?.cut();
  await page.reload();
  await page.getByText('The appliance does not answer').waitFor();
  link?.close();
});
