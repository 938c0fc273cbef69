import { type LeaseTerms, PROFILES, WATCHDOG_MS } from '../../../k8s/core/sensor-service/lease.ts';
import type { LeaseRecord } from './lease-record.ts';
import type { ReadyService, UnitState } from './unit-state.ts';

/**
 * The moment (monotonic ms) from which this node may try to acquire; undefined when it may not until something changes.
 * Who waits how long is the heart of fencing:
 *
 * - *Nobody can hold a grant* (it was released, the controller vouches for a new Lease, or the record is this very
 *   process's own and its grant has ended): no wait.
 * - *Somebody may hold one*: unchanged for the longer of the lease durations that the last holder wrote and that the terms
 *   say, since this node first saw the record. So does a standby that has just started, whatever it sees: it knows nothing.
 * - A new Lease that the controller does not vouch for, or a lower epoch than before (restored from a backup): the record
 *   proves nothing, so the same wait, by the longest duration that was ever seen.
 * - `HoldLast`: never by itself, only on an operator's word about that very epoch.
 *
 * Among several candidates a later one waits a retry period longer for each before it. That only keeps order: of two that
 * write, the API server refuses one.
 */
export function acquireFromMs(state: UnitState): number | undefined {
  const { sighting, node } = state;
  if (sighting === undefined) return undefined;
  const { record, sinceMs } = sighting;
  const { terms } = record;
  if (terms === undefined || !record.candidates.includes(node)) return undefined;
  if (isOwnLeftover(state, record)) return sinceMs;
  const orderMs = rankOf(state, record) * terms.retryPeriodMs;
  if (isFree(state, record)) return sinceMs + orderMs;
  const isOurs = record.holder === node && record.epoch >= state.highestEpoch;
  if (terms.onControlPlaneLoss === 'HoldLast' && !isOurs && record.takeoverBy !== `${node}@${record.epoch}`)
    return undefined;
  const watchdogMs = terms.fencing === 'Watchdog' ? WATCHDOG_MS : 0;
  const hidesOlder = record.renewTime === undefined || record.epoch < state.highestEpoch;
  const writtenMs = hidesOlder
    ? Math.max(state.longestLeaseMs, PROFILES.Default.leaseDurationMs)
    : record.leaseDurationMs;
  return sinceMs + Math.max(terms.leaseDurationMs, writtenMs) + watchdogMs + orderMs;
}

/**
 * The moment (monotonic ms) from which a candidate asks the store about a holder whose beats it misses; undefined when there
 * is nothing to ask. Either the holder is gone, or the watch stands still and this node would run for a Lease that is held.
 * The answer only tells of a beat sooner: nobody waits less for it. It also sees to it that the connection over which an
 * acquisition goes is one that works, while there is still time to make another.
 */
export function checkFromMs({ sighting, node }: UnitState): number | undefined {
  if (sighting === undefined || sighting.isChecked) return undefined;
  const { holder, terms } = sighting.record;
  if (terms === undefined || holder === undefined || holder === node) return undefined;
  return sighting.sinceMs + terms.leaseDurationMs / 2;
}

/**
 * Whether a holder that gets no answer goes on: nobody takes over from it by time as long as both the terms of its grant and
 * the newest that it has seen say so. Every renewal rests on the newest, so who sees one that came later than an edit knows
 * that the holder has seen the edit.
 */
export function holdsOn(terms: LeaseTerms, newest: LeaseRecord | undefined): boolean {
  if (terms.onControlPlaneLoss !== 'HoldLast' || newest === undefined || newest.safeNext) return false;
  return newest.terms?.onControlPlaneLoss === 'HoldLast';
}

/** True when the record names this node in the epoch that this process took, and no other incarnation of the Lease. */
export function isOwnLeftover({ node, own, highestEpoch }: UnitState, record: LeaseRecord): boolean {
  const isOwn = own?.uid === record.uid && own.epoch === record.epoch;
  return isOwn && record.holder === node && record.epoch >= highestEpoch;
}

/** The epoch that an acquisition takes: above all that was ever seen, even where the store forgot. */
export function nextEpoch({ highestEpoch }: UnitState, record: LeaseRecord): number {
  return Math.max(highestEpoch, record.epoch) + 1;
}

function isFree({ highestEpoch }: UnitState, record: LeaseRecord): boolean {
  if (record.holder !== undefined || record.epoch < highestEpoch) return false;
  return record.renewTime !== undefined || record.unheld;
}

/** Place in the queue: whoever is to get it first, then by preference, and last who held it last. */
function rankOf({ node, lastHolder }: UnitState, { candidates, yieldTo }: LeaseRecord): number {
  const last = lastHolder === yieldTo ? undefined : lastHolder;
  const order = [
    ...candidates.filter((one) => one === yieldTo),
    ...candidates.filter((one) => one !== yieldTo && one !== last),
    ...candidates.filter((one) => one !== yieldTo && one === last),
  ];
  return order.indexOf(node);
}

/**
 * Who still has this node's grant from an earlier standby: as nobody acquired since, it is the only one that can. Not when
 * the lease duration has become shorter: others would then wait less than that grant may last.
 */
export function heirOf(state: UnitState, record: LeaseRecord): ReadyService | undefined {
  const { node, highestEpoch, ready } = state;
  const isOurs = record.holder === node && record.epoch >= highestEpoch && isWanted(record, node);
  if (!isOurs || isOwnLeftover(state, record)) return undefined;
  if (record.terms === undefined || record.leaseDurationMs > record.terms.leaseDurationMs) return undefined;
  return ready.find(({ holding }) => holding === record.epoch);
}

/** True when the record asks this node to leave the unit to another candidate. */
export function isWish(yieldTo: string | undefined, node: string, candidates: readonly string[]): boolean {
  return yieldTo !== undefined && yieldTo !== node && candidates.includes(yieldTo);
}

/** True when the record leaves this node in the running. */
export function isWanted({ candidates, yieldTo }: LeaseRecord, node: string): boolean {
  return candidates.includes(node) && !isWish(yieldTo, node, candidates);
}
