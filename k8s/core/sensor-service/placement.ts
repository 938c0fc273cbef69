import type { Pod } from '../pods.ts';
import type { DeviceClaim, Node } from '../resources.ts';
import { hasLostDevice, type Instance, instanceOn, isFit } from './instances.ts';
import { candidatesOf, holderOf, type Lease, leaseNameOf, UNIT_LABEL } from './lease.ts';
import { failoverOf, type SensorService } from './sensor-service.ts';
import { sharesUnits, type SharedUnits, similarNodes, type UnclearNode, unitsWithSimilar } from './similar-nodes.ts';
import { isMatched, isNodeReady, pairOf, type Unit, unitsOf } from './units.ts';
import { watchdogBar, type WatchdogProblem } from './watchdog.ts';
import { type DaemonSet, keptNodesOf, LEAVING_ANNOTATION, wantedVersion } from './workload.ts';

/** A Lease, and what watching it has told. */
export interface SeenLease {
  readonly lease: Lease;
  /** It was not renewed for longer than its duration since it was seen to change: its holder is silent. */
  readonly isStale: boolean;
  /** It is stale for so long that its holder can act by it no more, whatever became of that node; but see `HoldLast`. */
  readonly isSpent: boolean;
  /** Its holder before the present one let it go. */
  readonly wasReleased: boolean;
  /** Since when its present holder was seen to hold it in this epoch, on our clock. */
  readonly heldSinceMs: number;
}

/** Everything that a plan for one service rests on. */
export interface ServiceWorld {
  readonly service: SensorService;
  /** All nodes of the cluster. */
  readonly nodes: readonly Node[];
  /** All claims, to tell of nodes that are to come. */
  readonly claims: readonly DeviceClaim[];
  /** The service's own. */
  readonly pods: readonly Pod[];
  readonly leases: readonly SeenLease[];
  /** Names of its leases that were deleted of late. */
  readonly goneLeases: readonly string[];
  readonly daemonSet: DaemonSet | undefined;
  readonly brokerUrl: string;
  readonly nowMs: number;
}

/** One Lease that is to be, and who may hold it. */
export interface Seat {
  readonly unit: string;
  readonly leaseName: string;
  /** Names of the nodes of the unit, in order of preference. */
  readonly members: readonly string[];
  /** The members, then similar nodes, then one that is leaving and holds it still; without those that are barred. */
  readonly candidates: readonly string[];
  /** Names of all nodes that may be at its machine: the members, barred ones too, and who is in no unit because of it. */
  readonly related: readonly string[];
  /** It is that of a node without a pair, whose device may be at the machine of a pair that is no more. */
  readonly isLone: boolean;
  /** Its unit is no more: it is there until somebody has let go of it. */
  readonly isEnding: boolean;
  readonly seen: SeenLease | undefined;
  /** Who holds it and renews it; undefined when nobody does. */
  readonly holder: string | undefined;
}

/** Where a service is to run. */
export interface Placement {
  readonly matched: readonly Node[];
  readonly units: readonly Unit[];
  readonly ambiguous: readonly Node[];
  /** Names of the nodes that are in the unit of a pair without being of the pair. */
  readonly similar: ReadonlySet<string>;
  readonly unclear: readonly UnclearNode[];
  /** By node name: every node on which it runs or is to run. */
  readonly instances: ReadonlyMap<string, Instance>;
  /** Nodes that lost their labels and go on until the others have taken over, with the moment when that was seen. */
  readonly leaving: ReadonlyMap<string, number>;
  /** Names of all nodes that keep it. */
  readonly keptOn: readonly string[];
  readonly seats: readonly Seat[];
  /** By node name: those that it matches and that may hold nothing of it, for want of a watchdog. */
  readonly barred: ReadonlyMap<string, WatchdogProblem>;
}

/** Labels are often moved by taking them off here and setting them there: so long a node goes on without them. */
export const LEAVE_GRACE_MS = 5000;
/** A node that lost its labels waits for the new ones at most so long. */
export const LEAVE_LIMIT_MS = 300_000;

