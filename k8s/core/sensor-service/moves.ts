import type { Pod } from '../pods.ts';
import { type Instance, isEnding, isFit, missingDevices, type Problem } from './instances.ts';
import { leaseTermsOf } from './lease.ts';
import type { Placement, Seat } from './placement.ts';
import { failoverOf, type SensorService, updateOf } from './sensor-service.ts';
import { isNodeReady } from './units.ts';

/** A handover that is wanted of a seat's holder. */
export interface Yield {
  readonly to: string;
  readonly reason: 'Update' | 'Failback' | 'Move';
}

/** Something that becomes due at a moment of which no watch will tell. */
type Wake = (atMs: number) => void;

interface Moves {
  readonly service: SensorService;
  readonly placement: Placement;
  readonly nowMs: number;
  readonly wake: Wake;
}

/** To whom the holder of a seat is to hand over, if to anybody: the most pressing of the reasons. */
export function wantedYield(seat: Seat, moves: Moves): Yield | undefined {
  if (seat.holder === undefined) return undefined;
  return moveYield(seat, moves) ?? updateYield(seat, moves) ?? failbackYield(seat, moves);
}

/** Pods to be evicted now, so that the DaemonSet makes them anew. */
export function wantedEvictions(moves: Pick<Moves, 'service' | 'placement'>): Pod[] {
  const stranded = [...moves.placement.instances.values()].filter((one) => isStranded(one, moves.service));
  return [...new Set([...stranded.flatMap(podOf), ...outdatedPods(moves)])];
}

/**
 * True where the device was unplugged and the program has ended of it: the kubelet would start it ever more seldom, while a
 * new pod waits for the device and starts as soon as it is back. One that runs is let be: a kubelet that starts anew counts
 * no devices for a moment.
 */
function isStranded({ node, pod }: Instance, service: SensorService): boolean {
  if (pod?.spec?.nodeName === undefined || !isNodeReady(node)) return false;
  const { running, waiting, terminated } = pod.status?.containerStatuses?.[0]?.state ?? {};
  const hasEnded = running === undefined && (waiting ?? terminated) !== undefined;
  return hasEnded && missingDevices(node, service).length > 0;
}

/** At most one pod of each unit, standbys before the active one. */
function outdatedPods({ service, placement }: Pick<Moves, 'service' | 'placement'>): Pod[] {
  const { order } = updateOf(service.spec);
  const outdated = [...placement.instances.values()].filter(({ isOutdated }) => isOutdated);
  if (order === 'AllAtOnce') return outdated.flatMap(podOf);
  const groups = [
    ...placement.units.map(({ nodes }) => nodes.map(({ metadata }) => metadata.name)),
    ...[...placement.leaving.keys()].map((name) => [name]),
  ];
  return groups.flatMap((names) => nextOf(names, placement)?.flatMap(podOf) ?? []);
}

export interface StuckUpdate {
  /** What the new version waits for, or breaks at. */
  readonly problem: Problem;
  /** What goes on in the old version. */
  readonly running: Instance;
  /** The new version is to blame, and not the node. */
  readonly isOfVersion: boolean;
}

/** What does not pass by itself. A device that another pod has may be that of the pod before, which ends. */
const OF_VERSION: readonly Problem['reason'][] = ['Crashing', 'ImageMissing'];
const OF_NODE: readonly Problem['reason'][] = ['DeviceMissing', 'NodeTainted'];

/** Where a new version does not get ready on a node of the pair and an old one of the same unit goes on. */
export function stuckUpdate(
  { spec }: SensorService,
  { units, instances, similar }: Placement,
): StuckUpdate | undefined {
  const isAwaited = updateOf(spec).order === 'StandbyFirst';
  for (const { nodes } of units) {
    const members = nodes.flatMap(({ metadata }) => instances.get(metadata.name) ?? []);
    const running = members.find(({ isOutdated, isReady }) => isOutdated && isReady);
    const waitsFor = (reasons: readonly Problem['reason'][]): Problem | undefined =>
      members
        .filter(({ node, isOutdated }) => !isOutdated && !similar.has(node.metadata.name))
        .flatMap(({ problem }) => problem ?? [])
        .find(({ reason }) => reasons.includes(reason));
    const ofVersion = waitsFor(OF_VERSION);
    const problem = ofVersion ?? (isAwaited ? waitsFor(OF_NODE) : undefined);
    if (running !== undefined && problem !== undefined) {
      return { problem, running, isOfVersion: ofVersion !== undefined };
    }
  }
  return undefined;
}

function moveYield({ holder, members, candidates }: Seat, { placement }: Moves): Yield | undefined {
  if (holder === undefined || !placement.leaving.has(holder)) return undefined;
  const to = members.find((node) => candidates.includes(node) && isFit(placement.instances.get(node)));
  return to === undefined ? undefined : { to, reason: 'Move' };
}

