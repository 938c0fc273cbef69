import { describe, expect, it } from 'vitest';
import { labelContent } from '../../../api/core/labels/label-content.ts';
import { layOutLabels, type LabelContent } from '../../../api/core/labels/label-sheet.ts';
import { fitText } from '../../../api/core/labels/label-text.ts';
import { PAPER_NAMES, PAPERS, type PaperName } from '../../../api/core/labels/paper.ts';
import { labelFile } from '../../../api/server/labels/label-sheets.ts';
import { helveticaMeasure } from '../../../api/server/labels/pdf.ts';
import { runsOf } from '../../../api/server/labels/qr-runs.ts';
import { toWinAnsi } from '../../../api/server/labels/win-ansi.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { toCrockford } from '../../../foundation/crockford.ts';
import { newClaimCode, parseClaimCode } from '../../../join/protocol/claim-code.ts';
import { ALL_HOSTILE_STRINGS } from '../../support/hostile-strings.ts';
import { codesIn, pictureOfSvg, picturesOfPdf } from '../../support/label-picture.ts';

const BASE = 'https://192.168.100.100:8443';
const FINGERPRINT = Array.from({ length: 32 }, (_, i) => (i * 7 + 16).toString(16).toUpperCase()).join(':');
/** 300 dots an inch, as label printers and the worst of office printers have. */
const DOTS_PER_MM = 300 / 25.4;

const deviceId = (): string => toCrockford(systemRandom.bytes(17)).slice(0, 26);
/** Every third label with a claim code, as the longest link there is. */
const contents = (count: number): LabelContent[] =>
  Array.from({ length: count }, (_, i) => {
    const code = i % 3 === 0 ? newClaimCode(systemRandom) : undefined;
    return labelContent({ name: `lathe-${String(i)}-left-hall-3`, id: 'x', deviceId: deviceId(), code }, BASE);
  });
const file = async (labels: LabelContent[], format: 'pdf' | 'svg', paper: PaperName = 'A4'): Promise<Buffer> =>
  (await labelFile(labels, { format, paper, caFingerprint: FINGERPRINT, madeAtMs: 0 })).content;
const layOut = (labels: LabelContent[], paper: PaperName): ReturnType<typeof layOutLabels> =>
  layOutLabels(labels, PAPERS[paper], {
    measure: helveticaMeasure(),
    encode: () => Array.from({ length: 37 }, () => Array.from({ length: 37 }, () => true)),
    caFingerprint: FINGERPRINT,
  });

// What is read is what the file says is to be drawn, at the dots of a printer: the test carries the drawing out itself.
describe('the QR codes of a sheet', { timeout: 60_000 }, () => {
  it('are all read back from a PDF of 24 labels, each at its place', async () => {
    const labels = contents(24);
    const pages = picturesOfPdf(await file(labels, 'pdf'), DOTS_PER_MM);
    expect(pages).toHaveLength(1);
    const found = await codesIn(pages[0] ?? expect.fail(), 30);
    expect(found.map(({ text }) => text)).toEqual(labels.map(({ link }) => link));
    const { leftMm, topMm, pitchXMm, pitchYMm, labelHeightMm } = PAPERS.A4;
    found.forEach(({ xMm, yMm }, i) => {
      expect(Math.floor((xMm - leftMm) / pitchXMm)).toBe(i % 3);
      expect(Math.abs(yMm - (topMm + Math.floor(i / 3) * pitchYMm + labelHeightMm / 2))).toBeLessThan(0.5);
    });
  });

  it('are all read back from the SVG', async () => {
    const labels = contents(24);
    const svg = (await file(labels, 'svg')).toString();
    const found = await codesIn(pictureOfSvg(svg, DOTS_PER_MM), 30);
    expect(found.map(({ text }) => text)).toEqual(labels.map(({ link }) => link));
  });

  it.each(PAPER_NAMES)('are read back on %s, page after page', async (paper) => {
    const perPage = PAPERS[paper].columns * PAPERS[paper].rows;
    const labels = contents(perPage + 1);
    const pages = picturesOfPdf(await file(labels, 'pdf', paper), DOTS_PER_MM);
    expect(pages).toHaveLength(2);
    const found = (await Promise.all(pages.map((page) => codesIn(page, perPage)))).flat();
    expect(found.map(({ text }) => text)).toEqual(labels.map(({ link }) => link));
  });

  it('say the device, or its code; the code is read as it was', () => {
    const id = deviceId();
    expect(labelContent({ name: 'a', id, deviceId: id }, `${BASE}/`).link).toBe(`${BASE}/d#${id}`);
    expect(labelContent({ name: 'a', id: 'lathe-left' }, BASE).link).toBe(`${BASE}/d#lathe-left`);
    const code = newClaimCode(systemRandom);
    const { link, typedCode = '' } = labelContent({ name: 'a', id, deviceId: id, code }, BASE);
    for (const text of [link, typedCode]) {
      const read = parseClaimCode(text);
      expect(id.startsWith(read.device)).toBe(true);
      expect(read.code.reveal()).toBe(code.reveal());
    }
    const alone = labelContent({ name: 'a', id: 'aaaaaaaaaa', code }, BASE);
    expect(parseClaimCode(alone.link).code.reveal()).toBe(code.reveal());
  });

  it('are drawn of every dark module once', () => {
    const modules = [
      [true, true, false, true],
      [false, false, false, false],
      [true, true, true, true],
    ];
    const again = modules.map((row) => row.map(() => 0));
    for (const { column, row, length } of runsOf(modules)) {
      for (let at = column; at < column + length; at += 1) again[row]?.splice(at, 1, (again[row][at] ?? 0) + 1);
    }
    expect(again).toEqual(modules.map((row) => row.map(Number)));
  });
});