/** Finds units, seats and the nodes that stay for a while. */
export function placementOf(world: ServiceWorld): Placement {
  const { service, nodes, nowMs } = world;
  const version = wantedVersion(service, world.brokerUrl);
  const matching = nodes.filter((node) => isMatched(node, service.spec.nodeSelector));
  const { units, ambiguous, similar, unclear } = unitsFor(world, matching);
  const outside = [...ambiguous, ...unclear.map(({ node }) => node)];
  const matched = matching.filter((node) => !outside.includes(node));
  const left = leftNodes(world, [...matched, ...unclear.map(({ node }) => node)]);
  const instances = new Map(
    [...matched, ...left].map((node) => [node.metadata.name, instanceOn(node, { service, pods: world.pods, version })]),
  );
  const since = leavingSince(world.daemonSet);
  const open = units.flatMap((unit) => seatsOf(unit, { world, matched, left, similar, unclear }));
  const heirs = heirSeats(world, { seats: open, left, matched });
  const inherited = heirs.flatMap(({ members }) => members);
  // Who stands in for a pair that is no more acts by itself once the pair does no more.
  const seats = [...open.filter(({ members }) => !members.some((node) => inherited.includes(node))), ...heirs];
  const leaving = new Map(
    left
      .map(({ metadata }): [string, number] => [metadata.name, since.get(metadata.name) ?? nowMs])
      .filter(([name, sinceMs]) => staysOn(name, nowMs - sinceMs, { matched, instances, seats })),
  );
  return {
    matched,
    units,
    ambiguous,
    similar,
    unclear,
    instances: new Map(
      [...instances].filter(([name]) => leaving.has(name) || !left.some((n) => n.metadata.name === name)),
    ),
    leaving,
    keptOn: [...matched.map(({ metadata }) => metadata.name), ...leaving.keys()],
    seats: [...seats, ...dissolving(world, seats, leaving)],
    barred: new Map(
      matched.flatMap((node): [string, WatchdogProblem][] => {
        const { name } = node.metadata;
        const bar = watchdogBar(
          node,
          service,
          seats.some(({ holder }) => holder === name),
        );
        return bar === undefined ? [] : [[name, bar]];
      }),
    ),
  };
}

function unitsFor({ service, nodes, claims }: ServiceWorld, matching: readonly Node[]): SharedUnits {
  const found = unitsOf(matching);
  if (!sharesUnits(service.spec)) return { ...found, similar: new Set(), unclear: [] };
  return unitsWithSimilar(found, { nodes, claims, selector: service.spec.nodeSelector });
}

/** The value of LEAVING_ANNOTATION. */
export function leavingNote(leaving: ReadonlyMap<string, number>): string | undefined {
  if (leaving.size === 0) return undefined;
  const since = [...leaving]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([node, ms]) => [node, new Date(ms).toISOString()]);
  return JSON.stringify(Object.fromEntries(since));
}

/** Nodes that are kept and are none of `matched` now. One that was let go is not taken up again while its pod still ends. */
function leftNodes({ nodes, daemonSet }: ServiceWorld, matched: readonly Node[]): Node[] {
  const kept = keptNodesOf(daemonSet);
  return nodes.filter(
    (node) =>
      kept.includes(node.metadata.name) && !matched.includes(node) && node.metadata.deletionTimestamp === undefined,
  );
}

interface Around {
  matched: readonly Node[];
  instances: ReadonlyMap<string, Instance>;
  seats: readonly Seat[];
}

/** Start on the new, then stop on the old: whether a node without the labels goes on for now. */
function staysOn(name: string, elapsedMs: number, { matched, instances, seats }: Around): boolean {
  if (instances.get(name)?.isReady !== true || elapsedMs >= LEAVE_LIMIT_MS) return false;
  if (elapsedMs < LEAVE_GRACE_MS) return true;
  const fits = (node: string): boolean => isFit(instances.get(node));
  if (matched.some((node) => isNodeReady(node) && !fits(node.metadata.name))) return true;
  // A node that may be at the machine of this one waits for it, and not the other way round.
  return seats.some(
    ({ holder, members, candidates, isLone }) =>
      !isLone &&
      members.some((node) => fits(node) && candidates.includes(node)) &&
      (holder === undefined || holder === name),
  );
}

interface Nearby {
  readonly world: ServiceWorld;
  readonly matched: readonly Node[];
  readonly left: readonly Node[];
  readonly similar: ReadonlySet<string>;
  readonly unclear: readonly UnclearNode[];
}

