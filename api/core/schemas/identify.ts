import { z } from 'zod';

/** POST /api/v1/devices/{id}/identify */
export const IdentifyRequest = z.object({
  /** How long to blink. */
  seconds: z.int().min(5).max(120).default(30),
});
export type IdentifyRequest = z.infer<typeof IdentifyRequest>;

/** What to look for, and how the device was reached: by its agent, or on a joined node by a Job. */
export const IdentifyView = z.object({
  words: z.string(),
  until: z.iso.datetime(),
  how: z.enum(['Agent', 'Job']),
});
export type IdentifyView = z.infer<typeof IdentifyView>;
