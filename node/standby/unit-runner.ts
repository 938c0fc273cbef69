import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Lease, LeaseTerms } from '../../k8s/core/sensor-service/lease.ts';
import { recordOf } from '../core/fencing/lease-record.ts';
import { newUnit, type UnitAction, type UnitEvent, type UnitState } from '../core/fencing/unit-state.ts';
import { step } from '../core/fencing/unit-step.ts';
import type { StandbyMessage } from '../grant-protocol/messages.ts';
import type { LeaseAnswer, LeaseStore } from './lease-store.ts';

export interface UnitRunnerOptions {
  readonly node: string;
  readonly namespace: string;
  readonly lease: string;
  readonly unit: string;
  readonly store: LeaseStore;
  /** CLOCK_MONOTONIC. */
  readonly clock: Clock;
  readonly logger: Logger;
  readonly send: (connection: number, message: StandbyMessage) => void;
  /** Kills the processes behind a connection; resolves when they are seen gone, however long it takes. */
  readonly kill: (connection: number) => Promise<void>;
}

const REMEMBERED = 8;

/** Does what the fencing protocol says for one unit. */
export class UnitRunner {
  readonly #options: UnitRunnerOptions;
  readonly #aborts = new Map<number, AbortController>();
  readonly #queue: UnitEvent[] = [];
  #state: UnitState;
  /** The newest few, by version: a write takes from exactly the Lease it is guarded by what it leaves as it is. */
  readonly #leases = new Map<string, Lease>();
  #isBusy = false;
  #isStopped = false;
  #cancel: CancelTimer = () => undefined;

  constructor(options: UnitRunnerOptions) {
    this.#options = options;
    this.#state = newUnit(options.node);
  }

  get state(): UnitState {
    return this.#state;
  }

  /** The terms in force: those of a grant while there is one. */
  get terms(): LeaseTerms | undefined {
    const { role, sighting } = this.#state;
    return role.name === 'candidate' ? sighting?.record.terms : role.terms;
  }

  observe(lease: Lease): void {
    this.hear({ type: 'observed', record: recordOf(this.#known(lease)) });
  }

  /** Events are taken one after the other, also those that an action brings about. */
  hear(event: UnitEvent): void {
    if (this.#isStopped) return;
    this.#queue.push(event);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#take(next);
    } finally {
      this.#isBusy = false;
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
    for (const abort of this.#aborts.values()) abort.abort();
  }

  #take(event: UnitEvent): void {
    const { clock } = this.#options;
    this.#cancel();
    // Read before anything is sent: a pause in between then makes a grant shorter, never longer.
    const { state, actions, wakeAtMs } = step(this.#state, event, clock.nowMs());
    this.#state = state;
    for (const action of actions) this.#do(action);
    if (wakeAtMs === undefined) return;
    this.#cancel = clock.after(Math.max(1, wakeAtMs - clock.nowMs()), () => this.hear({ type: 'tick' }), 'hold');
  }

  #do(action: UnitAction): void {
    const { store, namespace, lease, unit, logger, send } = this.#options;
    switch (action.type) {
      case 'read':
        this.#ask(action.id, (signal) => store.read({ name: lease, namespace }, signal));
        return;
      case 'write': {
        const known = this.#leases.get(action.record.version);
        if (known === undefined) this.hear({ type: 'conflict', id: action.id });
        else this.#ask(action.id, (signal) => store.write(known, action.change, signal));
        return;
      }
      case 'abort':
        this.#aborts.get(action.id)?.abort();
        return;
      case 'grant': {
        const { connection, epoch, validUntilMs, stopMs } = action;
        send(connection, { type: 'grant', unit, epoch, validUntilMs: Math.floor(validUntilMs), stopMs });
        return;
      }
      case 'revoke':
        send(action.connection, { type: 'revoke', unit, epoch: action.epoch, reason: action.reason });
        return;
      case 'kill':
        void this.#kill(action.connection);
        return;
      case 'note':
        logger.info({ unit, lease, namespace, ...action.detail }, `role ${action.what}`);
    }
  }

  async #kill(connection: number): Promise<void> {
    await this.#options.kill(connection);
    this.hear({ type: 'processes-gone', connection });
  }

  #ask(id: number, ask: (signal: AbortSignal) => Promise<LeaseAnswer>): void {
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    void ask(abort.signal).then((answer) => {
      this.#aborts.delete(id);
      if (answer.type !== 'answered') this.hear({ type: answer.type, id });
      else this.hear({ type: 'answered', id, record: recordOf(this.#known(answer.lease)) });
    });
  }

  #known(lease: Lease): Lease {
    const { resourceVersion = '' } = lease.metadata;
    this.#leases.delete(resourceVersion);
    this.#leases.set(resourceVersion, lease);
    for (const old of [...this.#leases.keys()].slice(0, -REMEMBERED)) this.#leases.delete(old);
    return lease;
  }
}
