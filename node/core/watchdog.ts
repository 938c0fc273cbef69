import type { WatchdogState } from '../../k8s/core/sensor-service/watchdog.ts';
import type { UnitState } from './fencing/unit-state.ts';

/** What the kernel says about a watchdog. */
export interface WatchdogFacts {
  /** As its driver calls it. */
  readonly identity: string;
  /** After how long without a pet it resets the machine; undefined when the kernel does not say. */
  readonly timeoutMs: number | undefined;
  /** It was started and not stopped, by whomever. */
  readonly isRunning: boolean;
  /** Once started it cannot be stopped. */
  readonly isForGood: boolean;
}

/** What was found when it was to be opened. */
export type WatchdogRefusal = 'in-use' | 'unreadable';

/** The longest time of a watchdog that is any use: who takes over does not wait longer. It is that of a Raspberry Pi. */
export const LONGEST_TIMEOUT_MS = 15_000;

/** The shortest: swapping the container of the standby takes seconds, and would reset the machine. */
export const SHORTEST_TIMEOUT_MS = 10_000;

const LONGEST_PAUSE_MS = 3_000;

/**
 * How long processes may outlast the moment at which they are killed. With the last pet at the end of it, the machine is
 * reset within renew deadline + stop time + this + {@link LONGEST_TIMEOUT_MS} after its last renewal, which is before a
 * candidate may acquire: lease duration + WATCHDOG_MS, by a clock that runs fast.
 */
export const STUCK_MS = 900;

/** The time between two pets: a third of the timeout, at most some seconds. */
export function petEveryMs(timeoutMs: number): number {
  return Math.min(Math.floor(timeoutMs / 3), LONGEST_PAUSE_MS);
}

/** Whether it has to be armed: a unit with `fencing: Watchdog` is held here, or may be. */
export function isWatchdogWanted(units: readonly UnitState[]): boolean {
  return units.some(({ role, sighting, node }) => {
    if (role.name !== 'candidate') return role.terms.fencing === 'Watchdog';
    return sighting?.record.terms?.fencing === 'Watchdog' && sighting.record.candidates.includes(node);
  });
}

/** Whether processes of a unit with `fencing: Watchdog` are still there although they were killed: only a reset ends them. */
export function isStuck(units: readonly UnitState[], nowMs: number): boolean {
  return units.some(
    ({ role }) =>
      role.name === 'stopping' &&
      role.killing &&
      role.terms.fencing === 'Watchdog' &&
      nowMs - role.killAtMs >= STUCK_MS,
  );
}

/** Whether a unit with `fencing: Watchdog` is active here, or stopping; true as well while that is unknown. */
export function mayAct(units: readonly UnitState[] | undefined): boolean {
  if (units === undefined) return true;
  return units.some(({ role }) => role.name !== 'candidate' && role.terms.fencing === 'Watchdog');
}

export interface WatchdogSituation {
  readonly facts: WatchdogFacts | undefined;
  /** We have it open, so it runs. */
  readonly isOpen: boolean;
  /** Why it could not be opened the last time. */
  readonly refusal: WatchdogRefusal | undefined;
  readonly isWanted: boolean;
  readonly isStuck: boolean;
  /** The units of this node are known; until then nothing is disarmed that an earlier standby may have armed. */
  readonly isKnown: boolean;
}

/** What is to be done now. `starve`: it is not petted, so that it resets the machine; one that is closed stays so. */
export function watchdogAction(now: WatchdogSituation): 'open' | 'pet' | 'starve' | 'disarm' | 'leave' {
  const { facts, isOpen, refusal, isWanted, isKnown } = now;
  const { timeoutMs = Number.POSITIVE_INFINITY, isRunning = false } = facts ?? {};
  // One that stands still is started first.
  if (now.isStuck && (isOpen || isRunning)) return 'starve';
  if (isOpen) return isWanted || !isKnown || facts?.isForGood === true ? 'pet' : 'disarm';
  if (!isUsable(timeoutMs)) return 'leave';
  // One that runs was left by a standby that crashed, or belongs to another program: opening it tells.
  return isWanted || isRunning || refusal !== undefined ? 'open' : 'leave';
}

/** What the node has of a watchdog. */
export function watchdogState({
  facts,
  isOpen,
  refusal,
}: Pick<WatchdogSituation, 'facts' | 'isOpen' | 'refusal'>): WatchdogState {
  if (isOpen) return 'armed';
  if (facts === undefined) return 'none';
  if (facts.isRunning) return 'in-use';
  if (refusal !== undefined) return refusal;
  if (facts.timeoutMs === undefined || facts.timeoutMs < SHORTEST_TIMEOUT_MS) return 'unreadable';
  return facts.timeoutMs > LONGEST_TIMEOUT_MS ? 'too-slow' : 'ready';
}

function isUsable(timeoutMs: number): boolean {
  return timeoutMs >= SHORTEST_TIMEOUT_MS && timeoutMs <= LONGEST_TIMEOUT_MS;
}
