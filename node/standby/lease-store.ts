import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { isUsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Informer, InformerChange, KubeClient } from '../../k8s/client/kube-client.ts';
import { type Lease, LEASE, SERVICE_LABEL } from '../../k8s/core/sensor-service/lease.ts';
import { isStale, type LeaseChange, recordOf, withChange } from '../core/fencing/lease-record.ts';

/** What became of a request, as far as it says anything about who holds the Lease. */
export type LeaseAnswer =
  | { readonly type: 'answered'; readonly lease: Lease }
  | { readonly type: 'conflict' }
  | { readonly type: 'absent' }
  | { readonly type: 'unanswered' };

/** So long after an answer the watch has told of it too, or it has missed it. */
const WATCH_LAG_MS = 500;
/** The same after a request that got no answer: then it is likely that the watch stands still too. */
const DOUBTED_LAG_MS = 100;
/** A watch that was begun anew gets so long before it is doubted again: where all is slow, doubting makes it slower. */
const TRUST_MS = 3_000;

export interface LeaseStoreOptions {
  readonly kube: KubeClient;
  readonly clock: Clock;
  /** The wall clock, for the times that people read in a Lease; nothing is decided by it. */
  readonly wallMs: () => number;
  readonly logger: Logger;
  /** Called when the watch turned out to stand still, as other watches of that time may too. */
  readonly onDeaf?: () => void;
}

/** The Leases of all services, as the standby reads and writes them. */
export class LeaseStore {
  readonly #kube: KubeClient;
  readonly #wallMs: () => number;
  readonly #logger: Logger;
  readonly #leases: Informer<Lease>;
  readonly #clock: Clock;
  readonly #onDeaf: () => void;
  #writes = 0;
  /** Since a request got no answer, no watch was checked. */
  #isDoubted = false;
  #trustedUntilMs = Number.NEGATIVE_INFINITY;
  #cancelCheck: CancelTimer | undefined;

  constructor({ kube, clock, wallMs, logger, onDeaf = () => undefined }: LeaseStoreOptions) {
    this.#kube = kube;
    this.#clock = clock;
    this.#wallMs = wallMs;
    this.#logger = logger;
    this.#onDeaf = onDeaf;
    this.#leases = kube.inform(LEASE, { labelSelector: SERVICE_LABEL });
  }

  onChange(handler: (change: InformerChange<Lease>) => void): void {
    this.#leases.onChange(handler);
  }

  list(): Lease[] {
    return this.#leases.list();
  }

  async synced(): Promise<void> {
    await this.#leases.synced();
  }

  async stop(): Promise<void> {
    this.#cancelCheck?.();
    await this.#leases.stop();
  }

  /** The Lease as the store has it now (a quorum read, not the cache of a watch). */
  async read({ name, namespace }: { name: string; namespace: string }, signal: AbortSignal): Promise<LeaseAnswer> {
    return await this.#answer(name, async () => {
      const lease = await this.#kube.get(LEASE, { name, namespace }, { signal });
      if (lease === undefined) return { type: 'absent' };
      this.#checkWatch(lease);
      return { type: 'answered', lease };
    });
  }

  /** Writes upon exactly that version of exactly that Lease. */
  async write(lease: Lease, change: LeaseChange, signal: AbortSignal): Promise<LeaseAnswer> {
    return await this.#answer(lease.metadata.name, async () => {
      const written = await this.#kube.replace(LEASE, withChange(lease, change, this.#time()), { signal });
      this.#checkWatch(written);
      return { type: 'answered', lease: written };
    });
  }

  /**
   * A connection on which packets were lost stands still until TCP tries again, which it does ever more seldom, and a watch
   * on it is noticed only after half a minute. Requests have connections of their own, so their answers tell.
   */
  #checkWatch(answered: Lease): void {
    if (this.#cancelCheck !== undefined || this.#clock.nowMs() < this.#trustedUntilMs) return;
    const check = (): void => {
      this.#cancelCheck = undefined;
      this.#isDoubted = false;
      const watched = this.#leases.get(answered.metadata.name, answered.metadata.namespace);
      if (watched === undefined) return;
      const [seen, told] = [recordOf(watched), recordOf(answered)];
      if (seen.version === told.version || !isStale(seen, told)) return;
      this.#trustedUntilMs = this.#clock.nowMs() + TRUST_MS;
      this.#logger.info({ lease: answered.metadata.name }, 'the watch of the Leases missed a change');
      this.#leases.refresh();
      this.#onDeaf();
    };
    this.#cancelCheck = this.#clock.after(this.#isDoubted ? DOUBTED_LAG_MS : WATCH_LAG_MS, check);
  }

  async #answer(name: string, ask: () => Promise<LeaseAnswer>): Promise<LeaseAnswer> {
    try {
      return await ask();
    } catch (error) {
      if (isUsherError(error, 'KUBE_CONFLICT')) return { type: 'conflict' };
      if (isUsherError(error, 'KUBE_NOT_FOUND')) return { type: 'absent' };
      this.#isDoubted ||= isUsherError(error, 'KUBE_UNREACHABLE');
      this.#logger.debug({ err: error, lease: name }, 'a request about a Lease got no useful answer');
      return { type: 'unanswered' };
    }
  }

  /** MicroTime (meta/v1). The microseconds count writes, so that no two are alike whatever the wall clock does. */
  #time(): string {
    this.#writes = (this.#writes + 1) % 1000;
    return new Date(this.#wallMs()).toISOString().replace('Z', `${String(this.#writes).padStart(3, '0')}Z`);
  }
}
