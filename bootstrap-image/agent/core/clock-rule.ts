/** A clock that is off by more than this is set. */
export const LARGEST_CLOCK_ERROR_MS = 30_000;

/** A moment as the appliance told it, and how far it may be believed. */
export interface ToldTime {
  /** RFC 3339. */
  readonly serverTime: string;
  /** True only when it came over a connection that the pinned CA vouches for. */
  readonly authenticated: boolean;
}

/**
 * What to set the clock to (milliseconds since the epoch), or undefined to leave it. A Raspberry Pi wakes without the
 * time, and k3s checks the dates of certificates; but only the appliance may move the clock, and not against NTP.
 */
export function clockCorrection(localMs: number, told: ToldTime, synchronised: boolean): number | undefined {
  const serverMs = Date.parse(told.serverTime);
  if (!told.authenticated || synchronised || Number.isNaN(serverMs)) return undefined;
  return Math.abs(localMs - serverMs) > LARGEST_CLOCK_ERROR_MS ? serverMs : undefined;
}

/** What to set the clock to when it is earlier than the moment the card was written, which cannot be. */
export function clockFloor(localMs: number, issuedAt: string): number | undefined {
  const issuedMs = Date.parse(issuedAt);
  return !Number.isNaN(issuedMs) && localMs < issuedMs ? issuedMs : undefined;
}
