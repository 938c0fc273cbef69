import {
  CANDIDATES_ANNOTATION,
  candidatesOf,
  epochOf,
  holderOf,
  type Lease,
  leaseLabels,
  type LeaseTerms,
  leaseTermsOf,
  NEVER_RENEWED,
  SAFE_NEXT_ANNOTATION,
  TAKEOVER_BY_ANNOTATION,
  TERMS_ANNOTATION,
  termsOf,
  UNHELD_ANNOTATION,
  UNIT_LABEL,
  YIELD_REASON_ANNOTATION,
  YIELD_TO_ANNOTATION,
} from './lease.ts';
import type { Yield } from './moves.ts';
import type { Seat, SeenLease, ServiceWorld } from './placement.ts';
import { ownerOf } from './workload.ts';

/** A write to a Lease. A patch never makes one: a lease that is gone may not come back as a free one. */
export type LeaseWrite =
  | { readonly verb: 'create'; readonly lease: Lease }
  | {
      readonly verb: 'annotate';
      readonly lease: Lease;
      /** Merge patch of the annotations; null takes one away. */
      readonly annotations: Readonly<Record<string, string | null>>;
    };

/** What has to be written for one of the `seats`, if anything. A new Lease waits until no other binds its nodes. */
export function leaseWriteFor(
  seat: Seat,
  wanted: Yield | undefined,
  world: ServiceWorld,
  seats: readonly Seat[],
): LeaseWrite | undefined {
  const bonds = bondsOf(seat, world, seats);
  if (seat.seen === undefined) {
    return bonds.some(isToBeAwaited) ? undefined : { verb: 'create', lease: newLease(seat, bonds, world) };
  }
  const { lease } = seat.seen;
  const annotations = {
    [CANDIDATES_ANNOTATION]: JSON.stringify(admitted(seat, candidatesOf(lease), bonds)),
    ...termsNotes(lease, leaseTermsOf(world.service.spec)),
  };
  const held = epochOf(lease) === 0 ? {} : { [UNHELD_ANNOTATION]: null };
  return changed(lease, { ...annotations, ...yieldNotes(seat, lease, wanted), ...takeoverNote(seat, lease), ...held });
}

/** Leases of units that are no more: nobody may take them. They stay, so that epochs never begin anew. */
export function closingWrites(world: ServiceWorld, seats: readonly Seat[]): LeaseWrite[] {
  const names = seats.map(({ leaseName }) => leaseName);
  return world.leases.flatMap(({ lease }) => {
    if (names.includes(lease.metadata.name)) return [];
    const none = { [YIELD_TO_ANNOTATION]: null, [YIELD_REASON_ANNOTATION]: null, [TAKEOVER_BY_ANNOTATION]: null };
    return changed(lease, { [CANDIDATES_ANNOTATION]: '[]', ...none }) ?? [];
  });
}

/** Put to a holder, and not yet known to have been there at any renewal ({@link SAFE_NEXT_ANNOTATION}). */
const ASKED = 'asked';

/** Another Lease of the service by which nodes of a seat may still act although it is theirs no more. */
interface Bond {
  readonly seen: SeenLease;
  /** They may still acquire it, as far as is known. */
  readonly isOpen: boolean;
  readonly holder: string | undefined;
  /** Those of the seat's related nodes that may still act by it, and its holder. */
  readonly nodes: readonly string[];
}

function bondsOf(seat: Seat, world: ServiceWorld, seats: readonly Seat[]): Bond[] {
  return world.leases.flatMap((seen): Bond[] => {
    const { name } = seen.lease.metadata;
    if (name === seat.leaseName) return [];
    const kept = seats.find(({ leaseName }) => leaseName === name)?.candidates ?? [];
    const isBound = (node: string): boolean => seat.related.includes(node) && !kept.includes(node);
    const nodes = candidatesOf(seen.lease).filter(isBound);
    const isOpen = nodes.length > 0;
    const named = holderOf(seen.lease);
    const isBond = isBound(named ?? '') || isOfPairBefore(seat, seen, world, seats);
    const holder = named !== undefined && isBond && !hasEnded(seen, named, world) ? named : undefined;
    if (holder !== undefined) nodes.push(holder);
    return nodes.length === 0 ? [] : [{ seen, isOpen, holder, nodes }];
  });
}

