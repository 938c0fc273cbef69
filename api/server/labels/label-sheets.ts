import { encode } from 'uqr';
import { layOutLabels, type LabelContent } from '../../core/labels/label-sheet.ts';
import { PAPERS, type PaperName } from '../../core/labels/paper.ts';
import { helveticaMeasure, pdfOf } from './pdf.ts';
import { svgOf } from './svg.ts';

/** A sheet of labels as a file. */
export interface LabelFile {
  readonly type: string;
  readonly name: string;
  readonly content: Buffer;
}

/** Draws labels on paper. @param sheet.caFingerprint stands on them when it is given */
export async function labelFile(
  labels: readonly LabelContent[],
  sheet: { format: 'pdf' | 'svg'; paper: PaperName; caFingerprint?: string | undefined; madeAtMs: number },
): Promise<LabelFile> {
  const { format, paper, caFingerprint, madeAtMs } = sheet;
  // M: a quarter of the spoilt modules that a scratch or a thumb leaves are mended, and the modules stay large.
  const qr = (text: string): boolean[][] => encode(text, { ecc: 'M', border: 0 }).data;
  const pages = layOutLabels(labels, PAPERS[paper], { measure: helveticaMeasure(), encode: qr, caFingerprint });
  return format === 'pdf'
    ? { type: 'application/pdf', name: 'labels.pdf', content: await pdfOf(pages, madeAtMs) }
    : { type: 'image/svg+xml', name: 'labels.svg', content: Buffer.from(svgOf(pages)) };
}
