/** Papers by the names that the API and the command line use. */
export const PAPER_NAMES = ['A4', 'Letter', '62mm', '29x90mm'] as const;
export type PaperName = (typeof PAPER_NAMES)[number];

/** A page with a grid of labels; all in millimetres. */
export interface Paper {
  readonly widthMm: number;
  readonly heightMm: number;
  readonly columns: number;
  readonly rows: number;
  readonly labelWidthMm: number;
  readonly labelHeightMm: number;
  /** From the left and upper edge to the first label. */
  readonly leftMm: number;
  readonly topMm: number;
  /** From one label to the next. */
  readonly pitchXMm: number;
  readonly pitchYMm: number;
}

/** Sheets as they are sold everywhere, and the rolls and die-cut labels of the usual label printers. */
export const PAPERS: Readonly<Record<PaperName, Paper>> = {
  // 24 labels of 63.5 mm by 33.9 mm (sold as L7159 and its like).
  A4: {
    ...{ widthMm: 210, heightMm: 297, columns: 3, rows: 8, labelWidthMm: 63.5, labelHeightMm: 33.9 },
    ...{ leftMm: 7.25, topMm: 12.9, pitchXMm: 66, pitchYMm: 33.9 },
  },
  // 30 labels of 2 5/8 by 1 inch (sold as 5160 and its like).
  Letter: {
    ...{ widthMm: 215.9, heightMm: 279.4, columns: 3, rows: 10, labelWidthMm: 66.675, labelHeightMm: 25.4 },
    ...{ leftMm: 4.7625, topMm: 12.7, pitchXMm: 69.85, pitchYMm: 25.4 },
  },
  '62mm': single(62, 32),
  '29x90mm': single(90, 29),
};

/** One label is one page: such printers cut after each. */
function single(widthMm: number, heightMm: number): Paper {
  return {
    ...{ widthMm, heightMm, columns: 1, rows: 1, labelWidthMm: widthMm, labelHeightMm: heightMm },
    ...{ leftMm: 0, topMm: 0, pitchXMm: widthMm, pitchYMm: heightMm },
  };
}
