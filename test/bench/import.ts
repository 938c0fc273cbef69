import { ApiClient } from '../../api/client/api-client.ts';
import { findAppliance } from '../../api/client/find-appliance.ts';
import type { ManifestFormat } from '../../api/client/types.ts';
import { writeManifest } from '../../api/server/manifest/read-manifest.ts';
import { UsherError } from '../../foundation/errors.ts';
import { DEVICE, DEVICE_CLAIM, type DeviceClaim } from '../../k8s/core/resources.ts';
import { ApiFixture, device } from '../support/api-fixture.ts';
import type { BenchOptions } from './bench-options.ts';
import { summarise, type Summary } from './summary.ts';

const ROWS = 1000;
/** Runs before those that count: the machine has compiled nothing yet. */
const WARM_UP = 3;

/**
 * How long the preview of 1,000 rows takes at a client of the operators' API, over TLS on loopback: 1,000 devices and 500
 * claims are there, of which the file changes half; the other 500 rows are new. The API server behind it is a fake, which
 * a preview does not ask.
 */
export async function benchImport({ pairs, say }: BenchOptions): Promise<Record<string, Summary>> {
  const api = await new ApiFixture().start();
  try {
    await fill(api);
    const client = new ApiClient(findAppliance({ server: undefined, tokenFile: api.cliFile, env: {} }));
    const previewMs = await time(client, 'csv', pairs);
    const previewYamlMs = await time(client, 'yaml', pairs);
    client.close();
    say(`${String(ROWS)} rows, ${String(pairs)} runs of each`);
    return { previewMs, previewYamlMs };
  } finally {
    await api.stop();
  }
}

async function fill({ kube }: ApiFixture): Promise<void> {
  for (let i = 0; i < ROWS; i += 1) {
    const id = `d${String(i).padStart(25, '0')}`;
    await kube.create(DEVICE, device(id));
    await kube.replaceStatus(DEVICE, device(id, { hardware: { macs: [], serial: serialOf(i), arch: 'arm64' } }));
    if (i % 2 === 0) await kube.create(DEVICE_CLAIM, claimOf(i, 'old'));
  }
}

async function time(client: ApiClient, format: ManifestFormat, runs: number): Promise<Summary> {
  const claims = Array.from({ length: ROWS }, (_, i) => claimOf(i, i % 4 === 0 ? 'new' : 'old'));
  const text = writeManifest(claims, format);
  const samples: number[] = [];
  for (let run = 0; run < WARM_UP + runs; run += 1) {
    const beganMs = performance.now();
    const { counts } = await client.manifests.preview({ format, text });
    if (run >= WARM_UP) samples.push(performance.now() - beganMs);
    if (counts.new !== ROWS / 2 || counts.changed !== ROWS / 4) {
      throw new UsherError('INTERNAL', { detail: `the preview says ${JSON.stringify(counts)}` });
    }
  }
  return summarise(samples);
}

function claimOf(index: number, zone: string): DeviceClaim {
  return {
    ...{ apiVersion: DEVICE_CLAIM.apiVersion, kind: DEVICE_CLAIM.kind, metadata: { name: `gh-${String(index)}` } },
    spec: { match: { serial: serialOf(index) }, labels: { machine: 'greenhouse', zone } },
  };
}

function serialOf(index: number): string {
  return `10000000${String(index).padStart(8, '0')}`;
}
