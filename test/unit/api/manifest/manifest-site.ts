import { LiveModel } from '../../../../api/server/live-model.ts';
import { NO_ALARMS } from '../../../../api/server/alarms.ts';
import { ManifestDesk } from '../../../../api/server/manifest/manifest-desk.ts';
import type { ManifestFormat, ManifestPreview, ManifestRow } from '../../../../api/core/schemas/manifests.ts';
import { DEVICE, DEVICE_CLAIM, NODE, type DeviceClaim, type DeviceClaimSpec } from '../../../../k8s/core/resources.ts';
import { FakeCandidates, FakeSightings, SITE } from '../../../support/api-fixture.ts';
import { FakeKube } from '../../../support/fake-kube.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

/** An appliance's desk for files of claims, on the API server in memory. */
export class ManifestSite {
  readonly kube = new FakeKube();
  readonly desk: ManifestDesk;
  readonly #model: LiveModel;

  constructor() {
    const { kube } = this;
    this.#model = new LiveModel({
      sightings: new FakeSightings(),
      candidates: new FakeCandidates(),
      informers: { devices: kube.inform(DEVICE), claims: kube.inform(DEVICE_CLAIM), nodes: kube.inform(NODE) },
      alarms: NO_ALARMS,
      site: () => SITE,
      clock: new ManualClock('2026-01-01T00:00:00Z'),
      publish: () => undefined,
    });
    this.desk = new ManifestDesk(this.#model, kube);
  }

  async claim(name: string, spec: DeviceClaimSpec): Promise<DeviceClaim> {
    const made = await this.kube.create(DEVICE_CLAIM, claimOf(name, spec));
    await told();
    return made;
  }

  preview(text: string, format: ManifestFormat = 'csv'): ManifestPreview {
    return this.desk.preview({ format, text });
  }

  /** The only row of a file. */
  row(text: string, format: ManifestFormat = 'csv'): ManifestRow {
    const { rows } = this.preview(text, format);
    const [row] = rows;
    if (row === undefined || rows.length > 1) throw new TypeError(`${rows.length} rows`);
    return row;
  }

  async import(text: string, options: { take?: 'all' | 'good'; format?: ManifestFormat } = {}) {
    const { take = 'all', format = 'csv' } = options;
    const { digest } = this.preview(text, format);
    const outcome = await this.desk.import({ format, text, digest, take });
    await told();
    return outcome;
  }

  claims(): Promise<DeviceClaim[]> {
    return this.kube.list(DEVICE_CLAIM);
  }
}

export function claimOf(name: string, spec: DeviceClaimSpec): DeviceClaim {
  return { apiVersion: DEVICE_CLAIM.apiVersion, kind: DEVICE_CLAIM.kind, metadata: { name }, spec };
}

/** Lets the watches tell what was written. */
export async function told(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
