import { z } from 'zod';
import { CardFile } from '../../join/protocol/messages.ts';
import { MILESTONES } from './hollow-pi.ts';

/** What the lab tells the process that the crowd lives in. */
export const CrowdOrder = z.discriminatedUnion('order', [
  z.object({
    order: z.literal('switch-on'),
    /** The first DHCP packets come evenly spread over this time. */
    spreadMs: z.number(),
    heartbeatMs: z.number(),
    pis: z.array(z.object({ number: z.int().positive(), card: CardFile })),
  }),
  z.object({ order: z.literal('switch-off') }),
]);
export type CrowdOrder = z.infer<typeof CrowdOrder>;

/** What comes back. */
export const CrowdNews = z.discriminatedUnion('news', [
  z.object({ news: z.literal('board'), number: z.int(), deviceId: z.string() }),
  z.object({ news: z.literal('milestone'), number: z.int(), what: z.enum(MILESTONES), atMs: z.number() }),
  z.object({ news: z.literal('trouble'), number: z.int(), code: z.string(), detail: z.string() }),
]);
export type CrowdNews = z.infer<typeof CrowdNews>;
