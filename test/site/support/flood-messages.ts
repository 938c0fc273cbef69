import { z } from 'zod';

/** What the parent tells the process at the flooding machine to do; each order is answered by one {@link FloodReport}. */
export const FloodOrder = z.discriminatedUnion('do', [
  /** So many devices with a new key each say hello once, `perAddress` of them from one address. */
  z.object({ do: z.literal('fresh-keys'), from: z.int(), keys: z.int(), perAddress: z.int(), parallel: z.int() }),
  /** One key says hello so often. */
  z.object({ do: z.literal('one-key'), hellos: z.int() }),
  /** Connections that never end what they began, at one of three points. */
  z.object({ do: z.literal('stall'), at: z.enum(['handshake', 'headers', 'body']), connections: z.int() }),
  /** One hello with a body of so many bytes, its length said before or not. */
  z.object({ do: z.literal('big-body'), bytes: z.int(), chunked: z.boolean() }),
]);
export type FloodOrder = z.infer<typeof FloodOrder>;

/** How often each outcome came: a state, the code of a refusal, or `closed` and `open` of a stalled connection. */
export const FloodReport = z.object({
  id: z.int(),
  outcomes: z.record(z.string(), z.int()),
  sentBytes: z.int().optional(),
});
export type FloodReport = z.infer<typeof FloodReport>;

/** Order and what it needs to be carried out. */
export const FloodMessage = z.object({
  id: z.int(),
  order: FloodOrder,
  caPem: z.string(),
  host: z.string(),
  port: z.int(),
});
export type FloodMessage = z.infer<typeof FloodMessage>;
