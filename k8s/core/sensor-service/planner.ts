import type { Pod } from '../pods.ts';
import { awaitsBeat, closingWrites, type LeaseWrite, leaseWriteFor } from './lease-plan.ts';
import { handBackNode, wantedEvictions, wantedYield } from './moves.ts';
import {
  LEAVE_GRACE_MS,
  LEAVE_LIMIT_MS,
  leavingNote,
  type Placement,
  placementOf,
  type ServiceWorld,
} from './placement.ts';
import type { SensorServiceStatus } from './sensor-service.ts';
import { statusOf } from './service-status.ts';
import { type DaemonSet, daemonSetOf } from './workload.ts';

/** What is to be so for one service. Each part can be written on its own, in this order, and again. */
export interface ServicePlan {
  /** Leases first: a pod finds its seat as soon as it runs. */
  readonly leases: readonly LeaseWrite[];
  readonly daemonSet: DaemonSet;
  readonly evictions: readonly Pod[];
  readonly status: SensorServiceStatus;
  readonly placement: Placement;
  /** By unit: the better node that is ready, where people decide whether it is handed back. */
  readonly handBackTo: ReadonlyMap<string, string>;
  /** When to look again though nothing has changed; undefined: never. */
  readonly wakeAtMs: number | undefined;
}

const BEAT_MS = 1000;

/** Derives everything from what is there now, so that it does not matter where an earlier process stopped. */
export function planService(world: ServiceWorld): ServicePlan {
  const { service, nowMs } = world;
  const placement = placementOf(world);
  let wakeAtMs: number | undefined;
  const wake = (atMs: number): void => {
    if (atMs > nowMs) wakeAtMs = Math.min(wakeAtMs ?? atMs, atMs);
  };
  for (const sinceMs of placement.leaving.values()) {
    wake(sinceMs + LEAVE_GRACE_MS);
    wake(sinceMs + LEAVE_LIMIT_MS);
  }
  const moves = { service, placement, nowMs, wake };
  const writes = placement.seats.map((seat) => leaseWriteFor(seat, wantedYield(seat, moves), world, placement.seats));
  const handBackTo = new Map(
    placement.seats.flatMap((seat): [string, string][] => {
      const node = handBackNode(seat, moves);
      return node === undefined ? [] : [[seat.unit, node]];
    }),
  );
  // Of renewals no watch tells.
  if (placement.seats.some(awaitsBeat)) wake(nowMs + BEAT_MS);
  return {
    // Who is to let one go does so before it may have another.
    leases: [...closingWrites(world, placement.seats), ...writes.filter((write) => write !== undefined)],
    daemonSet: daemonSetOf({
      service,
      brokerUrl: world.brokerUrl,
      keptOn: placement.keptOn,
      leaving: leavingNote(placement.leaving),
    }),
    evictions: wantedEvictions({ service, placement }),
    status: statusOf(world, placement),
    placement,
    handBackTo,
    wakeAtMs,
  };
}
