import type { LeaseRecord } from '../../../../node/core/fencing/lease-record.ts';
import { newUnit, type UnitAction, type UnitEvent, type UnitState } from '../../../../node/core/fencing/unit-state.ts';
import { step } from '../../../../node/core/fencing/unit-step.ts';
import { Process } from './process.ts';
import { type Host, Service, type Site } from './service.ts';
import type { Verdict } from './store.ts';

/** One node: a clock of its own rate, a link to the API server, a standby and the service's process. */
export class Machine implements Host {
  readonly name: string;
  readonly site: Site;
  standby: Process;
  state: UnitState;
  service: Service | undefined;
  linkCutUntilMs = 0;
  isOn = true;
  /** The last moment at which the standby was paused, dead, or did not know the service yet. */
  standbyAbsentMs = Number.NEGATIVE_INFINITY;
  readonly #rate: number;
  #offsetMs: number;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #connections = 0;
  #watchDeliveredMs = 0;

  constructor(site: Site, name: string, rate: number) {
    this.site = site;
    this.name = name;
    this.#rate = rate;
    this.#offsetMs = site.dice.below(1_000_000);
    this.standby = new Process(site.agenda);
    this.state = newUnit(name);
    this.#startStandby();
    this.startService(site.dice.below(300));
  }

  /** This machine's monotonic clock. */
  clockMs(trueMs = this.site.agenda.nowMs): number {
    return this.#offsetMs + trueMs * this.#rate;
  }

  /** When this machine's clock shows `clockMs`. */
  trueMs(clockMs: number): number {
    return (clockMs - this.#offsetMs) / this.#rate;
  }

  // --- faults ---

  cutPower(offMs: number): void {
    if (!this.isOn) return;
    this.isOn = false;
    this.#stopStandby();
    this.service?.die();
    this.site.agenda.at(this.site.agenda.nowMs + offMs, () => {
      this.isOn = true;
      this.#offsetMs += this.site.dice.below(1_000_000);
      this.#startStandby();
      this.startService(500 + this.site.dice.below(2_000));
    });
  }

  crashStandby(downMs: number): void {
    if (!this.isOn || !this.standby.isAlive) return;
    this.#stopStandby();
    this.site.agenda.at(this.site.agenda.nowMs + downMs, () => {
      if (this.isOn && !this.standby.isAlive) this.#startStandby();
    });
  }

  pauseStandby(ms: number): void {
    this.standby.pause(ms);
    this.standbyAbsentMs = Math.max(this.standbyAbsentMs, this.site.agenda.nowMs + ms);
  }

  killService(): void {
    const { service } = this;
    if (service?.isAlive !== true) return;
    service.die();
    this.standby.at(this.site.agenda.nowMs + this.site.dice.below(5), () => {
      this.hear({ type: 'service-lost', connection: service.connection });
    });
  }

  freezeService(ms: number): void {
    const { service } = this;
    if (service?.isAlive !== true) return;
    const isInAct = service.isActive() && this.site.dice.oneIn(2);
    const thawMs = this.site.agenda.nowMs + ms;
    service.freeze(ms);
    // Who does not know of it yet cannot kill it either.
    if (service.knownTo !== this.standby) this.standbyAbsentMs = Math.max(this.standbyAbsentMs, thawMs);
    // The worst moment: its last look at the clock was just before it was stopped, and the act follows.
    if (isInAct) service.at(thawMs, () => this.site.actedLate(service));
    this.#watchOver(service, service.connection, this.site.agenda.nowMs);
  }

  /** A pod's container starts again some time after it ended. */
  startService(delayMs: number): void {
    const { agenda } = this.site;
    agenda.at(agenda.nowMs + delayMs, () => {
      if (!this.isOn || this.service?.isAlive === true) return;
      this.service = new Service(this);
      if (this.standby.isAlive) this.connect(this.service);
    });
  }

  // --- the standby ---

  connect(service: Service): void {
    this.#connections += 1;
    service.connection = this.#connections;
    const { connection, holding } = service;
    this.standby.at(this.site.agenda.nowMs + this.site.dice.below(5), () => {
      if (service.connection !== connection) return;
      service.knownTo = this.standby;
      this.hear({ type: 'service-ready', connection, holding });
    });
  }

  hear(event: UnitEvent): void {
    const { agenda, defects } = this.site;
    const nowMs = this.clockMs();
    if (defects.countsFromAnswer === true && event.type === 'answered' && this.state.request !== undefined)
      this.state = { ...this.state, request: { ...this.state.request, sentMs: nowMs } };
    const { state, actions, wakeAtMs } = step(this.state, this.#read(event), nowMs);
    this.state = state;
    if (defects.startsImpatient === true && state.sighting !== undefined)
      this.state = { ...state, sighting: { ...state.sighting, sinceMs: state.sighting.sinceMs - 60_000 } };
    for (const action of actions) this.#do(action);
    if (wakeAtMs === undefined) return;
    const wakeTrueMs = Math.max(this.trueMs(wakeAtMs) + 0.001, agenda.nowMs + 0.001);
    if (wakeTrueMs >= this.#wakeAtMs) return;
    this.#wakeAtMs = wakeTrueMs;
    const { standby } = this;
    standby.at(wakeTrueMs, () => {
      if (this.#wakeAtMs !== wakeTrueMs || standby !== this.standby) return;
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.hear({ type: 'tick' });
    });
  }

  /** The watch tells of the Lease; while the link is cut or the API server is out it tells the newest afterwards. */
  watched(lease: LeaseRecord | undefined, goneUid: string): void {
    const { agenda, dice } = this.site;
    const arrivalMs = Math.max(agenda.nowMs + this.#latencyMs(), this.#watchDeliveredMs);
    const reachableMs = Math.max(this.linkCutUntilMs, this.site.apiOutUntilMs);
    const isCut = agenda.nowMs < reachableMs;
    const deliveredMs = isCut ? Math.max(arrivalMs, reachableMs + dice.below(1_000)) : arrivalMs;
    this.#watchDeliveredMs = deliveredMs;
    const { standby } = this;
    standby.at(deliveredMs, () => {
      if (standby !== this.standby) return;
      this.hear(lease === undefined ? { type: 'deleted', uid: goneUid } : { type: 'observed', record: lease });
    });
  }

  /** The event as the standby reads it. */
  #read(event: UnitEvent): UnitEvent {
    const { role } = this.state;
    if (this.site.defects.holdsOnByOldTerms !== true || role.name !== 'active' || !('record' in event)) return event;
    return { ...event, record: { ...event.record, terms: role.terms, safeNext: false } };
  }

  #do(action: UnitAction): void {
    const { store, defects } = this.site;
    switch (action.type) {
      case 'read':
        this.#exchange(action.id, () => store.read());
        return;
      case 'write': {
        const { record, change } = action;
        this.#exchange(action.id, () =>
          store.write(defects.overwrites === true ? (store.lease ?? record) : record, change),
        );
        return;
      }
      case 'grant':
      case 'revoke': {
        const { service } = this;
        if (service?.connection === action.connection) service.receive(action);
        return;
      }
      case 'kill':
        this.#kill(action.connection);
        return;
      case 'abort':
      case 'note':
        return;
    }
  }

  #kill(connection: number): void {
    const { agenda, dice, defects } = this.site;
    const { service } = this;
    const gone = (): void => this.hear({ type: 'processes-gone', connection });
    if (defects.releasesBeforeGone === true) {
      this.standby.at(agenda.nowMs + 1, gone);
      return;
    }
    this.standby.at(agenda.nowMs + dice.below(30), () => {
      if (service?.connection === connection && service.isAlive) {
        service.die();
        this.startService(500 + dice.below(3_000));
      } else this.startService(500 + dice.below(3_000));
      this.standby.at(agenda.nowMs + dice.below(60), gone);
    });
  }

  /** A request's way there and back: it may be late, be lost, or be answered after it was given up. */
  #exchange(id: number, serve: () => Verdict): void {
    const { agenda, dice } = this.site;
    const { standby } = this;
    const answer = (event: UnitEvent, delayMs: number): void => {
      standby.at(agenda.nowMs + delayMs, () => {
        if (standby === this.standby) this.hear(event);
      });
    };
    // Between reading the clock and sending, the process may be paused.
    standby.at(agenda.nowMs + dice.below(3), () => {
      const leftMs = this.#passesAt(agenda.nowMs);
      if (leftMs === undefined) return;
      agenda.at(leftMs + this.#latencyMs(), () => {
        if (agenda.nowMs < this.site.apiOutUntilMs) {
          if (!this.site.apiHangs) answer({ type: 'unanswered', id }, 1);
          return;
        }
        const verdict = serve();
        const backMs = this.#passesAt(agenda.nowMs);
        if (backMs === undefined) return;
        answer({ ...verdict, id }, backMs - agenda.nowMs + this.#latencyMs());
      });
    });
  }

