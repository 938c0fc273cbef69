import type { InformerChange } from '../../../../k8s/client/kube-client.ts';
import type { Lease } from '../../../../k8s/core/sensor-service/lease.ts';
import { planService, type ServicePlan } from '../../../../k8s/core/sensor-service/planner.ts';
import type { ServiceWorld } from '../../../../k8s/core/sensor-service/placement.ts';
import { serviceKey } from '../../../../k8s/core/sensor-service/sensor-service.ts';
import { LeaseWatch } from '../../../../k8s/sensor-services/lease-watch.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

/** What a controller reads, and how it writes. */
export interface Desk {
  /** All that is there, but what watching the Leases told. */
  world(): Omit<ServiceWorld, 'leases' | 'goneLeases' | 'nowMs'>;
  leases(): Lease[];
  writeLease(write: ServicePlan['leases'][number]): void;
  /** The DaemonSet and the status. True when that changed anything. */
  writeRest(plan: ServicePlan): boolean;
  /** Between two writes others may get a turn. */
  between(): void;
}

/** One life of the controller: the product's plan and its watch of the Leases; it looks when there is something new. */
export class Controller {
  readonly #desk: Desk;
  readonly #clock: ManualClock;
  readonly #watch: LeaseWatch;
  #hasNews = true;
  #wakeAtMs: number | undefined;

  constructor(desk: Desk, nowMs: number) {
    this.#desk = desk;
    this.#clock = new ManualClock(nowMs);
    this.#watch = new LeaseWatch({ clock: this.#clock, onNews: () => this.changed() });
    for (const object of desk.leases()) this.#watch.take({ type: 'added', object });
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  /** Something is to be written, and nothing makes it look. */
  get sleepsOver(): boolean {
    return !this.#isAwake && this.plan().leases.length > 0;
  }

  get #isAwake(): boolean {
    return this.#hasNews || (this.#wakeAtMs !== undefined && this.#wakeAtMs <= this.nowMs);
  }

  changed(): void {
    this.#hasNews = true;
  }

  take(change: InformerChange<Lease>): void {
    this.#watch.take(change);
  }

  advance(ms: number): void {
    this.#clock.advance(ms);
  }

  plan(): ServicePlan {
    const world = this.#desk.world();
    const key = serviceKey(world.service.metadata);
    const leases = this.#watch.of(key);
    return planService({ ...world, leases, goneLeases: this.#watch.goneOf(key), nowMs: this.nowMs });
  }

  /** Plans and writes if there is news, until `diesBefore` that many writes. Gives the plan that was written as a whole. */
  turn(diesBefore = Number.POSITIVE_INFINITY): ServicePlan | 'died' | undefined {
    if (!this.#isAwake) return undefined;
    this.#hasNews = false;
    const plan = this.plan();
    this.#wakeAtMs = plan.wakeAtMs;
    for (const [index, write] of plan.leases.entries()) {
      if (index >= diesBefore) return 'died';
      this.#desk.writeLease(write);
      this.#desk.between();
    }
    if (diesBefore <= plan.leases.length) return 'died';
    if (this.#desk.writeRest(plan)) this.#hasNews = true;
    return plan;
  }
}
