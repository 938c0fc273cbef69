import PDFDocument from 'pdfkit';
import type { LabelPage, QrMark } from '../../core/labels/label-sheet.ts';
import type { Measure } from '../../core/labels/label-text.ts';
import { runsOf } from './qr-runs.ts';
import { toWinAnsi } from './win-ansi.ts';

const POINTS_PER_MM = 72 / 25.4;
const REGULAR = 'Helvetica';
const BOLD = 'Helvetica-Bold';

/** Widths of PDF's own Helvetica, for which no reader needs a font file. */
export function helveticaMeasure(): Measure {
  const document = new PDFDocument({ autoFirstPage: false });
  return (text, points, bold) =>
    document
      .font(bold ? BOLD : REGULAR)
      .fontSize(points)
      .widthOfString(toWinAnsi(text)) / POINTS_PER_MM;
}

/** The pages as a PDF; QR codes are drawn, one filled path each, so that they are sharp at any resolution. */
export async function pdfOf(pages: readonly LabelPage[], madeAtMs: number): Promise<Buffer> {
  const info = { Title: 'Labels', CreationDate: new Date(madeAtMs) };
  const document = new PDFDocument({ autoFirstPage: false, margin: 0, info });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve) => document.once('end', resolve));
  for (const { widthMm, heightMm, texts, qrs } of pages) {
    document.addPage({ size: [widthMm * POINTS_PER_MM, heightMm * POINTS_PER_MM], margin: 0 });
    document.fillColor('black');
    for (const qr of qrs) drawQr(document, qr);
    for (const { x, y, points, bold, text } of texts) {
      document.font(bold ? BOLD : REGULAR).fontSize(points);
      const at = [x * POINTS_PER_MM, y * POINTS_PER_MM] as const;
      document.text(toWinAnsi(text), ...at, { lineBreak: false, baseline: 'alphabetic' });
    }
  }
  document.end();
  await ended;
  return Buffer.concat(chunks);
}

function drawQr(document: PDFKit.PDFDocument, { x, y, moduleMm, modules }: QrMark): void {
  document.save();
  document.translate(x * POINTS_PER_MM, y * POINTS_PER_MM).scale(moduleMm * POINTS_PER_MM);
  for (const { column, row, length } of runsOf(modules)) document.rect(column, row, length, 1);
  document.fill().restore();
}
