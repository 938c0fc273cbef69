import { z } from 'zod';

/**
 * How far the device got, as `/var/lib/usher/state.json` keeps it across a power cut:
 * new: no ticket was used yet · applying: a ticket is being written down · started: k3s-agent runs with it ·
 * joined: the appliance saw the Node · done: the secrets are wiped, nothing is left to do.
 */
export const LOCAL_PHASES = ['new', 'applying', 'started', 'joined', 'done'] as const;
export type LocalPhase = (typeof LOCAL_PHASES)[number];

/** What ties the device to its site once the card's file is gone. */
export const Site = z.object({
  urls: z.array(z.string()),
  caPem: z.string(),
  /** When the card was written: the clock is never earlier than this. RFC 3339. */
  issuedAt: z.string(),
});
export type Site = z.infer<typeof Site>;

/** Content of `/var/lib/usher/state.json`. It holds no secret. */
export const LocalState = z.object({
  v: z.literal(1),
  phase: z.enum(LOCAL_PHASES),
  site: Site.optional(),
  /** Where the appliance answered last; tried first next time. */
  applianceUrl: z.string().optional(),
  /** The ticket that was written down last. */
  ticketId: z.string().optional(),
  nodeName: z.string().optional(),
});
export type LocalState = z.infer<typeof LocalState>;

/** The state of a device that has never run. */
export const FRESH_STATE: LocalState = { v: 1, phase: 'new' };

/**
 * The state with the site of a newly read card: another CA means another site, where nothing of the old join counts;
 * the same CA only refreshes the addresses.
 */
export function withSite(state: LocalState, site: Site): LocalState {
  if (state.site !== undefined && state.site.caPem !== site.caPem) return { ...FRESH_STATE, site };
  return { ...state, site };
}
