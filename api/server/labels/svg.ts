import { withoutControls } from '../../../foundation/text.ts';
import type { LabelPage, QrMark, TextMark } from '../../core/labels/label-sheet.ts';
import { runsOf } from './qr-runs.ts';

const MM_PER_POINT = 25.4 / 72;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** The pages as one SVG, one below the other; lengths are millimetres. It needs no script, style or font file. */
export function svgOf(pages: readonly LabelPage[]): string {
  const width = Math.max(0, ...pages.map(({ widthMm }) => widthMm));
  const height = pages.reduce((sum, { heightMm }) => sum + heightMm, 0);
  let top = 0;
  const drawn = pages.map((page) => {
    const text = `<g transform="translate(0 ${number(top)})">${page.qrs.map(qrOf).join('')}${page.texts.map(textOf).join('')}</g>`;
    top += page.heightMm;
    return text;
  });
  const [w, h] = [number(width), number(height)];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}mm" height="${h}mm" viewBox="0 0 ${w} ${h}">`,
    `<rect width="${w}" height="${h}" fill="#fff"/>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

function qrOf({ x, y, moduleMm, modules }: QrMark): string {
  const path = runsOf(modules)
    .map(({ column, row, length }) => `M${String(column)} ${String(row)}h${String(length)}v1h-${String(length)}z`)
    .join('');
  // Whole numbers within the group: rounding must not pull modules apart.
  return `<g transform="translate(${number(x)} ${number(y)}) scale(${number(moduleMm)})"><path d="${path}"/></g>`;
}

function textOf({ x, y, points, bold, text }: TextMark): string {
  const weight = bold ? ' font-weight="bold"' : '';
  const size = number(points * MM_PER_POINT);
  const at = `x="${number(x)}" y="${number(y)}" font-size="${size}"`;
  return `<text ${at} font-family="Helvetica, Arial, sans-serif"${weight}>${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return withoutControls(text).replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}

function number(value: number): string {
  return String(Number(value.toFixed(5)));
}
