import type { Lease } from '../../../../k8s/core/sensor-service/lease.ts';
import type { Dice } from '../../../support/seeded.ts';
import type { LeaseStore } from './lease-store.ts';

/** One round of the model: everybody gets a turn, ms. */
export const ROUND_MS = 500;

/** The boards: a pair, if they are one, and two that may stand in for it. */
export const NAMES = ['a', 'b', 's', 't'] as const;
export type Name = (typeof NAMES)[number];

/** What a claim may say of the machine that its board stands at; the service wants `machine=lathe`. */
export const LABELS = {
  left: { machine: 'lathe', location: 'left' },
  leftRack: { machine: 'lathe', location: 'left', rack: '1' },
  right: { machine: 'lathe', location: 'right' },
  bare: { machine: 'lathe' },
  none: { machine: 'none' },
} as const;
export type Labels = keyof typeof LABELS;

export type Role = 'Primary' | 'Backup';

/** What people say about a board. */
export interface Claim {
  readonly labels: Labels;
  readonly pair: readonly [string, Role] | undefined;
}

/** The terms of the service that the model tells apart. */
export interface Policy {
  readonly takeover: 'SimilarNode' | 'PairOnly';
  readonly fencing: 'SelfFence' | 'Watchdog';
  readonly onControlPlaneLoss: 'Safe' | 'HoldLast';
}

/** Defects that a test builds in around the product, to show that the model would find them. */
export interface Defects {
  /** Standbys take themselves for candidates, whatever a Lease says. */
  ignoresCandidates?: true;
  /** Standbys acquire without raising the epoch. */
  keepsEpoch?: true;
  /** The controller is told that there are no pods on silent nodes, as if their programs had ended. */
  hidesSilentPods?: true;
  /** The controller hears nothing of Leases. */
  missesLeases?: true;
}

/** What the boards see of the site. */
export interface Site {
  readonly dice: Dice;
  readonly store: LeaseStore;
  readonly policy: Policy;
  readonly defects: Defects;
  /** True time, which is also every board's own clock, ms. */
  readonly nowMs: number;
  /** Nodes that the DaemonSet keeps whatever their labels are. */
  readonly kept: readonly string[];
  /** Something that the controller watches has changed. */
  changed(): void;
  /** A board begins to act by a Lease. */
  begun(node: Name, lease: Lease, epoch: number): void;
  told(what: string): void;
}
