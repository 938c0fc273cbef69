import type { Lease } from '../../../../k8s/core/sensor-service/lease.ts';
import type { Placement } from '../../../../k8s/core/sensor-service/placement.ts';
import type { Board } from './board.ts';
import { unitOf } from './lease-store.ts';
import { LABELS, type Name, type Policy } from './site.ts';

/** Somebody acts by a Lease. */
interface Tenure {
  readonly node: Name;
  readonly leaseName: string;
  readonly unit: string;
  readonly epoch: number;
  readonly beganMs: number;
}

/** What the last plan that was written as a whole says of the units. */
interface Told {
  readonly units: readonly { readonly name: string; readonly nodes: readonly string[] }[];
}

/** What claims and Leases were like when a claim was edited last. */
interface Edit {
  readonly atMs: number;
  /** By name of the Lease: who might begin by it. */
  readonly admitted: ReadonlyMap<string, readonly string[]>;
}

export interface JudgeOptions {
  readonly boards: readonly Board[];
  readonly policy: Policy;
  /** Similar nodes are in the units of pairs. */
  readonly isShared: boolean;
  readonly now: () => number;
}

/** A node that is heard has let go within this, ms: the watch lags, and the program has to stop. */
const LETS_GO_MS = 8_000;
/** A grant of one that is silent has run out, or its board was reset, ms. */
const RUNS_OUT_MS = { SelfFence: 8_000, Watchdog: 25_000 } as const;

