/** The right of one service to act for one unit, until a moment on the machine's monotonic clock. */
export interface Grant {
  readonly epoch: number;
  readonly validUntilMs: number;
  /** How long after its end a safe state may still be driven to on a device that the other node shares. */
  readonly stopMs: number;
}

/** What a service knows about its role for one unit. */
export interface GrantState {
  readonly current: Grant | undefined;
  /** Grants up to this epoch are over for good, whatever still arrives. */
  readonly endedEpoch: number;
}

export const NO_GRANT: GrantState = { current: undefined, endedEpoch: 0 };

/** What a grant that arrived means. `refused`: it came too late, or that epoch is over; the standby is told `stopped`. */
export type GrantOutcome = 'begun' | 'extended' | 'refused';

/** Takes a grant that arrived. A current one that has run out must have been ended before ({@link hasRunOut}). */
export function takeGrant(
  state: GrantState,
  grant: Grant,
  nowMs: number,
): { readonly state: GrantState; readonly outcome: GrantOutcome } {
  const { current, endedEpoch } = state;
  if (grant.epoch <= endedEpoch) return { state, outcome: 'refused' };
  if (current !== undefined && grant.epoch < current.epoch) return { state, outcome: 'refused' };
  if (current?.epoch === grant.epoch) {
    const validUntilMs = Math.max(current.validUntilMs, grant.validUntilMs);
    return { state: { ...state, current: { ...grant, validUntilMs } }, outcome: 'extended' };
  }
  // A newer epoch for the same process: nobody had one in between, so the older one simply is over.
  const older = current?.epoch ?? endedEpoch;
  if (grant.validUntilMs <= nowMs) return { state: { ...state, endedEpoch: grant.epoch }, outcome: 'refused' };
  return { state: { current: grant, endedEpoch: Math.max(endedEpoch, older) }, outcome: 'begun' };
}

/** The current grant is over: by a revoke, by time, or by the service's own wish. */
export function endGrant(state: GrantState): GrantState {
  return { current: undefined, endedEpoch: Math.max(state.endedEpoch, state.current?.epoch ?? 0) };
}

export function hasRunOut({ current }: GrantState, nowMs: number): boolean {
  return current !== undefined && nowMs >= current.validUntilMs;
}

/** Whether an act that takes at most `windowMs` may begin now. */
export function mayAct({ current }: GrantState, nowMs: number, windowMs = 0): boolean {
  return current !== undefined && nowMs + windowMs < current.validUntilMs;
}

/**
 * Whether the safe state of a grant that ended may still be driven to on a device that the other node shares: after this
 * moment another service may be acting on it.
 */
export function mayStillStop({ validUntilMs, stopMs }: Grant, nowMs: number): boolean {
  return nowMs < validUntilMs + stopMs;
}
