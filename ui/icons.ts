import { crc32, deflateSync } from 'node:zlib';
import type { Plugin } from 'vite';

type Point = readonly [x: number, y: number];
type Colour = readonly [red: number, green: number, blue: number];

interface Stroke {
  points: readonly Point[];
  width: number;
  colour: Colour;
}

const GROUND: Colour = [0x0f, 0x6b, 0x5c];
const DOOR: Colour = [0xff, 0xff, 0xff];
const FRAME: Colour = [0x9f, 0xe3, 0xd3];

/** The lines of public/icon.svg, in its units (a square of 32). */
const STROKES: readonly Stroke[] = [
  {
    width: 2.4,
    colour: FRAME,
    points: [
      [6, 25],
      [26, 25],
    ],
  },
  {
    width: 2.4,
    colour: FRAME,
    points: [
      [22, 10],
      [22, 25],
    ],
  },
  {
    width: 2.4,
    colour: DOOR,
    points: [
      [9, 25],
      [9, 9.5],
      [19, 7],
      [19, 25],
    ],
  },
  {
    width: 3,
    colour: FRAME,
    points: [
      [15.6, 16.6],
      [15.6, 16.6],
    ],
  },
];
const UNITS = 32;
/** Room around the drawing: a launcher may cut a circle out of the square. */
const MARGIN = 3;

/** Adds the page's icon as PNG files, which home screens want, to what is built. */
export function pngIcons(sizes: readonly number[]): Plugin {
  return {
    name: 'usher-icons',
    generateBundle() {
      for (const size of sizes) {
        this.emitFile({ type: 'asset', fileName: `icon-${String(size)}.png`, source: iconPng(size) });
      }
    },
  };
}

/** The icon as a PNG file (PNG specification, 8 bits RGB) of `size` pixels. */
export function iconPng(size: number): Buffer {
  const line = 1 + size * 3;
  const pixels = Buffer.alloc(line * size);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) pixels.set(pixelAt(x, y, size), y * line + 1 + x * 3);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}

/** The ground with each line over it; at its edge a pixel has a share of both. */
function pixelAt(x: number, y: number, size: number): Colour {
  const scale = (UNITS + 2 * MARGIN) / size;
  const point = [(x + 0.5) * scale - MARGIN, (y + 0.5) * scale - MARGIN] as const;
  return STROKES.reduce((below, { points, width, colour }) => {
    const share = Math.min(1, Math.max(0, 0.5 - (distance(point, points) - width / 2) / scale));
    return mixed(below, colour, share);
  }, GROUND);
}

function mixed(below: Colour, above: Colour, share: number): Colour {
  if (share === 0) return below;
  const mix = (at: 0 | 1 | 2): number => Math.round(below[at] * (1 - share) + above[at] * share);
  return [mix(0), mix(1), mix(2)];
}

/** From a point to the nearest of a line's segments. */
function distance([px, py]: Point, points: readonly Point[]): number {
  const parts = points.slice(1).map(([bx, by], at) => {
    const [ax, ay] = points[at] ?? [bx, by];
    const [dx, dy] = [bx - ax, by - ay];
    const length = dx * dx + dy * dy;
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / length));
    return Math.hypot(px - ax - along * dx, py - ay - along * dy);
  });
  return Math.min(...parts);
}
