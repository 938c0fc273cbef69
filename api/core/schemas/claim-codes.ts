import { z } from 'zod';

/** POST /api/v1/claim-codes */
export const NewClaimCode = z.object({
  /** The URL of the QR code, its fragment, or the typed form `QK4T7M-K7QF-2M9X-TR4C-8WHD`; hyphens and case do not count. */
  code: z.string().min(1).max(512),
  /** The device it is for (id, short id, MAC address, serial), when `code` is only the sixteen characters of a label. */
  device: z.string().max(64).optional(),
});
export type NewClaimCode = z.infer<typeof NewClaimCode>;

/** How a code stands that was entered. */
export const ClaimCodeView = z.object({
  device: z.string(),
  shortId: z.string(),
  expiresAt: z.iso.datetime(),
  /** waiting: for the device to prove it · proven: the device is admitted · refused: see `failure`; enter it again. */
  state: z.enum(['waiting', 'proven', 'refused']),
  failure: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).optional(),
});
export type ClaimCodeView = z.infer<typeof ClaimCodeView>;