  /** When a packet gets through the link; undefined when it is lost for good. */
  #passesAt(nowMs: number): number | undefined {
    const { dice } = this.site;
    if (this.site.isRough && dice.oneIn(40)) return undefined;
    if (nowMs >= this.linkCutUntilMs) return nowMs;
    return dice.oneIn(2) ? this.linkCutUntilMs + dice.below(200) : undefined;
  }

  #latencyMs(): number {
    const { dice } = this.site;
    return this.site.isRough && dice.oneIn(15) ? dice.below(3_000) : dice.below(20);
  }

  /** The pings: a service that stands still is found out after the time limit, on the standby's clock. */
  #watchOver(service: Service, connection: number, frozenMs: number): void {
    const { agenda, dice } = this.site;
    const { standby } = this;
    const limitMs = this.state.role.name === 'candidate' ? 1_000 : this.state.role.terms.stopMs;
    const found = this.trueMs(this.clockMs(frozenMs) + limitMs * (0.75 + dice.below(250) / 1_000));
    agenda.at(found, () => {
      if (!standby.isAlive || !service.isAlive || agenda.nowMs >= service.pausedUntilMs) return;
      if (agenda.nowMs < standby.pausedUntilMs) this.#watchOver(service, connection, standby.pausedUntilMs);
      else if (service.connection === connection) this.hear({ type: 'service-lost', connection });
    });
  }

  #startStandby(): void {
    const { agenda, dice, store } = this.site;
    this.standby = new Process(agenda);
    this.state = newUnit(this.name);
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    this.#watchDeliveredMs = 0;
    this.standbyAbsentMs = agenda.nowMs;
    const { standby } = this;
    const list = (): void => {
      if (standby !== this.standby || !standby.isAlive) return;
      const reachableMs = Math.max(this.linkCutUntilMs, this.site.apiOutUntilMs);
      if (agenda.nowMs < reachableMs) agenda.at(reachableMs + 1 + dice.below(500), list);
      else this.watched(store.lease, '');
    };
    agenda.at(agenda.nowMs + dice.below(50), list);
    const { service } = this;
    if (service?.isAlive === true) service.at(agenda.nowMs + dice.below(300), () => this.connect(service));
  }

  #stopStandby(): void {
    this.standby.isAlive = false;
    this.standbyAbsentMs = Number.POSITIVE_INFINITY;
    if (this.service !== undefined) this.service.connection = 0;
  }
}
