import { expect, it } from 'vitest';
import type { Observation } from '../../discovery/core/sighting.ts';
import { siteOpener } from './support/open-site.ts';
import { macOf, putClaim, putClaimed, putConflict } from './support/sample-site.ts';

const open = siteOpener();

const SCRIPT = '<img src=x onerror="document.title=`owned`"><script>document.title="owned"</script>';
const CORPUS = [
  SCRIPT,
  '"><svg onload=alert(1)>',
  'javascript:alert(1)',
  "'-alert(1)-'",
  '{{constructor.constructor("alert(1)")()}}',
  '</textarea></title><iframe src="https://evil.example">',
  '&lt;b&gt;not bold&lt;/b&gt;',
];

it.each(CORPUS)('shows %j as text, wherever it comes from', async (text) => {
  const seen: Observation = { source: 'mdns', interface: text, atMs: Date.now(), hostname: text, suspicious: text };
  const { page } = await open({
    prepare: (api) => {
      const reasons = [{ matcher: 'm', score: 60, why: text }];
      api.sightings.see(macOf(1), {
        hostname: text,
        vendor: text,
        ip: text,
        serial: text,
        reasons,
        observations: [seen],
      });
    },
    site: {
      name: text,
      kubernetes: { ready: true, version: text, server: text, standIn: text },
      sources: [{ name: text, working: false, detail: text }],
    },
  });
  await page.getByRole('button', { name: 'Details' }).click();
  await page.getByText('Looks like a candidate').waitFor();
  await page.getByRole('button', { name: 'Claim ahead…' }).click();
  expect(await page.getByRole('dialog').getByRole('heading').textContent()).toBe(`Claim ${text}`);
  const shown = (await page.locator('#app').textContent()) ?? '';
  expect(shown.split(text).length).toBeGreaterThan(10);
  expect(await page.title()).toContain(text);
  expect(
    await page.locator('script:not([src]), iframe, img:not([src="/icon.svg"]), svg, [onload], [onerror]').count(),
  ).toBe(0);
});

it('shows hostile claims, labels and failures as text', async () => {
  const { page } = await open({
    prepare: async (api) => {
      await putClaim(api, 'oven-1', { match: { serial: SCRIPT }, labels: { [SCRIPT]: SCRIPT } });
      await putConflict(api, SCRIPT);
      const failure = { code: 'INTERNAL', message: SCRIPT, remedy: SCRIPT, since: '2026-01-01T00:00:00Z' } as const;
      await putClaimed(api, 7, 'tank-1', 'Failed', { status: { failure }, labels: { machine: SCRIPT } });
    },
  });
  await page.getByRole('listitem', { name: 'tank-1' }).getByRole('button', { name: 'Unclaim…' }).click();
  await page.getByRole('dialog').waitFor();
  const shown = (await page.locator('#app').textContent()) ?? '';
  expect(shown.split(SCRIPT).length).toBe(8);
  expect(await page.title()).toBe('(2) hall-3 · Usher');
});

it('keeps a text that is written from right to left, or pretends to be, in its own place', async () => {
  const override = '\u202Egnp.exe\u202D\u2067';
  const { page } = await open({
    prepare: (api) => {
      api.sightings.see(macOf(1), { hostname: `pi ${override}`, ip: '10.0.0.21', vendor: 'אבג 12' });
      api.sightings.see(macOf(2), { hostname: 'pi plain', ip: '10.0.0.22', vendor: 'abc 12' });
    },
  });
  const cards = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: 'Details' }) });
  await expect.poll(() => cards.count()).toBe(2);
  // Name, badge and age stand in the same order and at the same places as on the harmless card.
  const places = await cards.evaluateAll((all) =>
    all.map((card) =>
      [...card.querySelectorAll('h3, .badge, .age, .actions button')].map((part) => {
        const left = part.getBoundingClientRect().left - card.getBoundingClientRect().left;
        return `${part.tagName} ${String(Math.round(left))}`;
      }),
    ),
  );
  expect(places[0]).toEqual(places[1]);
  expect(await cards.first().getByText('10.0.0.21').textContent()).toBe('10.0.0.21');
});
