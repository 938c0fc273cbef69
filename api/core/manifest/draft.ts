import type { UsherError } from '../../../foundation/errors.ts';
import { isUsherError } from '../../../foundation/errors.ts';
import type { ClaimMatch, ClaimPair, Taint } from '../../../k8s/core/resources.ts';

/** Where something stands in a file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column?: number;
}

/** What one row of a CSV file, or one document of a YAML file, wants. What is undefined stays as the claim has it. */
export interface WantedClaim {
  readonly name: string;
  readonly match: ClaimMatch;
  readonly nodeName?: string;
  /** Value of each label; null takes the label off. */
  readonly labels: Readonly<Record<string, string | null>>;
  /** Whether labels that are not mentioned stay; else they go. */
  readonly keepsOtherLabels: boolean;
  readonly taints?: readonly Taint[];
  readonly pair?: ClaimPair | null;
  readonly replaces?: string | null;
  readonly reclaimPolicy?: 'Retain' | 'Release';
}

/** What is wrong with a row, and where. */
export interface Fault {
  readonly place: Place;
  readonly error: UsherError;
}

/** A row as it was read, not yet compared with anything. `wanted` is there unless it has a fault. */
export interface DraftRow {
  readonly place: Place;
  /** As far as it can be told; else empty. */
  readonly name: string;
  readonly wanted?: WantedClaim;
  readonly fault?: Fault;
  /** What somebody should look at though it can be imported. */
  readonly notes: readonly string[];
  /** Where each field stands, by its name in a DeviceClaim (`match`, `labels` …). */
  readonly places: ReadonlyMap<string, Place>;
}

/** Reads the fields of one row: the first that is wrong is the row's fault, and the others are read all the same. */
export class RowReader {
  readonly notes: string[] = [];
  #fault: Fault | undefined;

  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** What `read` gives, or undefined when it throws. */
  read<Value>(place: Place, read: () => Value): Value | undefined {
    try {
      return read();
    } catch (error) {
      if (!isUsherError(error)) throw error;
      this.#fault ??= { place, error };
      return undefined;
    }
  }
}
