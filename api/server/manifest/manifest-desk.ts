import { createHash } from 'node:crypto';
import { UsherError } from '../../../foundation/errors.ts';
import type { KubeClient } from '../../../k8s/client/kube-client.ts';
import { DEVICE_CLAIM, type DeviceClaim } from '../../../k8s/core/resources.ts';
import { countsOf, planManifest, type PlannedRow } from '../../core/manifest/plan.ts';
import { manifestWorld } from '../../core/manifest/world.ts';
import type {
  ManifestFormat,
  ManifestImport,
  ManifestOutcome,
  ManifestPreview,
  ManifestRow,
  ManifestText,
} from '../../core/schemas/manifests.ts';
import type { LiveModel } from '../live-model.ts';
import { ClaimBatch, type Refusal } from './claim-batch.ts';
import { readManifest, writeManifest } from './read-manifest.ts';

/** Files of claims: compared, imported, exported. */
export class ManifestDesk {
  readonly #model: LiveModel;
  readonly #kube: KubeClient;

  constructor(model: LiveModel, kube: KubeClient) {
    this.#model = model;
    this.#kube = kube;
  }

  /** What importing the file would do. @throws UsherError MANIFEST_* when no row of it can be told */
  preview(file: ManifestText): ManifestPreview {
    const planned = this.#plan(file, this.#model.index.claims());
    const rows = planned.map(({ row }) => row);
    return { digest: digestOf(file, planned), rows, counts: countsOf(rows) };
  }

  /**
   * Imports a file that was previewed: all of it or nothing, or the good rows.
   * @param check throws for a claim that whoever imports may not write; then nothing is
   * @throws UsherError MANIFEST_OUTDATED, MANIFEST_HAS_FAULTS, MANIFEST_REFUSED, MANIFEST_UNDONE, MANIFEST_HALF_DONE,
   * MANIFEST_*, KUBE_*
   */
  async import(
    file: ManifestImport,
    check: (claim: DeviceClaim, before: DeviceClaim | undefined) => void = () => undefined,
  ): Promise<ManifestOutcome> {
    // Read past the watch: what kubectl did a moment ago counts.
    const planned = this.#plan(file, await this.#kube.list(DEVICE_CLAIM));
    if (digestOf(file, planned) !== file.digest) throw new UsherError('MANIFEST_OUTDATED');
    const bad = planned.filter(({ row }) => row.outcome === 'conflict' || row.outcome === 'invalid');
    const [first] = bad;
    if (first !== undefined && file.take === 'all') throw faults(first.row, bad.length);
    for (const { claim, present } of planned) if (claim !== undefined) check(claim, present);
    const batch = new ClaimBatch(this.#kube, planned);
    const refused = await batch.tryOut();
    const [firstRefused] = refused;
    if (firstRefused !== undefined && file.take === 'all') throw refusedError(firstRefused);
    const isLeftOut = new Set(refused.map(({ planned: each }) => each));
    const failed = await batch.write((each) => !isLeftOut.has(each), file.take === 'all');
    const written = batch.written();
    for (const { claim } of written) this.#model.claimChanged(claim);
    const left = [...bad.map(({ row }) => row), ...[...refused, ...failed].map(({ row }) => row)];
    return {
      created: written.filter(({ planned: each }) => each.row.outcome === 'new').length,
      changed: written.filter(({ planned: each }) => each.row.outcome === 'changed').length,
      unchanged: planned.filter(({ row }) => row.outcome === 'unchanged').length,
      left: left.sort((a, b) => a.line - b.line),
    };
  }

  export(format: ManifestFormat): string {
    return writeManifest(this.#model.index.claims(), format);
  }

  #plan(file: ManifestText, claims: readonly DeviceClaim[]): PlannedRow[] {
    const { index } = this.#model;
    const world = manifestWorld({ claims, devices: index.devices(), nodes: (name) => index.node(name) });
    return planManifest(readManifest(file), world);
  }
}

/**
 * Covers the file, what becomes of each row, and the very version of each claim that a row is about. Its generation is
 * that version: the resourceVersion also moves whenever the binder writes what became of it, which changes no row.
 */
function digestOf({ format, text }: ManifestText, planned: readonly PlannedRow[]): string {
  const hash = createHash('sha256').update(JSON.stringify([format, text]));
  for (const { row, present } of planned) {
    const { uid = '', generation = 0 } = present?.metadata ?? {};
    hash.update(JSON.stringify([row, uid, generation]));
  }
  return hash.digest('hex');
}

function faults(row: ManifestRow, count: number): UsherError {
  return new UsherError('MANIFEST_HAS_FAULTS', { count, line: row.line, detail: row.message ?? '' });
}

function refusedError({ row, error }: Refusal): UsherError {
  const params = { line: row.line, name: row.name, detail: error.message };
  return new UsherError('MANIFEST_REFUSED', params, { cause: error });
}
