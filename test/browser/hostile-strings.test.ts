import { expect, it } from 'vitest';
import type { Observation } from '../../discovery/core/sighting.ts';
import { HOSTILE_STRINGS } from '../support/hostile-strings.ts';
import { siteOpener } from './support/open-site.ts';
import { idOf, macOf, putClaim, putClaimed, putConflict, putDevice, putEvent, putPods } from './support/sample-site.ts';

const open = siteOpener();

const [SCRIPT] = HOSTILE_STRINGS.markup;
const { markup, template, shell, formula, yamlJson } = HOSTILE_STRINGS;
/** One page for each piece of markup; the rest, which would have to be taken for code first, by kinds. */
const CORPUS = [
  ...markup,
  ...[template, shell, formula, yamlJson].map((texts) => texts.join(' ').replaceAll(/\s+/g, ' ')),
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
  await expect.poll(() => page.title()).toContain(text);
  expect(
    await page
      .locator('script:not([src]), iframe, img:not([src="/icon.svg"]), svg:not(.picture), [onload], [onerror]')
      .count(),
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
  await expect.poll(() => page.title()).toBe('(2) hall-3 · Usher');
});

it('shows all of them as text in alarms, offers, stories and what revoking stops', async () => {
  const text = CORPUS.join(' ');
  const { page } = await open({
    prepare: async (api, alarms) => {
      const usb = [{ path: '/dev/ttyUSB0', vendor: '0403', product: '6001', serial: text, name: text }];
      const hardware = { macs: [macOf(5)], serial: text, model: text, arch: text, devices: ['/dev/ttyUSB0'], usb };
      await putClaimed(api, 5, 'lathe-left', 'Ready', { labels: { [text]: text }, status: { hardware } });
      await putDevice(api, 20, 'Pending', { status: { hardware: { ...hardware, macs: [macOf(20)], hostname: text } } });
      await putPods(api, 'lathe-left', text);
      await putEvent(api, idOf(5), text);
      await alarms.raise({
        code: 'NODE_PASSWORD_UNEXPECTED',
        params: { nodeName: text, secret: text },
        nodeName: text,
        device: text,
      });
    },
  });
  const shown = async (): Promise<number> => ((await page.locator('#app').textContent()) ?? '').split(text).length - 1;
  const harmless = async (): Promise<void> => {
    const harm =
      'script:not([src]), iframe, img:not([src="/icon.svg"]), svg:not(.picture), [onload], [onerror], [href^="javascript"]';
    expect(await page.locator(harm).count()).toBe(0);
    await expect.poll(() => page.title()).toBe('(2) hall-3 · Usher');
  };
  await page.getByRole('region', { name: 'An alarm' }).waitFor();
  // The alarm alone names it five times, the two cards of the offer ten times.
  await expect.poll(shown).toBeGreaterThan(12);
  await harmless();
  const before = await shown();
  await page.getByRole('listitem', { name: 'lathe-left' }).getByRole('button', { name: 'Details' }).click();
  await page.getByRole('region', { name: 'Story' }).getByText('Told').waitFor();
  expect(await shown()).toBeGreaterThan(before);
  await harmless();

  await page.getByRole('button', { name: 'Take its place…' }).first().click();
  await page.getByRole('dialog').getByText('joins as node').waitFor();
  expect((await page.getByRole('dialog').textContent())?.split(text).length).toBeGreaterThan(4);
  await harmless();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Revoke…' }).click();
  await page.getByRole('dialog').getByText('starts elsewhere').waitFor();
  expect((await page.getByRole('dialog').textContent())?.split(text).length).toBe(5);
  await harmless();
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

it('shows all of them as text in the list, on a device’s own page, in the bulk claim, an import and the labels', async () => {
  const { bidi, invisible, unicode, forgedLine, terminal, long } = HOSTILE_STRINGS;
  const others = [bidi, invisible, unicode, forgedLine, terminal, long].flat();
  const { page, origin } = await open({
    prepare: async (api) => {
      for (const [n, hostname] of [...CORPUS, ...others].entries()) api.sightings.see(macOf(100 + n), { hostname });
      await putDevice(api, 3, 'Pending', { status: { hardware: { macs: [macOf(3)], serial: SCRIPT, arch: SCRIPT } } });
      await putClaim(api, SCRIPT, { match: { serial: `other ${SCRIPT}` }, labels: { machine: SCRIPT } });
    },
  });
  const harmless = async (): Promise<void> => {
    const harm = 'script:not([src]), iframe, img:not([src="/icon.svg"]), svg:not(.picture), [onload], [onerror]';
    expect(await page.locator(harm).count()).toBe(0);
    expect(await page.locator('[href^="javascript"]').count()).toBe(0);
    expect(await page.title()).not.toBe('owned');
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  };
  await page.getByRole('button', { name: 'List' }).click();
  await page.getByRole('grid').getByText(SCRIPT).first().waitFor();
  await harmless();
  await page.getByLabel('Select all that are shown').check();
  await page.getByRole('button', { name: 'Claim it…' }).click();
  await page.getByRole('dialog').getByText(SCRIPT).first().waitFor();
  await harmless();
  for (const path of [`/device/${encodeURIComponent(`mac:${macOf(100)}`)}`, `/device/${idOf(3)}`, '/labels']) {
    await page.goto(`${origin}${path}`);
    await page.locator('main').getByText(SCRIPT).first().waitFor();
    await harmless();
  }
  await page.goto(`${origin}/import`);
  const quoted = [...CORPUS, ...others].map((text) => `"${text.replaceAll('"', '""')}"`);
  await page
    .getByRole('textbox')
    .fill(['name,serial,labels', ...quoted.map((text) => `${text},${text},${text}`)].join('\n'));
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByRole('table').or(page.getByRole('alert')).first().waitFor();
  await harmless();
});
