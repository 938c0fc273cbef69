import { UNIT_LABEL, type Lease } from '../../../../k8s/core/sensor-service/lease.ts';
import type { InformerChange } from '../../../../k8s/client/kube-client.ts';
import {
  type LeaseChange,
  type LeaseRecord,
  recordOf,
  withChange,
} from '../../../../node/core/fencing/lease-record.ts';

/** What a write of a standby gets for an answer. */
export type Verdict = { type: 'answered'; record: LeaseRecord } | { type: 'conflict' } | { type: 'absent' };

/** The API server's Leases of one service. Each write puts a new object in the place of the old one. */
export class LeaseStore {
  readonly #leases = new Map<string, { lease: Lease; record: LeaseRecord }>();
  readonly #tell: (change: InformerChange<Lease>) => void;
  #version = 0;

  constructor(tell: (change: InformerChange<Lease>) => void) {
    this.#tell = tell;
  }

  list(): Lease[] {
    return [...this.#leases.values()].map(({ lease }) => lease);
  }

  names(): string[] {
    return [...this.#leases.keys()];
  }

  get(name: string): Lease | undefined {
    return this.#leases.get(name)?.lease;
  }

  /** The Lease as standbys read it. */
  record(name: string): LeaseRecord | undefined {
    return this.#leases.get(name)?.record;
  }

  /** The controller's; refused when there is one of this name. */
  create(lease: Lease): boolean {
    const { name } = lease.metadata;
    if (this.#leases.has(name)) return false;
    this.#put('added', { ...lease, metadata: { ...lease.metadata, uid: `${name}-${this.#version}` } });
    return true;
  }

  /** The controller's merge patch: it names the uid and no version, so it goes through whoever wrote meanwhile. */
  annotate({ metadata: { name, uid } }: Lease, change: Readonly<Record<string, string | null>>): boolean {
    const lease = this.#leases.get(name)?.lease;
    if (lease === undefined || lease.metadata.uid !== uid) return false;
    const merged = Object.entries({ ...lease.metadata.annotations, ...change });
    const annotations = Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== null));
    this.#put('updated', { ...lease, metadata: { ...lease.metadata, annotations } });
    return true;
  }

  /** A standby's write, built upon `seen`. */
  write(name: string, seen: LeaseRecord, change: LeaseChange): Verdict {
    const now = this.#leases.get(name);
    if (now === undefined) return { type: 'absent' };
    if (now.record.uid !== seen.uid || now.record.version !== seen.version) return { type: 'conflict' };
    const micros = String(this.#version % 1_000_000).padStart(6, '0');
    return {
      type: 'answered',
      record: this.#put('updated', withChange(now.lease, change, `2026-01-01T12:00:00.${micros}Z`)),
    };
  }

  /** Somebody deletes it by hand. */
  remove(name: string): void {
    const lease = this.#leases.get(name)?.lease;
    if (lease === undefined) return;
    this.#leases.delete(name);
    this.#tell({ type: 'deleted', object: lease });
  }

  #put(type: 'added' | 'updated', written: Lease): LeaseRecord {
    this.#version += 1;
    const lease = { ...written, metadata: { ...written.metadata, resourceVersion: String(this.#version) } };
    const record = recordOf(lease);
    this.#leases.set(lease.metadata.name, { lease, record });
    this.#tell({ type, object: lease });
    return record;
  }
}

/** The unit that a Lease is for. */
export function unitOf({ metadata }: Lease): string {
  return metadata.labels?.[UNIT_LABEL] ?? '';
}