/** Who sees true time: who acts by which Lease, and whether those that do so side by side may. */
export class Judge {
  readonly violations: string[] = [];
  readonly #options: JudgeOptions;
  readonly #highest = new Map<string, number>();
  /** By name of the Lease: when somebody who acted by it did so last. */
  readonly #closedInSilence = new Set<string>();
  readonly #endedMs = new Map<string, number>();
  #tenures: Tenure[] = [];
  #told: Told = { units: [] };
  #edit: Edit = { atMs: Number.NEGATIVE_INFINITY, admitted: new Map() };
  /** Claims were edited since the last plan: nobody could act upon that yet. */
  #isEdited = false;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  edited(admitted: Edit['admitted']): void {
    this.#isEdited = true;
    this.#edit = { atMs: this.#options.now(), admitted };
  }

  /** Nobody may take the Lease any more. */
  closed(leaseName: string): void {
    for (const { node, leaseName: name } of this.acting())
      if (name === leaseName && !this.#board(node).isHeard) this.#closedInSilence.add(leaseName);
  }

  planned({ units }: Placement): void {
    const named = units.map(({ name, nodes }) => ({ name, nodes: nodes.map(({ metadata }) => metadata.name) }));
    this.#told = { units: named };
    this.#isEdited = false;
  }

  begun(node: Name, lease: Lease, epoch: number): void {
    const { name } = lease.metadata;
    const beganMs = this.#options.now();
    const begins = { node, leaseName: name, unit: unitOf(lease), epoch, beganMs };
    const highest = this.#highest.get(name) ?? 0;
    if (epoch <= highest) this.violations.push(`epoch ${epoch} of ${name} after ${highest}`);
    this.#highest.set(name, Math.max(epoch, highest));
    this.#closedInSilence.delete(name);
    for (const other of this.acting().filter((one) => !this.#letsGoOnceHeard(begins, one)))
      this.#judge(begins, other, !this.#isEdited && !this.#isLate(begins, other) && !this.#goesOn(begins, other));
    this.#tenures.push(begins);
  }

  /** For when all is settled. KNOWN: with `HoldLast` a silent one goes on, whatever was edited meanwhile. */
  judgeAll(): void {
    const isHeld = this.#options.policy.onControlPlaneLoss === 'HoldLast';
    const all = this.acting().filter(({ node }) => !isHeld || this.#board(node).isHeard);
    for (const one of all) for (const other of all) if (one !== other) this.#judge(one, other);
  }

  /** To be called once a round at least. */
  acting(): readonly Tenure[] {
    const isOn = ({ node, leaseName, epoch }: Tenure): boolean => {
      const board = this.#board(node);
      return board.isPresent && board.standby.program?.epochOf(leaseName) === epoch;
    };
    for (const tenure of this.#tenures) if (!isOn(tenure)) this.#endedMs.set(tenure.leaseName, this.#options.now());
    this.#tenures = this.#tenures.filter(isOn);
    return this.#tenures;
  }

  /** Whether somebody who is heard acts by the Lease. */
  isActive(leaseName: string): boolean {
    return this.acting().some((tenure) => tenure.leaseName === leaseName && this.#board(tenure.node).isHeard);
  }

  #judge(begins: Tenure, other: Tenure, byPlan = true): void {
    const found =
      besideOther(begins, other) ?? (byPlan && this.#options.isShared ? this.#beside(begins, other) : undefined);
    if (found === undefined) return;
    const isHeard = this.#board(other.node).isHeard ? '' : ', which is silent';
    this.violations.push(
      `${found}: ${begins.node} by ${begins.leaseName}, ${other.node} by ${other.leaseName}${isHeard}`,
    );
  }

  /** What is wrong with it by what the last plan knows. */
  #beside(begins: Tenure, other: Tenure): string | undefined {
    const { units } = this.#told;
    if (units.some(({ nodes }) => nodes.includes(begins.node) && nodes.includes(other.node)))
      return 'two nodes of one unit by two Leases';
    if (this.#mayBeAt(other, begins.unit) || this.#mayBeAt(begins, other.unit))
      return 'a pair beside a node that may be at its machine';
    const isInUnit = units.some(({ name, nodes }) => name === other.unit || nodes.includes(other.node));
    if (isInUnit || other.unit === other.node) return undefined;
    // KNOWN: who is put into another pair, or stands in for another one now, begins with that pair. It is at another machine
    // by the word of the claims, whoever acts still by the Lease of the pair before; docs/services.md warns of it.
    if (!this.#isLone(begins)) return undefined;
    return 'a lone node beside the last holder of a pair that is no more';
  }

  /** Whether somebody who acts as itself has the labels of a claim of this pair: then it may have a device of its machine. */
  #mayBeAt(tenure: Tenure, pair: string): boolean {
    if (!this.#isLone(tenure)) return false;
    const own: Readonly<Record<string, string>> = LABELS[this.#board(tenure.node).claim.labels];
    return this.#options.boards.some(
      ({ isClaimed, claim }) =>
        isClaimed &&
        claim.pair?.[0] === pair &&
        Object.entries(LABELS[claim.labels]).every(([key, value]) => own[key] === value),
    );
  }

  /** Whether it acts as itself, with the labels that the service wants. */
  #isLone({ node, unit }: Tenure): boolean {
    const { pair, labels } = this.#board(node).claim;
    return unit === node && pair === undefined && LABELS[labels].machine === 'lathe';
  }

  /**
   * KNOWN: a Lease that is open is not closed again when an edit makes its candidates relatives of somebody who acts by
   * another one. Until that one has let go, or has left, who might begin before the edit may begin still.
   */
  #isLate({ node, leaseName, beganMs }: Tenure, other: Tenure): boolean {
    const { fencing, onControlPlaneLoss } = this.#options.policy;
    if (this.#edit.admitted.get(leaseName)?.includes(node) !== true) return false;
    const { isHeard, claim } = this.#board(other.node);
    const isLeaving = LABELS[claim.labels].machine !== 'lathe';
    if (isLeaving || (!isHeard && onControlPlaneLoss === 'HoldLast')) return true;
    return beganMs - this.#edit.atMs <= (isHeard ? LETS_GO_MS : RUNS_OUT_MS[fencing]);
  }

  /**
   * KNOWN: somebody acted by this Lease beside `other` until now, and edits let the unit go on: its Lease is not closed.
   */
  #goesOn({ leaseName, beganMs }: Tenure, other: Tenure): boolean {
    const endedMs = this.#endedMs.get(leaseName);
    return endedMs !== undefined && beganMs - endedMs <= LETS_GO_MS && other.beganMs <= endedMs;
  }

  /**
   * KNOWN: with `HoldLast` a silent node that is to act in another unit is the only one whom that unit admits before it is heard
   * again. Then it may begin there moments before it lets the old Lease go, which it did not know to be closed.
   */
  #letsGoOnceHeard({ node }: Tenure, other: Tenure): boolean {
    const isHeld = this.#options.policy.onControlPlaneLoss === 'HoldLast';
    return isHeld && other.node === node && this.#closedInSilence.has(other.leaseName);
  }

  #board(name: string): Board {
    const board = this.#options.boards.find((one) => one.name === name);
    if (board === undefined) throw new TypeError(`no board ${name}`);
    return board;
  }
}

/** What is wrong with it whatever claims say. */
function besideOther(begins: Tenure, other: Tenure): string | undefined {
  if (begins.leaseName === other.leaseName) return 'two by one Lease';
  return begins.node === other.node ? 'one node in two units' : undefined;
}
