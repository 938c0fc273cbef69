import { z } from 'zod';

/** How much of a list, and from where: without `limit` the whole list, which is bounded. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).optional().describe('At most so many items; without it all'),
  cursor: z.string().max(1024).optional().describe('`nextCursor` of the reply before'),
});
export type PageQuery = z.infer<typeof PageQuery>;

/** Set when more is left: goes into `cursor` of the next request. */
export const nextCursor = z.string().optional();