describe('the text of a label', () => {
  const long: LabelContent = {
    name: 'a-name-of-sixty-three-characters-as-long-as-kubernetes-allows-1',
    id: 'K4T7M2',
    typedCode: 'K4T7M2-WWWW-WWWW-WWWW-WWWW',
    link: BASE,
  };

  it.each(PAPER_NAMES)('on %s stays on its label, clear of the QR code and of other text', (paper) => {
    const { leftMm, topMm, labelWidthMm, labelHeightMm } = PAPERS[paper];
    const measure = helveticaMeasure();
    const [page = expect.fail()] = layOut([long], paper);
    const [qr = expect.fail()] = page.qrs;
    const bottom = topMm + labelHeightMm;
    const ownTexts = page.texts.filter(({ y }) => y < bottom);
    for (const { x, y, points, bold, text } of ownTexts) {
      expect(x).toBeGreaterThan(qr.x + 37 * qr.moduleMm + 3 * qr.moduleMm);
      expect(x + measure(text, points, bold)).toBeLessThan(leftMm + labelWidthMm - 1);
      expect(y).toBeGreaterThan(topMm + 1);
    }
    const ys = ownTexts.map(({ y }) => y);
    expect(ys).toEqual([...ys].sort((a, b) => a - b));
    // At least the name, the id and the code; the fingerprint there or in the margin, whole.
    const all = page.texts.map(({ text }) => text).join('');
    expect(all.replaceAll(/[ …]/g, '')).toContain('K4T7M2-WWWW-WWWW-WWWW-WWWW');
    expect(all.replaceAll(/\s/g, '')).toContain(FINGERPRINT);
  });

  it('gets smaller, then breaks at hyphens, then ends with an ellipsis', () => {
    const font = { bold: false, sizes: [10, 5], mostLines: 2 };
    const measure = (text: string, points: number): number => text.length * points;
    expect(fitText('abc', 30, font, measure)).toMatchObject({ lines: ['abc'], points: 10 });
    expect(fitText('ab-def', 40, font, measure)).toMatchObject({ lines: ['ab-', 'def'], points: 10 });
    expect(fitText('abcdefghij', 30, font, measure)).toMatchObject({ lines: ['abcdef', 'ghij'], points: 5 });
    expect(fitText('abcdefghijklmnop', 30, font, measure)).toMatchObject({ lines: ['abcdef', 'ghijk…'], points: 5 });
  });

  it.each([
    ['Drehbank links', 'Drehbank links'],
    ['Prüfstand – „Süd“ 5 €', 'Prüfstand – „Süd“ 5 €'],
    ['Łódź, Plzeň, Győr', 'Lódz, Plzen, Gyor'],
    ['車床 🦦', '?? ?'],
    ['e\u0301', 'é'],
  ])('%s is printed as %s', (text, printed) => {
    expect(toWinAnsi(text)).toBe(printed);
  });

  it.each(['pdf', 'svg'] as const)(
    'may be anything: a %s is made of every hostile name, and its codes are read',
    async (format) => {
      const id = deviceId();
      const labels = [...ALL_HOSTILE_STRINGS, '車床 🦦', '\ud800', 'x'.repeat(5000)].map((name) =>
        labelContent({ name, id, deviceId: id }, BASE),
      );
      const content = await file(labels, format);
      const pictures = format === 'svg' ? [pictureOfSvg(content.toString(), 6)] : picturesOfPdf(content, 6);
      const found = (await Promise.all(pictures.map((picture) => codesIn(picture, 255)))).flat();
      expect(found).toHaveLength(labels.length);
      expect(new Set(found.map(({ text }) => text))).toEqual(new Set([`${BASE}/d#${id}`]));
      if (format === 'svg') {
        const tags = new Set([...content.toString().matchAll(/<\/?([^\s/>]+)/g)].map(([, tag]) => tag));
        expect([...tags].sort()).toEqual(['?xml', 'g', 'path', 'rect', 'svg', 'text']);
      }
    },
  );
});
