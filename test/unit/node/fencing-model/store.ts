import type { Dice } from '../../../support/seeded.ts';
import type { LeaseChange, LeaseRecord } from '../../../../node/core/fencing/lease-record.ts';

/** What a write of a standby gets for an answer. */
export type Verdict = { type: 'answered'; record: LeaseRecord } | { type: 'conflict' } | { type: 'absent' };

/** The API server's one Lease: optimistic concurrency by version and uid. */
export class Store {
  lease: LeaseRecord | undefined;
  onChange: (lease: LeaseRecord | undefined) => void = () => undefined;
  #version = 100;
  #uids = 0;
  #beats = 0;
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  read(): Verdict {
    return this.lease === undefined ? { type: 'absent' } : { type: 'answered', record: this.lease };
  }

  /** A standby's write, built upon `seen`. */
  write(seen: LeaseRecord, change: LeaseChange): Verdict {
    if (this.lease === undefined) return { type: 'absent' };
    if (this.lease.uid !== seen.uid || this.lease.version !== seen.version) return { type: 'conflict' };
    this.#beats += 1;
    this.#put({ ...this.lease, ...change, renewTime: String(this.#beats) });
    return { type: 'answered', record: this.lease };
  }

  /** A patch of the controller. */
  patch(change: Partial<LeaseRecord>): void {
    if (this.lease !== undefined) this.#put({ ...this.lease, ...change });
  }

  /** Made anew under the same name; the epoch is the one that the status of the service remembers. */
  recreate(lease: Omit<LeaseRecord, 'uid' | 'version'>): void {
    this.#uids += 1;
    this.#put({ ...lease, uid: `uid-${this.#uids}`, version: '' });
  }

  remove(): void {
    this.lease = undefined;
    this.onChange(undefined);
  }

  /** As after a restore from a backup: also the versions go back, and later ones are given out again. */
  restore(lease: LeaseRecord): void {
    this.#version = Number(lease.version);
    this.lease = lease;
    this.onChange(lease);
  }

  #put(lease: LeaseRecord): void {
    // Other objects are written in between, so a version that is given out twice hardly means this Lease twice.
    this.#version += 1 + this.#dice.below(1_000_000);
    this.lease = { ...lease, version: String(this.#version) };
    this.onChange(this.lease);
  }
}
