/** Whether the service at the other end of a connection still runs, by its answers to pings. */
export interface Liveness {
  /** When the newest ping that was answered had been sent: at that moment the service still ran. */
  readonly provenMs: number;
  readonly sent: ReadonlyMap<number, number>;
  readonly nextId: number;
  readonly lastCheckMs: number;
}

/** Pings in one time limit: so many may get lost in a pause of the service without harm. */
const PINGS_PER_LIMIT = 4;
/** Pings that are remembered: older ones prove nothing that newer ones do not. */
const REMEMBERED = 16;

export function newLiveness(nowMs: number): Liveness {
  return { provenMs: nowMs, sent: new Map(), nextId: 1, lastCheckMs: nowMs };
}

/** How often to ping, so that a service that stands still is found out within `limitMs`. */
export function pingPeriodMs(limitMs: number): number {
  return limitMs / PINGS_PER_LIMIT;
}

/**
 * Checks, and says which ping to send. A service is mute when nothing proves that it ran within `limitMs`. When this
 * process itself was paused, its silence proves nothing: the service gets a new chance.
 */
export function check(
  liveness: Liveness,
  nowMs: number,
  limitMs: number,
): { readonly liveness: Liveness; readonly mute: boolean; readonly pingId: number } {
  const wasPaused = nowMs - liveness.lastCheckMs > limitMs / 2;
  const provenMs = wasPaused ? Math.max(liveness.provenMs, nowMs - limitMs / 2) : liveness.provenMs;
  const pingId = liveness.nextId;
  const sent = new Map([...liveness.sent, [pingId, nowMs] as const].slice(-REMEMBERED));
  return {
    liveness: { provenMs, sent, nextId: pingId + 1, lastCheckMs: nowMs },
    mute: nowMs - provenMs >= limitMs,
    pingId,
  };
}

/** Takes a pong. One that answers no known ping changes nothing. */
export function ponged(liveness: Liveness, id: number): Liveness {
  const sentMs = liveness.sent.get(id);
  if (sentMs === undefined) return liveness;
  const sent = new Map([...liveness.sent].filter(([one]) => one > id));
  return { ...liveness, sent, provenMs: Math.max(liveness.provenMs, sentMs) };
}