/**
 * Whether its program has ended on a silent holder's node. A pod leaves the API only when the kubelet has ended its
 * containers, or when somebody vouches for that: who deletes the Node, or the pod by force.
 */
function hasEnded({ isStale }: SeenLease, holder: string, { pods }: ServiceWorld): boolean {
  return isStale && !pods.some(({ spec }) => spec?.nodeName === holder);
}

/** Whether the Lease is that of a pair which is no more, and whose last holder may be at the machine of a lone node. */
function isOfPairBefore(seat: Seat, { lease }: SeenLease, { nodes }: ServiceWorld, seats: readonly Seat[]): boolean {
  const holder = holderOf(lease);
  const { name, labels } = lease.metadata;
  if (!seat.isLone || holder === undefined || labels?.[UNIT_LABEL] === holder) return false;
  const isInUse = seats.some(
    ({ leaseName, members, isEnding }) => members.includes(holder) || (leaseName === name && !isEnding),
  );
  return !isInUse && nodes.some(({ metadata }) => metadata.name === holder);
}

/** Nodes that went silent as other units which are no more, and may drive on: nobody begins in this one beside them. */
export function silentBonds(
  seat: Seat,
  world: ServiceWorld,
  seats: readonly Seat[],
): { readonly node: string; readonly unit: string }[] {
  return bondsOf(seat, world, seats).flatMap(({ seen, holder }) => {
    const { labels } = seen.lease.metadata;
    return holder !== undefined && seen.isStale && bindsLast(seen)
      ? [{ node: holder, unit: labels?.[UNIT_LABEL] ?? holder }]
      : [];
  });
}

/** Its holder is told, and lets it go within moments. */
function isToBeAwaited({ isOpen, holder, seen }: Bond): boolean {
  return isOpen || (holder !== undefined && !seen.isSpent);
}

/**
 * New candidates wait until they are bound by no other Lease; while nobody holds this one, or who holds it was struck off and
 * is about to let it go, until all that bound any of them is over.
 */
function admitted({ holder, candidates }: Seat, now: readonly string[], bonds: readonly Bond[]): readonly string[] {
  if (holder !== undefined && now.includes(holder)) {
    const bound = bonds.filter(isToBeAwaited).flatMap(({ nodes }) => nodes);
    return candidates.filter((node) => now.includes(node) || node === holder || !bound.includes(node));
  }
  if (bonds.some(isToBeAwaited)) return candidates.filter((node) => now.includes(node));
  const mayDriveOn = bonds.filter(holdsLast).map((bond) => bond.holder);
  if (mayDriveOn.length === 0) return candidates;
  return candidates.filter((node) => now.includes(node) || mayDriveOn.includes(node));
}

/** By the terms in force, which an edit of the service does not change while its holder may not have seen it. */
export function bindsLast({ lease }: SeenLease): boolean {
  return termsOf(lease)?.onControlPlaneLoss === 'HoldLast';
}

/** Closed and silent, and its holder may drive on without end. */
function holdsLast({ seen }: Bond): boolean {
  return bindsLast(seen);
}

/** `HoldLast` becomes `Safe` only when its holder is known to have seen that ({@link SAFE_NEXT_ANNOTATION}). */
function termsNotes(lease: Lease, wanted: LeaseTerms): Record<string, string | null> {
  const { [SAFE_NEXT_ANNOTATION]: asked } = lease.metadata.annotations ?? {};
  const renewTime = lease.spec?.renewTime ?? NEVER_RENEWED;
  const isHeldLast = termsOf(lease)?.onControlPlaneLoss === 'HoldLast';
  const isHeard = asked !== undefined && asked !== ASKED && asked !== renewTime;
  if (!isHeldLast || wanted.onControlPlaneLoss === 'HoldLast' || isHeard) {
    return { [TERMS_ANNOTATION]: JSON.stringify(wanted), [SAFE_NEXT_ANNOTATION]: null };
  }
  // A time that stands beside the question may be older than it, and tells nothing; a later one does.
  return { ...stillHoldLast(wanted), [SAFE_NEXT_ANNOTATION]: asked === ASKED ? renewTime : (asked ?? ASKED) };
}

