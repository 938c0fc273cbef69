import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { inflateSync } from 'node:zlib';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';

/** A page as a printer with so many dots would put it on paper: black and white, no smoothing. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** One byte a dot; 0 is black. */
  readonly dots: Uint8Array;
  readonly dotsPerMm: number;
}

/** A code that was found, and where its middle is, in millimetres. */
export interface FoundCode {
  readonly text: string;
  readonly xMm: number;
  readonly yMm: number;
}

/** [a b c d e f] as PDF and SVG have it. */
type Matrix = readonly [number, number, number, number, number, number];

const MM_PER_POINT = 25.4 / 72;

/** Every QR code that a reader finds in the picture, in rows from the upper left. */
export async function codesIn({ width, height, dots, dotsPerMm }: Picture, most: number): Promise<FoundCode[]> {
  const wasm = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm');
  prepareZXingModule({ overrides: { wasmBinary: (await readFile(wasm)).buffer } });
  const data = new Uint8ClampedArray(width * height * 4);
  dots.forEach((dot, i) => data.set([dot, dot, dot, 255], i * 4));
  const image = { data, width, height, colorSpace: 'srgb' };
  const found = await readBarcodes(image as Parameters<typeof readBarcodes>[0], {
    formats: ['QRCode'],
    tryHarder: true,
    maxNumberOfSymbols: most,
  });
  const codes = found.map(({ text, position: { topLeft, bottomRight } }) => ({
    text,
    xMm: (topLeft.x + bottomRight.x) / 2 / dotsPerMm,
    yMm: (topLeft.y + bottomRight.y) / 2 / dotsPerMm,
  }));
  return codes.sort((a, b) => (Math.abs(a.yMm - b.yMm) > 5 ? a.yMm - b.yMm : a.xMm - b.xMm));
}

/** The pages of a PDF, by the drawing operators of their content streams (q, Q, cm, re, f); text is passed over. */
export function picturesOfPdf(pdf: Buffer, dotsPerMm: number): Picture[] {
  const source = pdf.toString('latin1');
  const sizes = [...source.matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)].map(([, w, h]) => [Number(w), Number(h)]);
  // The line feed alone is pdfkit's: a carriage return before it is the last byte of the deflated data.
  const streams = [...source.matchAll(/stream\r?\n([\s\S]*?)\nendstream/g)]
    .map(([, body = '']) => contentOf(Buffer.from(body, 'latin1')))
    .filter((text) => text.includes(' re'));
  return streams.map((content, page) => {
    const [w = 0, h = 0] = sizes[page] ?? [];
    const canvas = new Canvas(w * MM_PER_POINT, h * MM_PER_POINT, dotsPerMm);
    // PDF counts from the lower left corner, in points.
    run(content, canvas, [MM_PER_POINT, 0, 0, -MM_PER_POINT, 0, h * MM_PER_POINT]);
    return canvas;
  });
}

/** The drawing of an SVG of ours: paths of M, h, v and z in groups that move and scale. */
export function pictureOfSvg(svg: string, dotsPerMm: number): Picture {
  const [, w = '0', h = '0'] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
  const canvas = new Canvas(Number(w), Number(h), dotsPerMm);
  const stack: Matrix[] = [[1, 0, 0, 1, 0, 0]];
  for (const [whole, transform, path] of svg.matchAll(/<g transform="([^"]*)">|<\/g>|<path d="([^"]*)"\/>/g)) {
    const now = stack.at(-1) ?? [1, 0, 0, 1, 0, 0];
    if (whole === '</g>') stack.pop();
    else if (path !== undefined) fillPath(path, canvas, now);
    else stack.push(transformed(transform ?? '', now));
  }
  return canvas;
}

class Canvas implements Picture {
  readonly width: number;
  readonly height: number;
  readonly dots: Uint8Array;
  readonly dotsPerMm: number;

  constructor(widthMm: number, heightMm: number, dotsPerMm: number) {
    this.width = Math.round(widthMm * dotsPerMm);
    this.height = Math.round(heightMm * dotsPerMm);
    this.dots = new Uint8Array(this.width * this.height).fill(255);
    this.dotsPerMm = dotsPerMm;
  }

  /** Blackens every dot whose middle lies within. */
  fill(m: Matrix, x: number, y: number, w: number, h: number): void {
    const [x0, y0] = at(m, x, y);
    const [x1, y1] = at(m, x + w, y + h);
    const range = (a: number, b: number): [number, number] => {
      const edges = [a, b].map((mm) => Math.ceil(mm * this.dotsPerMm - 0.5)).sort((one, other) => one - other);
      return [edges[0] ?? 0, edges[1] ?? 0];
    };
    const [fromX, toX] = range(x0, x1);
    const [fromY, toY] = range(y0, y1);
    for (let row = fromY; row < toY; row += 1) {
      this.dots.fill(0, row * this.width + fromX, row * this.width + toX);
    }
  }
}

function contentOf(body: Buffer): string {
  try {
    return inflateSync(body).toString('latin1');
  } catch {
    return '';
  }
}

function run(content: string, canvas: Canvas, first: Matrix): void {
  let now = first;
  const saved: Matrix[] = [];
  let numbers: number[] = [];
  let rectangles: [number, number, number, number][] = [];
  for (const word of content.replaceAll(/BT[\s\S]*?ET/g, ' ').split(/\s+/)) {
    const number = Number(word);
    if (word !== '' && !Number.isNaN(number)) {
      numbers.push(number);
      continue;
    }
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers;
    if (word === 'q') saved.push(now);
    else if (word === 'Q') now = saved.pop() ?? first;
    else if (word === 'cm') now = times([a, b, c, d, e, f], now);
    else if (word === 're') rectangles.push([a, b, c, d]);
    else if (word === 'f') {
      for (const rectangle of rectangles) canvas.fill(now, ...rectangle);
      rectangles = [];
    }
    numbers = [];
  }
}

function fillPath(path: string, canvas: Canvas, now: Matrix): void {
  for (const [, x, y, w, h] of path.matchAll(/M(\d+) (\d+)h(\d+)v(\d+)h-\d+z/g)) {
    canvas.fill(now, Number(x), Number(y), Number(w), Number(h));
  }
}

function transformed(text: string, now: Matrix): Matrix {
  const [, x = '0', y = '0'] = /translate\(([-\d.]+) ([-\d.]+)\)/.exec(text) ?? [];
  const [, scale = '1'] = /scale\(([-\d.]+)\)/.exec(text) ?? [];
  return times([Number(scale), 0, 0, Number(scale), Number(x), Number(y)], now);
}

/** First `one`, then `other`. */
function times(one: Matrix, other: Matrix): Matrix {
  const [a, b, c, d, e, f] = one;
  const [A, B, C, D, E, F] = other;
  return [a * A + b * C, a * B + b * D, c * A + d * C, c * B + d * D, e * A + f * C + E, e * B + f * D + F];
}

function at([a, b, c, d, e, f]: Matrix, x: number, y: number): [number, number] {
  return [a * x + c * y + e, b * x + d * y + f];
}
