import { z } from 'zod';
import { PAPER_NAMES } from '../labels/paper.ts';

const name = z.string().max(64);
/** A label code as claim codes are written: a QR code's URL, its fragment, or the typed form. */
const code = z.string().max(512);

/** One label. */
export const LabelItem = z.union([
  z.strictObject({ claim: z.string().min(1).max(253) }),
  /** Id, short id or name of a device; `code` when its card has a label code. */
  z.strictObject({ device: z.string().min(1).max(128), code: code.optional() }),
  /** A card: its enrol token, or its label code, or both. */
  z.strictObject({ tokenId: z.string().min(1).max(16), code: code.optional(), name: name.optional() }),
]);
export type LabelItem = z.infer<typeof LabelItem>;

/** POST /api/v1/label-sheets. The reply is the file; pages of an SVG stand one below the other. */
export const LabelSheetRequest = z.object({
  items: z.array(LabelItem).min(1).max(1000),
  format: z.enum(['pdf', 'svg']),
  paper: z.enum(PAPER_NAMES).default('A4'),
  /** Origin that the QR codes lead to; default the one this request was sent to, or the appliance's address on the LAN. */
  claimBase: z
    .url({ protocol: /^https$/ })
    .max(80)
    .optional(),
});
export type LabelSheetRequest = z.infer<typeof LabelSheetRequest>;