function stillHoldLast(wanted: LeaseTerms): Record<string, string> {
  return { [TERMS_ANNOTATION]: JSON.stringify({ ...wanted, onControlPlaneLoss: 'HoldLast' }) };
}

/** Whether a holder that is heard has still to be heard once more before `Safe` counts. */
export function awaitsBeat({ seen, holder }: Seat): boolean {
  return holder !== undefined && seen?.lease.metadata.annotations?.[SAFE_NEXT_ANNOTATION] !== undefined;
}

function yieldNotes(seat: Seat, lease: Lease, wanted: Yield | undefined): Record<string, string | null> {
  const { [YIELD_TO_ANNOTATION]: to, [YIELD_REASON_ANNOTATION]: reason } = lease.metadata.annotations ?? {};
  if (wanted !== undefined) {
    return { [YIELD_TO_ANNOTATION]: wanted.to, [YIELD_REASON_ANNOTATION]: wanted.reason };
  }
  // What a person wrote stays until it is done, or makes no sense.
  const isPersons = to !== undefined && reason === undefined;
  if (isPersons && seat.holder !== to && seat.candidates.includes(to)) return {};
  return { [YIELD_TO_ANNOTATION]: null, [YIELD_REASON_ANNOTATION]: null };
}

/** A person's word that the old holder is off counts for that holder's epoch alone. */
function takeoverNote(seat: Seat, lease: Lease): Record<string, null> {
  const [by = '', epoch] = (lease.metadata.annotations?.[TAKEOVER_BY_ANNOTATION] ?? '').split('@');
  const stands = seat.candidates.includes(by) && epoch === String(epochOf(lease));
  return stands ? {} : { [TAKEOVER_BY_ANNOTATION]: null };
}

function changed(lease: Lease, wanted: Record<string, string | null>): LeaseWrite | undefined {
  const now = lease.metadata.annotations ?? {};
  const annotations = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => (now[key] ?? null) !== value));
  return Object.keys(annotations).length === 0 ? undefined : { verb: 'annotate', lease, annotations };
}

/**
 * Free at once only where nobody can hold what was there under this name before; else a candidate waits as for any silent
 * holder, and the epoch goes on.
 */
function newLease(seat: Seat, bonds: readonly Bond[], world: ServiceWorld): Lease {
  const { name, namespace = 'default' } = world.service.metadata;
  const known = world.service.status?.units?.find((unit) => unit.name === seat.unit)?.lastActive;
  const ending = world.pods.find(({ metadata }) => metadata.deletionTimestamp !== undefined)?.spec?.nodeName;
  const silent = bonds.find(holdsLast) ?? bonds[0];
  const holderIdentity = silent?.holder ?? known?.node ?? ending;
  const isUnheld = holderIdentity === undefined && !world.goneLeases.includes(seat.leaseName);
  const wanted = leaseTermsOf(world.service.spec);
  const isSafeTooEarly = wanted.onControlPlaneLoss === 'Safe' && silent !== undefined && holdsLast(silent);
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: seat.leaseName,
      namespace,
      labels: leaseLabels(name, seat.unit),
      annotations: {
        [CANDIDATES_ANNOTATION]: JSON.stringify(seat.candidates),
        [TERMS_ANNOTATION]: JSON.stringify(wanted),
        ...(isSafeTooEarly ? { ...stillHoldLast(wanted), [SAFE_NEXT_ANNOTATION]: ASKED } : {}),
        ...(isUnheld ? { [UNHELD_ANNOTATION]: 'true' } : {}),
      },
      ownerReferences: [ownerOf(world.service)],
    },
    spec: holderIdentity === undefined ? {} : { holderIdentity, leaseTransitions: known?.epoch ?? 0 },
  };
}

/** The epoch of a seat; 0 before anybody held it. */
export function seatEpoch({ seen }: Seat): number {
  return seen === undefined ? 0 : epochOf(seen.lease);
}