function seatsOf(unit: Unit, { world, matched, left, similar, unclear }: Nearby): Seat[] {
  const { mode, takeover } = failoverOf(world.service.spec);
  const { name } = world.service.metadata;
  const members = unit.nodes.map(({ metadata }) => metadata.name);
  const isShared = sharesUnits(world.service.spec);
  const doubtful = unclear.filter(({ pairs }) => pairs.includes(unit.name)).map(({ node }) => node.metadata.name);
  const isLone = isShared && unit.nodes.every((node) => pairOf(node) === undefined && !similar.has(node.metadata.name));
  const around = { members, related: [...members, ...doubtful], isLone, isEnding: false };
  const seatAt = (leaseName: string, candidates: readonly string[]): Seat =>
    seat(world, { ...around, unit: unit.name, leaseName, candidates });
  if (mode === 'ActiveActive') {
    return members.map((node) => ({
      ...seatAt(`${leaseNameOf(name, unit.name)}.${node}`, [node]),
      ...{ members: [node], related: [node] },
    }));
  }
  const isOpen = takeover === 'SimilarNode' && !isShared;
  const others = isOpen ? similarNodes(unit, matched).map(({ metadata }) => metadata.name) : [];
  const plain = seatAt(leaseNameOf(name, unit.name), [...members, ...others]);
  const { holder } = plain;
  const holdsOn = holder !== undefined && left.some(({ metadata }) => metadata.name === holder);
  const candidates = (holdsOn ? [...plain.candidates, holder] : plain.candidates).filter(
    (node) => !isBarred(node, { world, holder, isSimilar: similar.has(node) }),
  );
  return [{ ...plain, candidates, related: [...plain.related, ...candidates] }];
}

/** A similar node takes over only with the device; and nobody without the watchdog that the service needs. */
function isBarred(
  candidate: string,
  { world, holder, isSimilar }: { world: ServiceWorld; holder: string | undefined; isSimilar: boolean },
): boolean {
  const node = world.nodes.find(({ metadata }) => metadata.name === candidate);
  if (node === undefined) return false;
  if (isSimilar && candidate !== holder && hasLostDevice(node, world.service)) return true;
  return watchdogBar(node, world.service, candidate === holder) !== undefined;
}

/**
 * Seats of pairs that are no more while a node that lost the labels holds them, or may take them still: a node that stood
 * in for the pair has its device at the same machine, so it may not act by itself beside that node. It takes the seat over
 * first, and the others are struck off before it is.
 */
function heirSeats(
  world: ServiceWorld,
  { seats, left, matched }: { seats: readonly Seat[]; left: readonly Node[]; matched: readonly Node[] },
): Seat[] {
  if (!sharesUnits(world.service.spec)) return [];
  return world.leases.flatMap((seen) => {
    const { name, labels } = seen.lease.metadata;
    const holder = heardHolder(seen);
    if (seats.some(({ leaseName }) => leaseName === name)) return [];
    const listed = candidatesOf(seen.lease);
    const heirs = matched.filter((node) => listed.includes(node.metadata.name) && pairOf(node) === undefined);
    const members = heirs
      .map(({ metadata }) => metadata.name)
      .filter((node) => !isBarred(node, { world, holder, isSimilar: true }));
    const isLeaving = left.some(({ metadata }) => metadata.name === holder);
    const mayBeTaken = holder === undefined && listed.some((node) => !members.includes(node));
    if (members.length === 0 || !(isLeaving || mayBeTaken)) return [];
    const candidates = holder === undefined ? members : [...members, holder];
    const unit = labels?.[UNIT_LABEL] ?? name;
    const ending = { related: candidates, isLone: false, isEnding: true };
    return [{ ...ending, unit, leaseName: name, members, candidates, seen, holder }];
  });
}

/** Seats of units that are no more, as long as a node that leaves holds them. */
function dissolving(world: ServiceWorld, seats: readonly Seat[], leaving: ReadonlyMap<string, number>): Seat[] {
  const names = seats.map(({ leaseName }) => leaseName);
  return world.leases.flatMap((seen) => {
    const holder = heardHolder(seen);
    const { name, labels } = seen.lease.metadata;
    if (holder === undefined || names.includes(name) || !leaving.has(holder)) return [];
    const unit = labels?.[UNIT_LABEL] ?? holder;
    const only = { members: [], candidates: [holder], related: [holder], isLone: false, isEnding: true };
    return [{ ...only, unit, leaseName: name, seen, holder }];
  });
}

function seat({ leases }: ServiceWorld, parts: Omit<Seat, 'seen' | 'holder'>): Seat {
  const seen = leases.find(({ lease }) => lease.metadata.name === parts.leaseName);
  return { ...parts, seen, holder: seen === undefined ? undefined : heardHolder(seen) };
}

/** Who holds it and renews it. */
function heardHolder({ isStale, lease }: SeenLease): string | undefined {
  return isStale ? undefined : holderOf(lease);
}

function leavingSince(daemonSet: DaemonSet | undefined): Map<string, number> {
  const note = daemonSet?.metadata.annotations?.[LEAVING_ANNOTATION];
  if (note === undefined) return new Map();
  try {
    const parsed = JSON.parse(note) as unknown;
    const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
    return new Map(
      entries.flatMap(([node, at]): [string, number][] => {
        const ms = Date.parse(String(at));
        return Number.isNaN(ms) ? [] : [[node, ms]];
      }),
    );
  } catch {
    return new Map();
  }
}
