import {
  endGrant,
  type Grant,
  type GrantState,
  hasRunOut,
  mayAct,
  mayStillStop,
  NO_GRANT,
  takeGrant,
} from '../../../../node/core/fencing/grant.ts';
import type { UnitAction, UnitEvent } from '../../../../node/core/fencing/unit-state.ts';
import type { Dice } from '../../../support/seeded.ts';
import type { Agenda } from './agenda.ts';
import { Process } from './process.ts';
import type { Store } from './store.ts';

type Message = Extract<UnitAction, { type: 'grant' | 'revoke' }>;

/** Defects that a test builds in, to show that the model would find them. */
export interface Defects {
  /** Grants count from the answer instead of from the sending. */
  countsFromAnswer?: true;
  /** The Lease is released although nobody saw the processes gone. */
  releasesBeforeGone?: true;
  /** A standby that has just started believes that it has waited already. */
  startsImpatient?: true;
  /** Versions of the Lease are not compared: the last writer wins. */
  overwrites?: true;
  /** An edit of HoldLast to Safe goes into the terms at once, whoever may not have seen it. */
  editsAtOnce?: true;
  /** A holder goes on by the terms of its acquisition, whatever it has read since. */
  holdsOnByOldTerms?: true;
}

/** What all machines share. */
export interface Site {
  readonly agenda: Agenda;
  readonly dice: Dice;
  readonly store: Store;
  readonly defects: Defects;
  /** No answers, or refused connections, until this moment. */
  apiOutUntilMs: number;
  apiHangs: boolean;
  /** Messages get lost, and some are late by seconds. */
  readonly isRough: boolean;
  begun(service: Service, epoch: number): void;
  actedLate(service: Service): void;
  safeStateReached(service: Service): void;
}

/** The machine that a service's process runs on, as far as the process knows it. */
export interface Host {
  readonly name: string;
  readonly standbyAbsentMs: number;
  readonly site: Site;
  readonly standby: Process;
  clockMs(): number;
  trueMs(clockMs: number): number;
  hear(event: UnitEvent): void;
}

/** The service's process on one machine, with the product's own grant arithmetic. */
export class Service {
  readonly machine: Host;
  connection = 0;
  /** The standby that has heard of it. */
  knownTo: Process | undefined;
  isAlive = true;
  /** The last moment, in true time, at which it may act by what it knows now. */
  activeUntilMs = Number.NEGATIVE_INFINITY;
  /** Since when it stands still. */
  frozenMs = Number.NEGATIVE_INFINITY;
  readonly #process: Process;
  #grants: GrantState = NO_GRANT;
  #heardMs = 0;
  #isEnding = false;

  constructor(machine: Host) {
    this.machine = machine;
    this.#process = new Process(machine.site.agenda);
  }

  get pausedUntilMs(): number {
    return this.#process.pausedUntilMs;
  }

  get epoch(): number {
    return this.#grants.current?.epoch ?? this.#grants.endedEpoch;
  }

  /** What it tells a new standby: also of a grant that is over, as long as the safe state is not reached. */
  get holding(): number | undefined {
    if (this.#isEnding) return this.#grants.endedEpoch;
    return this.isActive() ? this.#grants.current?.epoch : undefined;
  }

  isActive(): boolean {
    return this.isAlive && mayAct(this.#grants, this.machine.clockMs());
  }

  at(atMs: number, run: () => void): void {
    this.#process.at(atMs, run);
  }

  freeze(ms: number): void {
    const { nowMs } = this.machine.site.agenda;
    if (nowMs >= this.pausedUntilMs) this.frozenMs = nowMs;
    this.#process.pause(ms);
  }

  die(): void {
    const { nowMs } = this.machine.site.agenda;
    // Who stands still serves nobody.
    this.activeUntilMs = Math.min(this.activeUntilMs, nowMs < this.pausedUntilMs ? this.frozenMs : nowMs);
    this.isAlive = false;
    this.#process.isAlive = false;
  }

  /** A line on the grant socket: in order, and late when the process stands still. */
  receive(message: Message): void {
    const { agenda, dice } = this.machine.site;
    this.#heardMs = Math.max(this.#heardMs, agenda.nowMs + dice.below(3));
    this.at(this.#heardMs, () => {
      if (message.type === 'grant') this.#granted(message);
      else if (this.#grants.current?.epoch === message.epoch) this.#end();
      else if (message.epoch > this.#grants.endedEpoch) {
        this.#grants = { ...this.#grants, endedEpoch: message.epoch };
        if (!this.#isEnding) this.#say(message.epoch);
      }
    });
  }

  #granted(grant: Grant): void {
    const { machine } = this;
    if (hasRunOut(this.#grants, machine.clockMs())) this.#end();
    const { state, outcome } = takeGrant(this.#grants, grant, machine.clockMs());
    this.#grants = state;
    if (outcome === 'refused') {
      // While it is on its way to the safe state it has not stopped.
      if (!this.#isEnding) this.#say(grant.epoch);
      return;
    }
    const validUntilMs = state.current?.validUntilMs ?? 0;
    this.activeUntilMs = machine.trueMs(validUntilMs);
    if (outcome === 'begun') machine.site.begun(this, grant.epoch);
    this.at(this.activeUntilMs + 0.01, () => {
      if (hasRunOut(this.#grants, machine.clockMs())) this.#end();
    });
  }

  /** Ends the grant and drives to the safe state, unless its time for that is over too. */
  #end(): void {
    const { machine } = this;
    const ended = this.#grants.current;
    if (ended === undefined) return;
    const { agenda, dice } = machine.site;
    this.activeUntilMs = Math.min(this.activeUntilMs, agenda.nowMs);
    this.#grants = endGrant(this.#grants);
    const takesMs = dice.below(Math.floor(ended.stopMs * 0.7));
    const isInTime = mayStillStop({ ...ended, stopMs: ended.stopMs * 0.25 }, machine.clockMs());
    this.#isEnding = true;
    this.at(agenda.nowMs + (isInTime ? takesMs : 0), () => {
      this.#isEnding = false;
      if (isInTime) machine.site.safeStateReached(this);
      this.#say(ended.epoch);
    });
  }

  /** `stopped`, then `ready` again. */
  #say(epoch: number): void {
    const { machine, connection } = this;
    const { agenda, dice } = machine.site;
    machine.standby.at(agenda.nowMs + dice.below(3), () => {
      if (this.connection !== connection || !this.isAlive) return;
      machine.hear({ type: 'service-stopped', connection, epoch });
      machine.hear({ type: 'service-ready', connection });
    });
  }
}
