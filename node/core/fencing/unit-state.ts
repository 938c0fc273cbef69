import type { LeaseTerms } from '../../../k8s/core/sensor-service/lease.ts';
import type { LeaseChange, LeaseRecord } from './lease-record.ts';

/** Why a grant ended, as the service is told. */
export type EndReason =
  /** It was not renewed in time. */
  | 'expired'
  /** Another node holds the Lease, or the Lease was made anew. */
  | 'taken'
  /** A voluntary handover. */
  | 'yield'
  /** This node is no longer a candidate. */
  | 'not-candidate'
  /** There is no Lease any more. */
  | 'lease-gone'
  /** The service does not answer, or its connection ended. */
  | 'service-lost'
  /** The service itself said that it has stopped. */
  | 'stopped';

/** A record, and since when this node sees it unchanged on its own monotonic clock. */
export interface Sighting {
  readonly record: LeaseRecord;
  readonly sinceMs: number;
  /** The store was asked whether that is still so, because beats that were due were not seen. */
  readonly isChecked: boolean;
}

/** A connected service that is ready to be active. */
export interface ReadyService {
  readonly connection: number;
  /** The epoch of a grant that it still has, from a standby that ran before this one. */
  readonly holding: number | undefined;
}

export interface Candidate {
  readonly name: 'candidate';
}

export interface Active {
  readonly name: 'active';
  readonly connection: number;
  readonly uid: string;
  readonly epoch: number;
  readonly validUntilMs: number;
  /** Those in force when it was acquired; new ones count from the next acquisition on, but that it may not hold on at once. */
  readonly terms: LeaseTerms;
  /** A wish to yield that was there before: who it names did not take the Lease, so it is not obeyed again. */
  readonly ignoredYield: string | undefined;
}

export interface Stopping {
  readonly name: 'stopping';
  readonly connection: number;
  readonly epoch: number;
  readonly reason: EndReason;
  readonly terms: LeaseTerms;
  /** When its processes are killed; without fencing, when they have surely stopped by their own clock. */
  readonly killAtMs: number;
  readonly killing: boolean;
}

export type Role = Candidate | Active | Stopping;

/** The one request of a unit that is under way. */
export interface LeaseRequest {
  readonly id: number;
  /** `read` follows a refusal; `check` asks without one whether what was seen is still so. */
  readonly kind: 'read' | 'check' | 'acquire' | 'adopt' | 'renew' | 'release';
  readonly sentMs: number;
  /** After this it counts as unanswered; a later answer is not heeded. */
  readonly abortAtMs: number;
  readonly epoch: number;
  /** For whom, when it acquires or adopts. */
  readonly connection: number | undefined;
}

/** All that the standby of one node knows about one unit of one service. */
export interface UnitState {
  readonly node: string;
  readonly sighting: Sighting | undefined;
  /** The highest epoch ever seen: a store that was put back to an earlier state shows a lower one. */
  readonly highestEpoch: number;
  /** The longest lease duration that any holder wrote: what a record without one, or one that went back, may hide. */
  readonly longestLeaseMs: number;
  /** The last epoch this process took or tried to take: no grant of it is out unless {@link role} says so. */
  readonly own: { readonly uid: string; readonly epoch: number } | undefined;
  readonly lastHolder: string | undefined;
  readonly ready: readonly ReadyService[];
  readonly role: Role;
  readonly request: LeaseRequest | undefined;
  readonly requests: number;
  /** No request goes out before this. */
  readonly nextSendMs: number;
  /** The next request is a read, because what is known was refused. */
  readonly mustRead: boolean;
}

export type UnitEvent =
  /** From the watch: may be late, never wrong. */
  | { readonly type: 'observed'; readonly record: LeaseRecord }
  | { readonly type: 'deleted'; readonly uid: string }
  /** The record as it is after the request. */
  | { readonly type: 'answered'; readonly id: number; readonly record: LeaseRecord }
  /** Somebody else wrote meanwhile, or the Lease is another one. */
  | { readonly type: 'conflict'; readonly id: number }
  | { readonly type: 'absent'; readonly id: number }
  /** No answer, or one that says nothing about who holds. */
  | { readonly type: 'unanswered'; readonly id: number }
  | { readonly type: 'service-ready'; readonly connection: number; readonly holding?: number | undefined }
  | { readonly type: 'service-stopped'; readonly connection: number; readonly epoch: number }
  | { readonly type: 'service-lost'; readonly connection: number }
  | { readonly type: 'processes-gone'; readonly connection: number }
  | { readonly type: 'tick' };

export type UnitAction =
  | { readonly type: 'read'; readonly id: number }
  /** Guarded by uid and version of `record`. */
  | { readonly type: 'write'; readonly id: number; readonly record: LeaseRecord; readonly change: LeaseChange }
  | { readonly type: 'abort'; readonly id: number }
  | {
      readonly type: 'grant';
      readonly connection: number;
      readonly epoch: number;
      readonly validUntilMs: number;
      /** How long after its end the service may take to reach its safe state. */
      readonly stopMs: number;
    }
  | { readonly type: 'revoke'; readonly connection: number; readonly epoch: number; readonly reason: EndReason }
  /** Kill the processes behind the connection, see them gone, then say `processes-gone`. Repeat until it works. */
  | { readonly type: 'kill'; readonly connection: number }
  | { readonly type: 'note'; readonly what: 'acquired' | 'adopted' | 'ended' | 'released'; readonly detail: object };

/** What a standby that just started knows: nothing. */
export function newUnit(node: string): UnitState {
  return {
    node,
    sighting: undefined,
    highestEpoch: 0,
    longestLeaseMs: 0,
    own: undefined,
    lastHolder: undefined,
    ready: [],
    role: { name: 'candidate' },
    request: undefined,
    requests: 0,
    nextSendMs: Number.NEGATIVE_INFINITY,
    mustRead: false,
  };
}
