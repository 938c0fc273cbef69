import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'uqr';
import { afterAll, expect, it } from 'vitest';
import { filmOf, type Sight } from '../support/film.ts';
import { siteOpener } from './support/open-site.ts';
import { idOf, putDevice } from './support/sample-site.ts';

const CODE = 'K7QF2M9XTR4C8WHD';
const folder = mkdtempSync(join(tmpdir(), 'usher-camera-'));
const film = join(folder, 'code.y4m');
// The host of a label counts for nothing: it may have been printed under another name.
writeFileSync(film, filmOf(labelWith(`https://usher.example:8443/c#1.${idOf(3)}.${CODE}`)));

const open = siteOpener(['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`]);
afterAll(() => rmSync(folder, { recursive: true }));

it('reads a QR code with the camera and asks the same question as a link, with nothing from elsewhere', async () => {
  const { page, context, origin } = await open({ path: '/c', prepare: (api) => putDevice(api, 3, 'Pending') });
  await context.grantPermissions(['camera'], { origin });
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(request.url()));
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await page.getByRole('heading', { name: 'Is this the device?' }).waitFor();
  await page.getByText(idOf(3).slice(0, 6).toUpperCase(), { exact: true }).waitFor();
  expect(fetched.filter((url) => url.endsWith('.wasm') && url.startsWith(origin))).toHaveLength(1);
  expect(fetched.filter((url) => url.includes(CODE))).toEqual([]);
  // The camera is off again.
  expect(await page.locator('video').count()).toBe(0);
});

/** What a camera sees that is pointed at a label. */
function labelWith(text: string): Sight {
  const pixels = 6;
  const { data, size } = encode(text, { border: 4 });
  const isDark = (x: number, y: number): boolean => data[Math.floor(y / pixels)]?.[Math.floor(x / pixels)] ?? false;
  return { width: size * pixels, height: size * pixels, isDark };
}
