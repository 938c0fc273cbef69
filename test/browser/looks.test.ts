import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { describe, expect, inject, it } from 'vitest';
import { poorContrasts } from './support/contrast.ts';
import { siteOpener } from './support/open-site.ts';
import {
  FAILURE,
  idOf,
  macOf,
  putDead,
  putDevice,
  putEveryStage,
  putNewcomer,
  putPods,
} from './support/sample-site.ts';

const open = siteOpener();
const MAX_SCRIPT_BYTES = 60 * 1024;
const LONG = 'a-host-name-without-any-place-to-break-it-because-somebody-thought-that-a-label-may-have-63';
const STAND_IN = { ready: true, version: 'v1.36.3+standin1', server: '', standIn: 'Upstream Kubernetes.' };

/** The states of the page worth looking at, each reached from the one before. */
const SCREENS: Record<string, (page: Page) => Promise<void>> = {
  list: async (page) => {
    await page.getByText('Set aside 4').last().click();
    await page.getByRole('listitem', { name: 'tank-1' }).getByRole('button', { name: 'Details' }).click();
    await page.getByText('claim tank-1 was made').waitFor();
  },
  'claim dialog': async (page) => {
    await page.getByRole('button', { name: 'Claim…', exact: true }).last().click();
    await page.getByLabel('Name of the node').fill('Not A Name');
    await page.getByLabel('Key of label 1').fill('not a key');
  },
  'unclaim dialog': async (page) => {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Unclaim…' }).first().click();
  },
  'card dialog': async (page) => {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'New card…' }).first().click();
    await page.getByRole('button', { name: 'Make the card file' }).click();
    await page.getByRole('link', { name: 'Save usher.json' }).waitFor();
  },
  'replace dialog': async (page) => {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Take its place…' }).first().click();
  },
  'replace dialog with a choice': async (page) => {
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Replace by another board…' }).first().click();
    await page.getByRole('radio').first().check();
  },
  'revoke dialog': async (page) => {
    await page.keyboard.press('Escape');
    await page.getByRole('listitem', { name: 'press-1' }).getByRole('button', { name: 'Revoke…' }).click();
    await page.getByText('lathes/spindle-reader').waitFor();
    await page.getByRole('textbox').last().fill('press');
    await page.keyboard.press('Enter');
  },
  'what is left after revoking': async (page) => {
    await page.getByRole('textbox').last().fill('press-1');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'press-1 is revoked' }).waitFor();
  },
  'guide to another CA': async (page) => {
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate the CA…' }).click();
    await page.getByText('This CA is valid').waitFor();
    await page.getByRole('button', { name: /^Copy/ }).first().click();
  },
};

describe.each([
  { width: 360, height: 640, colorScheme: 'light' },
  { width: 360, height: 640, colorScheme: 'dark' },
  { width: 1280, height: 800, colorScheme: 'light' },
  { width: 1280, height: 800, colorScheme: 'dark' },
] as const)('at $width × $height, $colorScheme', (looks) => {
  it('reads well and never scrolls sideways', async () => {
    const { page } = await open({
      ...looks,
      site: { kubernetes: STAND_IN, sources: [{ name: 'dhcp', working: false }] },
      prepare: async (api, alarms) => {
        await putEveryStage(api);
        await putDead(api, 15, 'lathe-3');
        await putNewcomer(api, 20, 15, { ...FAILURE, code: 'REPLACEMENT_OFFERED' });
        await putDevice(api, 22, 'Replaced', { status: { failure: { ...FAILURE, code: 'DEVICE_REPLACED' } } });
        await putPods(api, 'press-1');
        await alarms.raise({ code: 'HARDWARE_CHANGED', params: { actual: LONG, expected: '1' }, device: idOf(8) });
        await alarms.raise({
          code: 'NODE_PASSWORD_UNEXPECTED',
          params: { nodeName: LONG, secret: LONG },
          nodeName: LONG,
        });
        api.sightings.see(macOf(40), { hostname: LONG, vendor: LONG });
      },
    });
    await page.getByRole('region', { name: 'Ready' }).waitFor();
    for (const [screen, reach] of Object.entries(SCREENS)) {
      await reach(page);
      // The dialog fades in.
      await page.waitForFunction(() => document.getAnimations().length === 0);
      expect(await poorContrasts(page), screen).toEqual([]);
      expect(await sideways(page), screen).toEqual([]);
    }
  });

  it('shows the sign-in page well', async () => {
    const { page } = await open({ ...looks, signedIn: false });
    await page.getByLabel('Sign-in code').fill('WRONG-00');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await poorContrasts(page)).toEqual([]);
    expect(await sideways(page)).toEqual([]);
  });
});

it('has a first load of at most 60 kB of compressed script, and no inline style or script', async () => {
  const { page } = await open({ prepare: putEveryStage });
  await page.getByRole('region', { name: 'Ready' }).waitFor();
  const loaded = await page.evaluate(() =>
    performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname),
  );
  const scripts = [...new Set(loaded)].filter((path) => path.endsWith('.js') && path !== '/worker.js');
  expect(scripts.length).toBeGreaterThan(0);
  const sizes = await Promise.all(
    scripts.map(async (path) => gzipSync(await readFile(join(inject('uiDir'), path))).length),
  );
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(MAX_SCRIPT_BYTES);
  expect(await page.locator('[style], style, script:not([src])').count()).toBe(0);
});

/** What stands out to the right of the window or of the open dialog. */
function sideways(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const boxes = [document.documentElement, ...document.querySelectorAll('dialog')];
    return boxes.filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.tagName);
  });
}
