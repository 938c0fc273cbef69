import { capHeightMm, fitText, type Font, type Measure } from './label-text.ts';
import type { Paper } from './paper.ts';

/** What stands on one label. */
export interface LabelContent {
  /** What people call it. */
  readonly name: string;
  /** Short id of device or token. */
  readonly id: string;
  /** The claim code as it is typed; a secret. */
  readonly typedCode?: string;
  /** What the QR code says. */
  readonly link: string;
}

/** A line of text; `x` and `y` are where its baseline begins, in millimetres from the page's upper left corner. */
export interface TextMark {
  readonly x: number;
  readonly y: number;
  readonly points: number;
  readonly bold: boolean;
  readonly text: string;
}

/** A QR code without its quiet zone: `modules[row][column]` is true where it is dark. */
export interface QrMark {
  readonly x: number;
  readonly y: number;
  readonly moduleMm: number;
  readonly modules: readonly (readonly boolean[])[];
}

export interface LabelPage {
  readonly widthMm: number;
  readonly heightMm: number;
  readonly texts: readonly TextMark[];
  readonly qrs: readonly QrMark[];
}

export interface SheetOptions {
  readonly measure: Measure;
  /** A QR code without border. */
  readonly encode: (text: string) => readonly (readonly boolean[])[];
  /** SHA-256 of the site's own authority, by which whoever holds a label can check the page's certificate. */
  readonly caFingerprint?: string | undefined;
}

/** Printers reach no further to the edge of a label. */
const PADDING_MM = 2;
const GAP_MM = 0.8;
/** ISO/IEC 18004: four light modules on each side. */
const QUIET_MODULES = 4;
const MOST_QR_SHARE = 0.5;
/** A sheet with so much room below its labels says once for all whose they are. */
const FOOTER_MM = 8;

const NAME: Font = { bold: true, sizes: [12, 11, 10, 9, 8, 7], mostLines: 2 };
const ID: Font = { bold: false, sizes: [10, 9, 8, 7, 6], mostLines: 1 };
const CODE: Font = { bold: false, sizes: [7, 6, 5], mostLines: 2 };
const FINGERPRINT: Font = { bold: false, sizes: [4.5, 4, 3.5], mostLines: 5 };
const FOOTER: Font = { bold: false, sizes: [7, 6, 5, 4], mostLines: 1 };

/** The labels on as many pages as they need, in rows from the upper left. */
export function layOutLabels(labels: readonly LabelContent[], paper: Paper, options: SheetOptions): LabelPage[] {
  const perPage = paper.columns * paper.rows;
  const footer = hasFooter(paper) ? options.caFingerprint : undefined;
  const onLabel = hasFooter(paper) ? undefined : options.caFingerprint;
  return Array.from({ length: Math.ceil(labels.length / perPage) }, (_, page) => {
    const marks = labels.slice(page * perPage, (page + 1) * perPage).map((label, i) => {
      const x = paper.leftMm + (i % paper.columns) * paper.pitchXMm;
      const y = paper.topMm + Math.floor(i / paper.columns) * paper.pitchYMm;
      return layOutLabel(
        label,
        { x, y, width: paper.labelWidthMm, height: paper.labelHeightMm },
        { ...options, onLabel },
      );
    });
    return {
      widthMm: paper.widthMm,
      heightMm: paper.heightMm,
      texts: [...marks.flatMap(({ texts }) => texts), ...footerOf(paper, footer, options.measure)],
      qrs: marks.map(({ qr }) => qr),
    };
  });
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function layOutLabel(
  label: LabelContent,
  box: Box,
  { encode, measure, onLabel }: SheetOptions & { onLabel: string | undefined },
): { qr: QrMark; texts: TextMark[] } {
  const modules = encode(label.link);
  const qrBox = Math.min(box.height - 2 * PADDING_MM, box.width * MOST_QR_SHARE);
  const moduleMm = qrBox / (modules.length + 2 * QUIET_MODULES);
  const inset = PADDING_MM + QUIET_MODULES * moduleMm;
  const qr = { x: box.x + inset, y: box.y + (box.height - qrBox) / 2 + QUIET_MODULES * moduleMm, moduleMm, modules };
  const left = box.x + PADDING_MM + qrBox + GAP_MM;
  const width = box.x + box.width - PADDING_MM - left;
  const wanted: [string | undefined, Font][] = [
    [label.name, NAME],
    [label.id, ID],
    [label.typedCode, CODE],
    [onLabel === undefined ? undefined : `CA ${onLabel}`, FINGERPRINT],
  ];
  const texts: TextMark[] = [];
  let y = box.y + PADDING_MM;
  for (const [text, font] of wanted) {
    if (text === undefined) continue;
    const { lines, points, leadingMm } = fitText(text, width, font, measure);
    const end = y + lines.length * leadingMm;
    // What comes last is left out before anything is drawn over the edge.
    if (end > box.y + box.height - GAP_MM) break;
    lines.forEach((line, i) => {
      texts.push({ x: left, y: y + capHeightMm(points) + i * leadingMm, points, bold: font.bold, text: line });
    });
    y = end + GAP_MM;
  }
  return { qr, texts };
}

function bottomMm(paper: Paper): number {
  return paper.topMm + (paper.rows - 1) * paper.pitchYMm + paper.labelHeightMm;
}

function hasFooter(paper: Paper): boolean {
  return paper.heightMm - bottomMm(paper) >= FOOTER_MM;
}

function footerOf(paper: Paper, fingerprint: string | undefined, measure: Measure): TextMark[] {
  if (fingerprint === undefined) return [];
  const text = `This site's certificate authority, SHA-256: ${fingerprint}`;
  const { lines, points } = fitText(text, paper.widthMm - 2 * paper.leftMm - 2 * PADDING_MM, FOOTER, measure);
  const y = bottomMm(paper) + FOOTER_MM / 2;
  return lines.map((line) => ({ x: paper.leftMm + PADDING_MM, y, points, bold: false, text: line }));
}
