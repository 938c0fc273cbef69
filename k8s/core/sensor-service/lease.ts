import { z } from 'zod';
import { type Kind, type KubeObject, MANAGED_BY, USHER_NAMESPACE } from '../resources.ts';
import { failoverOf, type SensorServiceSpec } from './sensor-service.ts';

/** A Lease of coordination.k8s.io/v1. One per service and unit: who is active, and in which epoch. */
export interface Lease extends KubeObject {
  apiVersion: 'coordination.k8s.io/v1';
  kind: 'Lease';
  spec?: LeaseSpec;
}

/** Written by the standbys only, but for the creation. Times are RFC 3339 with microseconds. */
export interface LeaseSpec {
  /** Name of the node that is active; empty or absent when it was released. */
  holderIdentity?: string;
  /** The epoch: grows with every acquisition, also by the same node. */
  leaseTransitions?: number;
  acquireTime?: string;
  renewTime?: string;
  /** Whole seconds, rounded up; the exact duration is in the terms. */
  leaseDurationSeconds?: number;
}

export const LEASE: Kind<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

/** Label on everything that is made for a service, its pods too: the service's name. */
export const SERVICE_LABEL = 'usher.internal/service';
/** Label on a Lease: the unit's name. */
export const UNIT_LABEL = 'usher.internal/unit';

/** JSON list of node names, in order of preference. */
export const CANDIDATES_ANNOTATION = 'usher.internal/candidates';
/** JSON of {@link LeaseTerms}. */
export const TERMS_ANNOTATION = 'usher.internal/terms';
/** Name of the node to which the holder is to hand over by releasing, when its service has stopped. */
export const YIELD_TO_ANNOTATION = 'usher.internal/yield-to';
/** Why the controller wrote the one before: `Update`, `Failback` or `Move`. A person's wish has none. */
export const YIELD_REASON_ANNOTATION = 'usher.internal/yield-reason';
/**
 * `<node>@<epoch>`: that node may take over because an operator vouches that the holder of that epoch is off (HoldLast
 * only). The epoch makes sure that a word that was left standing does not count for a later holder.
 */
export const TAKEOVER_BY_ANNOTATION = 'usher.internal/takeover-by';
/**
 * `true` on a Lease that the controller made for a name that had none for at least a lease duration: nobody can hold a
 * grant from an earlier one, so the first candidate need not wait. On any other new Lease it waits a lease duration.
 */
export const UNHELD_ANNOTATION = 'usher.internal/unheld';

/**
 * There while a service that said `HoldLast` is to be `Safe`: the holder holds on no longer once it sees this, while for all
 * others the terms stay as they are until it has renewed since. `asked` at first, then the renewTime that stood beside that
 * ({@link NEVER_RENEWED} if none): only a later one was written by somebody who had seen it.
 */
export const SAFE_NEXT_ANNOTATION = 'usher.internal/safe-next';
export const NEVER_RENEWED = 'never';

/** The one ServiceAccount of the `usher-node` DaemonSet. */
export const NODE_ACCOUNT = { name: 'usher-node', namespace: USHER_NAMESPACE } as const;

const LeaseTermsSchema = z.object({
  leaseDurationMs: z.number().positive(),
  renewDeadlineMs: z.number().positive(),
  retryPeriodMs: z.number().positive(),
  /** What a service has to be stopped in, once its grant has ended or it does not answer a ping. */
  stopMs: z.number().positive(),
  failback: z.enum(['Auto', 'Manual', 'Never']),
  failbackAfterMs: z.number().nonnegative(),
  fencing: z.enum(['SelfFence', 'Watchdog', 'None']),
  onControlPlaneLoss: z.enum(['Safe', 'HoldLast']),
  takeover: z.enum(['PairOnly', 'SimilarNode']),
});

/** What the standbys of a unit keep to; all durations in ms. */
export type LeaseTerms = z.infer<typeof LeaseTermsSchema>;

/**
 * How long others wait for a hung machine to be reset by its hardware watchdog. That resets it after 15 s at the latest
 * (node/core/watchdog.ts); the rest is for clocks that run apart, and for the last attempt to kill what does not end.
 */
export const WATCHDOG_MS = 17_000;

/** How fast the monotonic clocks of two machines may run apart from true time, either way. */
export const CLOCK_DRIFT = 0.05;

type Durations = Pick<LeaseTerms, 'leaseDurationMs' | 'renewDeadlineMs' | 'retryPeriodMs' | 'stopMs'>;

export const PROFILES: Readonly<Record<'Default' | 'Fast', Durations>> = {
  Default: { leaseDurationMs: 6000, renewDeadlineMs: 4000, retryPeriodMs: 1000, stopMs: 1000 },
  Fast: { leaseDurationMs: 3000, renewDeadlineMs: 2000, retryPeriodMs: 500, stopMs: 500 },
};

/** Whether a holder has surely stopped before a candidate may acquire, however the clocks drift. */
export function areDurationsSafe({ leaseDurationMs, renewDeadlineMs, retryPeriodMs, stopMs }: Durations): boolean {
  return (
    leaseDurationMs * (1 - CLOCK_DRIFT) > renewDeadlineMs * (1 + CLOCK_DRIFT) + stopMs &&
    retryPeriodMs * 2 < renewDeadlineMs
  );
}

/** The terms that a service's spec sets. */
export function leaseTermsOf(spec: Pick<SensorServiceSpec, 'failover'>): LeaseTerms {
  const { profile, failback, fencing, onControlPlaneLoss, takeover } = failoverOf(spec);
  const { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } = spec.failover ?? {};
  const base = PROFILES[profile];
  return {
    leaseDurationMs: leaseDurationSeconds === undefined ? base.leaseDurationMs : leaseDurationSeconds * 1000,
    renewDeadlineMs: renewDeadlineSeconds === undefined ? base.renewDeadlineMs : renewDeadlineSeconds * 1000,
    retryPeriodMs: retryPeriodSeconds === undefined ? base.retryPeriodMs : retryPeriodSeconds * 1000,
    stopMs: base.stopMs,
    failback: failback.policy,
    failbackAfterMs: failback.afterSeconds * 1000,
    fencing,
    onControlPlaneLoss,
    takeover,
  };
}

/** Name of a unit's Lease. A service's name has no dot, so no two are alike. */
export function leaseNameOf(service: string, unit: string): string {
  return `${service}.${unit}`;
}

/** The labels of a unit's Lease. */
export function leaseLabels(service: string, unit: string): Record<string, string> {
  return { ...MANAGED_BY, [SERVICE_LABEL]: service, [UNIT_LABEL]: unit };
}

/** Node names that may hold it, in order of preference; none when the annotation is missing or makes no sense. */
export function candidatesOf(lease: Lease): string[] {
  const list = z.array(z.string()).safeParse(parsed(lease.metadata.annotations?.[CANDIDATES_ANNOTATION]));
  return list.success ? list.data : [];
}

/** The terms that stand on it; undefined when they are missing or make no sense: then nobody acquires. */
export function termsOf(lease: Lease): LeaseTerms | undefined {
  const terms = LeaseTermsSchema.safeParse(parsed(lease.metadata.annotations?.[TERMS_ANNOTATION]));
  return terms.success && areDurationsSafe(terms.data) ? terms.data : undefined;
}

/** Who holds it by its own record, which may be stale; undefined when it was released. */
export function holderOf({ spec }: Lease): string | undefined {
  return spec?.holderIdentity === '' ? undefined : spec?.holderIdentity;
}

/** 0 before the first acquisition. */
export function epochOf({ spec }: Lease): number {
  return spec?.leaseTransitions ?? 0;
}

function parsed(json: string | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