function updateYield({ holder, candidates }: Seat, { service, placement, nowMs, wake }: Moves): Yield | undefined {
  const { order, minReadySeconds } = updateOf(service.spec);
  if (holder === undefined || order !== 'StandbyFirst') return undefined;
  if (placement.instances.get(holder)?.isOutdated !== true) return undefined;
  const to = candidates.find((node) => {
    const instance = placement.instances.get(node);
    return (
      node !== holder &&
      instance?.isOutdated === false &&
      wasReadyFor(instance, minReadySeconds * 1000, { nowMs, wake })
    );
  });
  return to === undefined ? undefined : { to, reason: 'Update' };
}

/** A node that went silent is taken for ready until Kubernetes notices: what it was before the takeover counts nothing. */
function failbackYield(seat: Seat, { service, placement, nowMs, wake }: Moves): Yield | undefined {
  const { holder, seen } = seat;
  const { failbackAfterMs } = leaseTermsOf(service.spec);
  const { mode, failback } = failoverOf(service.spec);
  if (mode !== 'Lease' || failback.policy !== 'Auto') return undefined;
  const isCurrent = placement.instances.get(holder ?? '')?.isOutdated !== true;
  const to = betterNodes(seat).find((node) => {
    const instance = placement.instances.get(node);
    // The new version is not given up for the sake of the old one.
    if (instance === undefined || (instance.isOutdated && isCurrent)) return false;
    return wasReadyFor(instance, failbackAfterMs, { nowMs, wake }, seen?.heldSinceMs);
  });
  return to === undefined ? undefined : { to, reason: 'Failback' };
}

/** Longer than Kubernetes needs to notice that a node went silent (node-monitor-grace-period in k3s-config.ts), ms. */
const NOTICED_MS = 20_000;

/** The better node that a person could hand the seat back to; undefined where that is nobody's choice, or happens by itself. */
export function handBackNode(seat: Seat, { service, placement, nowMs, wake }: Moves): string | undefined {
  const { mode, failback } = failoverOf(service.spec);
  const { holder = '', seen } = seat;
  if (mode !== 'Lease' || failback.policy !== 'Manual' || holder === '') return undefined;
  if (placement.leaving.has(holder) || placement.instances.get(holder)?.isOutdated === true) return undefined;
  return betterNodes(seat).find((node) => {
    const instance = placement.instances.get(node);
    return instance?.isOutdated === false && wasReadyFor(instance, NOTICED_MS, { nowMs, wake }, seen?.heldSinceMs);
  });
}

/** Those that may hold the seat and come before its holder; one that is no member comes last. */
function betterNodes({ holder = '', members, candidates }: Seat): string[] {
  const rank = members.indexOf(holder);
  return (rank < 0 ? members : members.slice(0, rank)).filter((node) => candidates.includes(node));
}

/** Whether the pod, with its devices, and its node have been ready for so long since `fromMs`; if only time is missing, sees to a wake-up. */
function wasReadyFor(
  instance: Instance,
  ms: number,
  { nowMs, wake }: Pick<Moves, 'nowMs' | 'wake'>,
  fromMs = 0,
): boolean {
  const { readySinceMs, node } = instance;
  if (!isFit(instance) || readySinceMs === undefined) return false;
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const sinceMs = Math.max(fromMs, readySinceMs, Date.parse(ready?.lastTransitionTime ?? '') || 0);
  if (nowMs - sinceMs >= ms) return true;
  wake(sinceMs + ms);
  return false;
}

/** The one of these nodes whose pod is next, as a list; undefined while another one is on its way. */
function nextOf(names: readonly string[], { instances, seats, similar }: Placement): Instance[] | undefined {
  const members = names.flatMap((name) => instances.get(name) ?? []);
  const outdated = members.filter(({ isOutdated }) => isOutdated);
  const isActive = ({ node }: Instance): boolean => seats.some(({ holder }) => holder === node.metadata.name);
  const broken = outdated.find((instance) => !instance.isReady && !isActive(instance));
  if (broken !== undefined) return [broken];
  if (members.some((one) => isOnItsWay(one) && !(similar.has(one.node.metadata.name) && isHeldUp(one))))
    return undefined;
  const standby = outdated.find((instance) => !isActive(instance));
  if (standby !== undefined) return [standby];
  // Nobody could take over from it: a gap cannot be helped.
  const alone = outdated.find(({ node }) =>
    seats.filter(({ holder }) => holder === node.metadata.name).every(({ candidates }) => candidates.length < 2),
  );
  return alone === undefined ? undefined : [alone];
}

function isOnItsWay({ node, pod, isOutdated, isReady }: Instance): boolean {
  if (!isNodeReady(node)) return false;
  return pod === undefined || isEnding(pod) || (!isOutdated && !isReady);
}

/** It does not start before somebody sees to it; what stands in for a pair must not keep the pair from its update. */
function isHeldUp({ problem }: Instance): boolean {
  return problem !== undefined && problem.reason !== 'Starting' && problem.reason !== 'NotStarted';
}

function podOf({ pod }: Instance): Pod[] {
  return pod === undefined || isEnding(pod) ? [] : [pod];
}
