import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Look } from './looks.ts';

interface Picture {
  /** Of its file in docs/pictures. */
  name: string;
  state: string;
  look: Look['name'];
  /** What stands below is cut. */
  height: number;
}

/** The pictures of README.md and the documents. */
export const PICTURES: readonly Picture[] = [
  { name: 'site', state: 'site-cards', look: 'desk-light', height: 800 },
  { name: 'list', state: 'site-list-selected', look: 'desk-dark', height: 800 },
  { name: 'device', state: 'device-ready', look: 'phone-light', height: 1000 },
  { name: 'claim', state: 'claim-suggested', look: 'phone-light', height: 740 },
  { name: 'replace', state: 'replace', look: 'desk-light', height: 800 },
  { name: 'service', state: 'service-running', look: 'phone-light', height: 960 },
  { name: 'import', state: 'import-preview', look: 'desk-light', height: 1000 },
];
const EXECUTABLE = process.env['USHER_CHROMIUM'] ?? '/usr/bin/chromium';
const QUALITY = 0.9;

export function picturesIn(look: Look): string[] {
  return PICTURES.filter((picture) => picture.look === look.name).map(({ state }) => state);
}

/** The screen's picture as WebP, cut to its height. */
export async function shrink(folder: string, { state, look, height }: Picture): Promise<Buffer> {
  const png = await readFile(join(folder, `${state}.${look}.png`), 'base64');
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    const wanted = { png, height, quality: QUALITY };
    const url = await page.evaluate(async ({ png: data, height: most, quality }) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = image.width;
      canvas.height = Math.min(image.height, most);
      canvas.getContext('2d')?.drawImage(image, 0, 0);
      return canvas.toDataURL('image/webp', quality);
    }, wanted);
    return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
  } finally {
    await browser.close();
  }
}
