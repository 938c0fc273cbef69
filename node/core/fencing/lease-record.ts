import {
  candidatesOf,
  epochOf,
  holderOf,
  type Lease,
  type LeaseTerms,
  SAFE_NEXT_ANNOTATION,
  TAKEOVER_BY_ANNOTATION,
  termsOf,
  UNHELD_ANNOTATION,
  YIELD_TO_ANNOTATION,
} from '../../../k8s/core/sensor-service/lease.ts';

/** What the Lease of a unit says, as far as fencing goes. */
export interface LeaseRecord {
  readonly uid: string;
  /** Its resourceVersion: a write names it, and is refused when somebody else wrote meanwhile. */
  readonly version: string;
  /** Node name; undefined when released, or never held. */
  readonly holder: string | undefined;
  readonly epoch: number;
  /** Differs with every write of a holder; undefined when no standby has ever written. */
  readonly renewTime: string | undefined;
  /** How long others have to wait by the word of the last writer; 0 when there was none. */
  readonly leaseDurationMs: number;
  /** Nodes that may hold it, in order of preference. */
  readonly candidates: readonly string[];
  /** Undefined when they make no sense: then nobody acquires. */
  readonly terms: LeaseTerms | undefined;
  readonly yieldTo: string | undefined;
  /** `<node>@<epoch>`: an operator vouches that the holder of that epoch is off. */
  readonly takeoverBy: string | undefined;
  /** The controller vouches that nobody can hold a grant from an earlier Lease of this name. */
  readonly unheld: boolean;
  /** The terms are to be `Safe`: a holder holds on no longer, although `HoldLast` binds all others still. */
  readonly safeNext: boolean;
}

/** Reads a Lease. */
export function recordOf(lease: Lease): LeaseRecord {
  const { uid = '', resourceVersion = '', annotations = {} } = lease.metadata;
  return {
    uid,
    version: resourceVersion,
    holder: holderOf(lease),
    epoch: epochOf(lease),
    renewTime: lease.spec?.renewTime,
    leaseDurationMs: (lease.spec?.leaseDurationSeconds ?? 0) * 1000,
    candidates: candidatesOf(lease),
    terms: termsOf(lease),
    yieldTo: annotations[YIELD_TO_ANNOTATION],
    takeoverBy: annotations[TAKEOVER_BY_ANNOTATION],
    unheld: annotations[UNHELD_ANNOTATION] === 'true',
    safeNext: annotations[SAFE_NEXT_ANNOTATION] !== undefined,
  };
}

/** What a standby writes into a Lease. */
export interface LeaseChange {
  /** Undefined releases it. */
  readonly holder: string | undefined;
  readonly epoch: number;
  readonly leaseDurationMs: number;
}

/** The Lease with the change in it; `time` is RFC 3339 with microseconds and never the same twice. */
export function withChange(lease: Lease, change: LeaseChange, time: string): Lease {
  const isSame = lease.spec?.leaseTransitions === change.epoch;
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: change.holder ?? '',
      leaseTransitions: change.epoch,
      leaseDurationSeconds: Math.max(1, Math.ceil(change.leaseDurationMs / 1000)),
      acquireTime: isSame ? (lease.spec?.acquireTime ?? time) : time,
      renewTime: time,
    },
  };
}

/** True when no holder wrote between the two: what the controller changes does not count. */
export function isSameBeat(one: LeaseRecord, other: LeaseRecord): boolean {
  return (
    one.uid === other.uid &&
    one.holder === other.holder &&
    one.epoch === other.epoch &&
    one.renewTime === other.renewTime
  );
}

/**
 * True when `record` is surely no newer than `than`: an event of a watch that was under way while a write was answered.
 * Kubernetes compares versions of one kind as whole numbers (API concepts: resource versions).
 */
export function isStale(record: LeaseRecord, than: LeaseRecord): boolean {
  if (!/^\d+$/.test(record.version) || !/^\d+$/.test(than.version)) return false;
  return BigInt(record.version) <= BigInt(than.version);
}
