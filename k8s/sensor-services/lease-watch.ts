import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import type { InformerChange } from '../client/kube-client.ts';
import {
  epochOf,
  holderOf,
  type Lease,
  PROFILES,
  SERVICE_LABEL,
  termsOf,
  WATCHDOG_MS,
} from '../core/sensor-service/lease.ts';
import type { SeenLease } from '../core/sensor-service/placement.ts';
import { serviceKey } from '../core/sensor-service/sensor-service.ts';

interface Sight {
  lease: Lease;
  /** Everything but the renewals. */
  gist: string;
  /** On our clock: when it was seen to change last, renewals included. */
  changedMs: number;
  isStale: boolean;
  isSpent: boolean;
  wasReleased: boolean;
  heldSinceMs: number;
}

const LOOK_MS = 500;
/** So long a lease that was deleted is remembered: longer than any grant from it can last. */
const GONE_MS = 3600_000;

/**
 * Follows the leases of all services. Renewals come every second and change nothing; what counts is who holds a lease,
 * and that its renewals stop. Only for showing: the standbys judge for themselves.
 */
export class LeaseWatch {
  readonly #clock: Clock;
  readonly #onNews: (service: string) => void;
  readonly #sights = new Map<string, Sight>();
  readonly #gone = new Map<string, { name: string; service: string; atMs: number }>();
  #lookedMs: number;
  #cancel: CancelTimer;

  /** `onNews` hears the key of a service whose leases say something new. */
  constructor(options: { clock: Clock; onNews: (service: string) => void }) {
    this.#clock = options.clock;
    this.#onNews = options.onNews;
    this.#lookedMs = options.clock.nowMs();
    this.#cancel = options.clock.after(LOOK_MS, () => this.#look());
  }

  /** To be told of every change of every lease. */
  take({ type, object }: InformerChange<Lease>): void {
    const key = keyOf(object);
    const service = serviceOf(object);
    if (type === 'deleted') {
      this.#sights.delete(key);
      this.#gone.set(key, { name: object.metadata.name, service, atMs: this.#clock.nowMs() });
      this.#onNews(service);
      return;
    }
    const before = this.#sights.get(key);
    const gist = gistOf(object);
    const nowMs = this.#clock.nowMs();
    const heldSinceMs = isSameTenure(before?.lease, object) ? (before?.heldSinceMs ?? nowMs) : nowMs;
    const now = { lease: object, gist, changedMs: nowMs, isStale: false, isSpent: false };
    this.#sights.set(key, { ...now, wasReleased: wasReleased(before, object), heldSinceMs });
    if (before?.gist !== gist || before.isStale) this.#onNews(service);
  }

  /** The leases of a service as they stand. */
  of(service: string): SeenLease[] {
    return [...this.#sights.values()].filter(({ lease }) => serviceOf(lease) === service);
  }

  /** Names of the leases of a service that were deleted of late. */
  goneOf(service: string): string[] {
    return [...this.#gone.values()].filter((gone) => gone.service === service).map(({ name }) => name);
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    // When this process stood still, so did its watch: what it has not heard means nothing.
    const stoodStill = nowMs - this.#lookedMs > 4 * LOOK_MS;
    this.#lookedMs = nowMs;
    const stale: string[] = [];
    for (const sight of this.#sights.values()) {
      if (stoodStill) sight.changedMs = nowMs;
      if (sight.isSpent || holderOf(sight.lease) === undefined) continue;
      const terms = termsOf(sight.lease);
      const { leaseDurationMs } = terms ?? PROFILES.Default;
      const silentMs = nowMs - sight.changedMs;
      const isStale = silentMs > leaseDurationMs;
      const isSpent = silentMs > leaseDurationMs + (terms?.fencing === 'Watchdog' ? WATCHDOG_MS : 0);
      if (isStale !== sight.isStale || isSpent) stale.push(serviceOf(sight.lease));
      Object.assign(sight, { isStale, isSpent });
    }
    for (const [key, { atMs }] of this.#gone) if (nowMs - atMs > GONE_MS) this.#gone.delete(key);
    this.#cancel = this.#clock.after(LOOK_MS, () => this.#look());
    for (const service of new Set(stale)) this.#onNews(service);
  }
}

/** Whether the node before the present holder let go. */
function wasReleased(before: Sight | undefined, now: Lease): boolean {
  const holder = holderOf(now);
  if (holder === undefined || before === undefined) return false;
  const previous = holderOf(before.lease);
  if (previous === undefined) return true;
  return isSameTenure(before.lease, now) && before.wasReleased;
}

function isSameTenure(before: Lease | undefined, now: Lease): boolean {
  return before !== undefined && holderOf(before) === holderOf(now) && epochOf(before) === epochOf(now);
}

function gistOf(lease: Lease): string {
  return JSON.stringify([holderOf(lease), epochOf(lease), lease.metadata.annotations, lease.metadata.uid]);
}

function keyOf({ metadata }: Lease): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function serviceOf({ metadata }: Lease): string {
  const { namespace = 'default', labels } = metadata;
  return serviceKey({ namespace, name: labels?.[SERVICE_LABEL] ?? '' });
}
