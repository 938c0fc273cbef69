import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'uqr';
import { afterAll, expect, it } from 'vitest';
import { siteOpener } from './support/open-site.ts';
import { idOf, putDevice } from './support/sample-site.ts';

const CODE = 'K7QF2M9XTR4C8WHD';
const folder = mkdtempSync(join(tmpdir(), 'usher-camera-'));
const film = join(folder, 'code.y4m');
// The host of a label counts for nothing: it may have been printed under another name.
writeFileSync(film, filmOf(`https://usher.example:8443/c#1.${idOf(3)}.${CODE}`));

const open = siteOpener(['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`]);
afterAll(() => rmSync(folder, { recursive: true }));

it('reads a QR code with the camera and asks the same question as a link, with nothing from elsewhere', async () => {
  const { page, context, origin } = await open({ path: '/c', prepare: (api) => putDevice(api, 3, 'Pending') });
  await context.grantPermissions(['camera'], { origin });
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(request.url()));
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await page.getByRole('heading', { name: 'Is this the device?' }).waitFor();
  await page.getByText(idOf(3).slice(0, 6).toUpperCase()).waitFor();
  expect(fetched.filter((url) => url.endsWith('.wasm') && url.startsWith(origin))).toHaveLength(1);
  expect(fetched.filter((url) => url.includes(CODE))).toEqual([]);
  // The camera is off again.
  expect(await page.locator('video').count()).toBe(0);
});

/** One picture of a QR code as uncompressed video (YUV4MPEG2), which the browser shows again and again. */
function filmOf(text: string): Buffer {
  const [width, height, pixels] = [640, 480, 6];
  const { data, size } = encode(text, { border: 4 });
  const [left, top] = [(width - size * pixels) >> 1, (height - size * pixels) >> 1];
  const luma = Buffer.alloc(width * height, 235);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const isDark = data[Math.floor((y - top) / pixels)]?.[Math.floor((x - left) / pixels)] ?? false;
      if (isDark) luma[y * width + x] = 16;
    }
  }
  const chroma = Buffer.alloc((width * height) / 2, 128);
  const header = `YUV4MPEG2 W${String(width)} H${String(height)} F10:1 Ip A1:1 C420jpeg\n`;
  return Buffer.concat([Buffer.from(header), ...[1, 2].flatMap(() => [Buffer.from('FRAME\n'), luma, chroma])]);
}
