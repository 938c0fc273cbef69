import type { LeaseRecord } from '../../../../node/core/fencing/lease-record.ts';
import { type LeaseTerms, PROFILES } from '../../../../k8s/core/sensor-service/lease.ts';
import type { Dice } from '../../../support/seeded.ts';
import { Agenda } from './agenda.ts';
import { Machine } from './machine.ts';
import type { Defects, Service, Site } from './service.ts';
import { Store } from './store.ts';

export interface WorldOptions {
  readonly dice: Dice;
  readonly nodes: number;
  readonly terms: LeaseTerms;
  readonly isRough: boolean;
  readonly defects?: Defects;
}

/** Terms of a profile, with the policies that the schedule asks for. */
export function termsOf(profile: 'Default' | 'Fast', policies: Partial<LeaseTerms> = {}): LeaseTerms {
  return {
    ...PROFILES[profile],
    failback: 'Manual',
    failbackAfterMs: 0,
    fencing: 'SelfFence',
    onControlPlaneLoss: 'Safe',
    takeover: 'PairOnly',
    ...policies,
  };
}

/** One schedule: machines, the store, and the judge who sees true time. */
export class World implements Site {
  readonly agenda = new Agenda();
  readonly dice: Dice;
  readonly store: Store;
  readonly defects: Defects;
  readonly machines: Machine[] = [];
  readonly terms: LeaseTerms;
  apiOutUntilMs = 0;
  apiHangs = false;
  readonly isRough: boolean;
  readonly violations: string[] = [];
  /** Acts that came late because standby and service stood still together: what no software can prevent. */
  unfenceable = 0;
  readonly gapsMs: number[] = [];
  begins = 0;
  readonly #services: Service[] = [];
  #highestEpoch = 0;
  #lastEnds = Number.NEGATIVE_INFINITY;
  #goneUid = '';

  constructor({ dice, nodes, terms, isRough, defects = {} }: WorldOptions) {
    this.dice = dice;
    this.isRough = isRough;
    this.terms = terms;
    this.defects = defects;
    this.store = new Store(dice);
    const names = ['a', 'b', 'c'].slice(0, nodes);
    this.store.recreate({ ...this.#newLease(names), unheld: terms.onControlPlaneLoss === 'HoldLast' || dice.oneIn(2) });
    for (const name of names) this.machines.push(new Machine(this, name, 0.95 + dice.below(1_001) / 10_000));
    this.store.onChange = (lease) => this.#tell(lease);
  }

  get holder(): Machine | undefined {
    return this.machines.find(({ service }) => service?.isActive() === true);
  }

  begun(service: Service, epoch: number): void {
    this.begins += 1;
    if (!this.#services.includes(service)) this.#services.push(service);
    this.#judge(service, 'two active at once');
    if (epoch <= this.#highestEpoch) this.#violation(`epoch ${epoch} after ${this.#highestEpoch}`);
    this.#highestEpoch = Math.max(this.#highestEpoch, epoch);
    const others = this.#services.filter((one) => one !== service).map(({ activeUntilMs }) => activeUntilMs);
    const last = Math.max(...others, this.#lastEnds);
    if (Number.isFinite(last)) this.gapsMs.push(Math.max(0, this.agenda.nowMs - last));
    for (let index = this.#services.length - 1; index >= 0; index -= 1) {
      const one = this.#services[index];
      if (one === undefined || one.isAlive || one === service) continue;
      this.#lastEnds = Math.max(this.#lastEnds, one.activeUntilMs);
      this.#services.splice(index, 1);
    }
  }

  actedLate(service: Service): void {
    this.#judgeAct(service, 'an act after a freeze while another is active');
  }

  safeStateReached(service: Service): void {
    this.#judgeAct(service, 'a safe state driven to while another is active');
  }

  /** The Lease is deleted and made anew; the controller knows the epoch from the status, and vouches for nothing. */
  recreateLease(downMs: number): void {
    const { lease } = this.store;
    if (lease === undefined) return;
    this.store.remove();
    this.agenda.at(this.agenda.nowMs + downMs, () => {
      if (this.store.lease === undefined)
        this.store.recreate({ ...this.#newLease(lease.candidates), epoch: lease.epoch, unheld: false });
    });
  }

  /** The controller's way from HoldLast to Safe: the terms follow a renewal that was written after the question. */
  editToSafe(): void {
    const safe = { ...this.terms, onControlPlaneLoss: 'Safe' } as const;
    if (this.defects.editsAtOnce === true) {
      this.store.patch({ terms: safe });
      return;
    }
    this.store.patch({ safeNext: true });
    const { uid, renewTime } = this.store.lease ?? {};
    const look = (): void => {
      const { lease } = this.store;
      if (lease?.uid !== uid) return;
      if (lease?.renewTime !== renewTime) this.store.patch({ terms: safe, safeNext: false });
      else this.agenda.at(this.agenda.nowMs + 300, look);
    };
    this.agenda.at(this.agenda.nowMs + this.dice.below(300), look);
  }

  #newLease(candidates: readonly string[]): Omit<LeaseRecord, 'uid' | 'version'> {
    return {
      holder: undefined,
      epoch: 0,
      renewTime: undefined,
      leaseDurationMs: 0,
      candidates,
      terms: this.terms,
      yieldTo: undefined,
      takeoverBy: undefined,
      unheld: false,
      safeNext: false,
    };
  }

  #tell(lease: LeaseRecord | undefined): void {
    for (const machine of this.machines) machine.watched(lease, this.#goneUid);
    this.#goneUid = lease?.uid ?? this.#goneUid;
  }

  /** An act that began in time and was held up by a freeze: whoever is there to kill the process has to. */
  #judgeAct(service: Service, what: string): void {
    const before = this.violations.length;
    this.#judge(service, what);
    const hadKiller = this.terms.fencing !== 'None' && service.machine.standbyAbsentMs < service.frozenMs;
    if (this.violations.length === before || hadKiller) return;
    this.violations.length = before;
    this.unfenceable += 1;
  }

  #judge(service: Service, what: string): void {
    for (const machine of this.machines) {
      const other = machine.service;
      if (other !== undefined && other !== service && other.isActive())
        this.#violation(`${what}: ${service.machine.name}@${service.epoch} and ${machine.name}@${other.epoch}`);
    }
  }

  #violation(what: string): void {
    this.violations.push(`${Math.round(this.agenda.nowMs)} ms: ${what}`);
  }
}
