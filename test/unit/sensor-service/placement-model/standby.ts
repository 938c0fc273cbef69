import type { LeaseRecord } from '../../../../node/core/fencing/lease-record.ts';
import { newUnit, type UnitAction, type UnitEvent, type UnitState } from '../../../../node/core/fencing/unit-state.ts';
import { step } from '../../../../node/core/fencing/unit-step.ts';
import type { Program } from './program.ts';
import type { Name, Site } from './site.ts';

interface Unit {
  state: UnitState;
  /** The version of the Lease that the watch told of last. */
  toldVersion: string | undefined;
  wakeAtMs: number | undefined;
}

/** The standby of one board, with the product's own fencing protocol for each Lease, and the program that it grants to. */
export class Standby {
  hasLink = true;
  program: Program | undefined;
  readonly #site: Site;
  readonly #node: Name;
  readonly #units = new Map<string, Unit>();

  constructor(site: Site, node: Name) {
    this.#site = site;
    this.#node = node;
  }

  /** What the watch brings, what the program says, and what is due by time. */
  turn(): void {
    const { store } = this.#site;
    for (const name of new Set([...store.names(), ...this.#units.keys()])) {
      const unit = this.#unit(name);
      this.#watch(name, unit);
      if (this.program?.hasStopped(name) === true) this.#stopped(name, unit);
      this.#ready(name, unit);
      if (unit.wakeAtMs !== undefined && unit.wakeAtMs <= this.#site.nowMs) this.#hear(name, unit, { type: 'tick' });
    }
  }

  /** Its processes are gone, of whatever cause. */
  endProgram(): void {
    const { program } = this;
    if (program === undefined) return;
    this.program = undefined;
    const { connection } = program;
    for (const [name, unit] of this.#units) this.#hear(name, unit, { type: 'service-lost', connection });
  }

  #unit(name: string): Unit {
    const known = this.#units.get(name);
    if (known !== undefined) return known;
    const unit = { state: newUnit(this.#node), toldVersion: undefined, wakeAtMs: undefined };
    this.#units.set(name, unit);
    return unit;
  }

  /** A watch may lag by some rounds. */
  #watch(name: string, unit: Unit): void {
    const record = this.#site.store.record(name);
    if (!this.hasLink || record?.version === unit.toldVersion || this.#site.dice.oneIn(5)) return;
    unit.toldVersion = record?.version;
    const uid = unit.state.sighting?.record.uid;
    if (uid !== undefined && uid !== record?.uid) this.#hear(name, unit, { type: 'deleted', uid });
    if (record !== undefined) this.#hear(name, unit, { type: 'observed', record: this.#read(record) });
  }

  #ready(name: string, unit: Unit): void {
    const { program } = this;
    const { ready, role } = unit.state;
    if (program === undefined || role.name !== 'candidate' || program.isActive(name)) return;
    const { connection } = program;
    if (!ready.some((one) => one.connection === connection))
      this.#hear(name, unit, { type: 'service-ready', connection });
  }

  #stopped(name: string, unit: Unit): void {
    const ended = this.program?.end(name);
    if (this.program !== undefined && ended !== undefined)
      this.#hear(name, unit, { type: 'service-stopped', connection: this.program.connection, epoch: ended });
  }

  #hear(name: string, unit: Unit, event: UnitEvent): void {
    const { state, actions, wakeAtMs } = step(unit.state, event, this.#site.nowMs);
    unit.state = state;
    unit.wakeAtMs = wakeAtMs;
    for (const action of actions) this.#do(name, unit, action);
  }

  #do(name: string, unit: Unit, action: UnitAction): void {
    const { store, dice } = this.#site;
    switch (action.type) {
      case 'read': {
        const record = store.record(name);
        if (!this.hasLink) return;
        if (record === undefined) this.#hear(name, unit, { type: 'absent', id: action.id });
        else this.#hear(name, unit, { type: 'answered', id: action.id, record: this.#read(record) });
        return;
      }
      case 'write':
        this.#write(name, unit, action);
        return;
      case 'grant':
        this.#grant(name, action);
        return;
      case 'revoke':
        if (this.program?.connection === action.connection) this.program.stop(name, dice.below(3));
        return;
      case 'kill':
        if (this.program?.connection === action.connection) this.endProgram();
        this.#hear(name, unit, { type: 'processes-gone', connection: action.connection });
        return;
      case 'abort':
        return;
      case 'note':
        if (action.what === 'released') this.#site.told(`${this.#node} lets go of ${name}`);
        return;
    }
  }

  #write(name: string, unit: Unit, { id, record, change }: Extract<UnitAction, { type: 'write' }>): void {
    if (!this.hasLink) return;
    const { store, defects } = this.#site;
    const isNew = change.holder !== undefined && change.epoch > record.epoch;
    const written = defects.keepsEpoch === true && isNew ? { ...change, epoch: Math.max(1, record.epoch) } : change;
    const verdict = store.write(name, record, written);
    if (verdict.type !== 'answered') this.#hear(name, unit, { ...verdict, id });
    else this.#hear(name, unit, { ...verdict, id, record: this.#read(verdict.record) });
  }

  #grant(name: string, { connection, epoch }: Extract<UnitAction, { type: 'grant' }>): void {
    const { program } = this;
    if (program?.connection !== connection) return;
    const lease = this.#site.store.get(name);
    if (program.begin(name, epoch) && lease !== undefined) this.#site.begun(this.#node, lease, epoch);
  }

  /** The record as this standby takes it. */
  #read(record: LeaseRecord): LeaseRecord {
    const { candidates } = record;
    if (this.#site.defects.ignoresCandidates !== true || candidates.includes(this.#node)) return record;
    return { ...record, candidates: [...candidates, this.#node] };
  }
}
