import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import type { Sight } from './film.ts';

/** As far as the reader looks at it: Node knows no ImageData. */
type Picture = Exclude<Parameters<typeof readBarcodes>[0], ArrayBuffer | Blob | Uint8Array>;

/** As a camera sees each half of a character of a screen. */
const PIXELS = 4;

/**
 * What the QR code says that a text screen shows: its lines of half-blocks are drawn, light on dark as a screen does, and
 * the picture is read as a camera's would be. Undefined when no code is found.
 */
export async function readQrFromScreen(text: string): Promise<string | undefined> {
  const wasmBinary = (await readFile(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')))
    .buffer;
  prepareZXingModule({ overrides: { wasmBinary } });
  const found = await readBarcodes(drawn(sightOfScreen(text)), {
    formats: ['QRCode'],
    tryHarder: true,
    maxNumberOfSymbols: 1,
  });
  return found[0]?.text;
}

/** What a camera sees that is pointed at a QR code on a text screen: half-blocks, light on dark. */
export function sightOfScreen(text: string): Sight {
  const lines = text.split('\n').filter((line) => /[█▀▄]/.test(line));
  return {
    width: Math.max(...lines.map((line) => line.length)) * PIXELS,
    height: lines.length * 2 * PIXELS,
    isDark: (x, y) => {
      const row = Math.floor(y / PIXELS);
      const character = lines[Math.floor(row / 2)]?.[Math.floor(x / PIXELS)] ?? ' ';
      return character !== '█' && character !== (row % 2 === 0 ? '▀' : '▄');
    },
  };
}

function drawn({ width, height, isDark }: Sight): Picture {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const value = isDark(x, y) ? 0 : 255;
      data.set([value, value, value, 255], (y * width + x) * 4);
    }
  }
  return { data, width, height, colorSpace: 'srgb' } as Picture;
}
