import { asUsherError, isUsherError, UsherError } from '../../../foundation/errors.ts';
import type { KubeClient, WriteOptions } from '../../../k8s/client/kube-client.ts';
import { DEVICE_CLAIM, type DeviceClaim } from '../../../k8s/core/resources.ts';
import { changesBetween } from '../../core/manifest/changes.ts';
import { refusedRow, type PlannedRow } from '../../core/manifest/plan.ts';
import type { ManifestRow } from '../../core/schemas/manifests.ts';
import { inClaimWords } from '../claim-writer.ts';

/** A row that the API server did not take. */
export interface Refusal {
  readonly planned: PlannedRow;
  readonly error: UsherError;
  /** The row with the error in it. */
  readonly row: ManifestRow;
}

interface Written {
  readonly planned: PlannedRow;
  /** As the API server has it now. */
  readonly claim: DeviceClaim;
}

type Change = PlannedRow & { readonly claim: DeviceClaim };

/** Requests that are out at the same time. */
const PARALLEL = 8;
/** How often a write is tried again when only the status of its claim was written meanwhile. */
const ATTEMPTS = 5;
const MOST_NAMES = 20;

/** The claims that a file makes or changes, written together: Kubernetes has no transactions, so this keeps books. */
export class ClaimBatch {
  readonly #kube: KubeClient;
  readonly #changes: readonly Change[];
  readonly #written: Written[] = [];

  constructor(kube: KubeClient, planned: readonly PlannedRow[]) {
    this.#kube = kube;
    this.#changes = planned.filter((row): row is Change => row.claim !== undefined);
  }

  written(): readonly Written[] {
    return this.#written;
  }

  /** Asks the API server about every change without making it. @throws UsherError when it does not answer */
  async tryOut(): Promise<Refusal[]> {
    const refusals: Refusal[] = [];
    await inParallel(this.#changes, async (change) => {
      try {
        await this.#write(change, { dryRun: true });
      } catch (error) {
        refusals.push(refusalOf(change, error));
      }
    });
    return refusals.sort((a, b) => a.row.line - b.row.line);
  }

  /**
   * Makes the changes that `isWanted`. With `isAll` the first that fails ends it, and what was written is put back.
   * @returns what failed, unless `isAll`
   * @throws UsherError MANIFEST_UNDONE, MANIFEST_HALF_DONE
   */
  async write(isWanted: (planned: PlannedRow) => boolean, isAll: boolean): Promise<Refusal[]> {
    const failures: { change: Change; error: unknown }[] = [];
    const wanted = this.#changes.filter(isWanted);
    await inParallel(wanted, async (change) => {
      if (isAll && failures.length > 0) return;
      try {
        this.#written.push({ planned: change, claim: await this.#write(change) });
      } catch (error) {
        failures.push({ change, error });
      }
    });
    const [first] = failures;
    if (first === undefined) return [];
    if (!isAll) return failures.map(({ change, error }) => new FailedWrite(change, error).refusal());
    throw await this.#undone(first.change, asUsherError(first.error), failures);
  }

  /** Puts everything back and gives the error that says so. */
  async #undone(
    failed: Change,
    error: UsherError,
    failures: readonly { change: Change; error: unknown }[],
  ): Promise<UsherError> {
    const count = this.#written.length;
    const left: string[] = [];
    await inParallel([...this.#written], async ({ planned, claim }) => {
      if (!(await succeeds(() => this.#putBack(planned, claim)))) left.push(claim.metadata.name);
    });
    // A write that failed may have happened all the same: the answer was lost.
    const unsure = failures.filter((failure) => !isJudgement(failure.error)).map(({ change }) => change);
    await inParallel(unsure, async (change) => {
      if (!(await succeeds(() => this.#putBackLost(change)))) left.push(change.row.name);
    });
    const { line, name } = failed.row;
    const params = { line, name, detail: error.message, count };
    if (left.length === 0) return new UsherError('MANIFEST_UNDONE', params, { cause: error });
    const more = left.length > MOST_NAMES ? ` and ${left.length - MOST_NAMES} more` : '';
    const names = left.sort().slice(0, MOST_NAMES).join(', ') + more;
    return new UsherError('MANIFEST_HALF_DONE', { ...params, names }, { cause: error });
  }

  async #putBack({ present }: PlannedRow, written: DeviceClaim): Promise<void> {
    const { name, uid } = written.metadata;
    if (present === undefined) {
      await this.#kube.delete(DEVICE_CLAIM, { name }, uid === undefined ? {} : { uid });
      return;
    }
    await this.#replace({ ...written, spec: present.spec });
  }

  async #putBackLost(change: Change): Promise<void> {
    const { claim, present } = change;
    const found = await this.#kube.get(DEVICE_CLAIM, { name: claim.metadata.name });
    if (found === undefined || changesBetween(found.spec, claim.spec).length > 0) return;
    const isFresh = present === undefined || found.metadata.generation !== present.metadata.generation;
    if (isFresh) await this.#putBack(change, found);
  }

  #write({ claim, present }: Change, options: WriteOptions = {}): Promise<DeviceClaim> {
    return present === undefined ? this.#kube.create(DEVICE_CLAIM, claim, options) : this.#replace(claim, options);
  }

  /** Replaces just the version that is known, whatever its status says meanwhile. */
  async #replace(claim: DeviceClaim, options: WriteOptions = {}): Promise<DeviceClaim> {
    const { name, uid, generation } = claim.metadata;
    let next = claim;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#kube.replace(DEVICE_CLAIM, next, options);
      } catch (error) {
        if (!isUsherError(error, 'KUBE_CONFLICT') || attempt === ATTEMPTS) throw error;
        const found = await this.#kube.get(DEVICE_CLAIM, { name });
        if (found === undefined || found.metadata.uid !== uid || found.metadata.generation !== generation) throw error;
        next = { ...found, spec: claim.spec };
      }
    }
  }
}

/** What one write met, in the operators' words. */
class FailedWrite {
  readonly #change: Change;
  readonly #error: UsherError;

  constructor(change: Change, error: unknown) {
    this.#change = change;
    const isConflict = isUsherError(error, 'KUBE_CONFLICT');
    this.#error = isConflict
      ? new UsherError('MANIFEST_OUTDATED', {}, { cause: error })
      : asUsherError(inClaimWords(error, change.row.name));
  }

  refusal(): Refusal {
    const outcome = this.#error.code === 'CLAIM_INVALID' ? 'invalid' : 'conflict';
    return { planned: this.#change, error: this.#error, row: refusedRow(this.#change.row, this.#error, outcome) };
  }
}

/** @throws the error itself unless it is the API server's judgement of this row */
function refusalOf(change: Change, error: unknown): Refusal {
  if (!isJudgement(error)) throw error;
  return new FailedWrite(change, error).refusal();
}

/** Whether the API server judged the row, and so did nothing. */
function isJudgement(error: unknown): boolean {
  const codes = ['KUBE_INVALID', 'KUBE_CONFLICT', 'KUBE_ALREADY_EXISTS', 'KUBE_FORBIDDEN', 'KUBE_NOT_FOUND'] as const;
  return isUsherError(error, ...codes);
}

async function succeeds(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (isUsherError(error)) return false;
    throw error;
  }
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
