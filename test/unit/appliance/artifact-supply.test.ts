import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { supplyArtifacts } from '../../../appliance/artifact-supply.ts';
import { readConfig } from '../../../appliance/config.ts';
import type { Kubernetes } from '../../../appliance/kubernetes.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { Artifacts } from '../../../join/enrol/artifacts.ts';
import { k3sArchOf, type K3sArch } from '../../../k8s/core/k3s-release.ts';

const VERSION = 'v1.35.1+k3s1';
const OWN = k3sArchOf(process.arch) ?? 'amd64';
const OTHER: K3sArch = OWN === 'arm64' ? 'amd64' : 'arm64';
const FILES: Readonly<Record<string, string>> = {
  k3s: 'k3s for amd64',
  'k3s-arm64': 'k3s for arm64',
  'k3s-airgap-images-amd64.tar.zst': 'images for amd64',
  'k3s-airgap-images-arm64.tar.zst': 'images for arm64',
};
const SUMS = Object.entries(FILES)
  .map(([name, text]) => `${createHash('sha256').update(text).digest('hex')}  ${name}\n`)
  .join('');

let folder: string;
let server: Server;
let asked: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usher-supply-'));
  await writeFile(join(folder, 'own-k3s'), 'the k3s that runs');
  await chmod(join(folder, 'own-k3s'), 0o755);
  asked = [];
  server = createServer((request, response) => {
    const [, version = '', name = ''] = decodeURIComponent(request.url ?? '').split('/');
    asked.push(`${version}/${name}`);
    response.end(name.startsWith('sha256sum-') ? SUMS : (FILES[name] ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function supply(kubernetes: Pick<Kubernetes, 'version' | 'standIn'>): Promise<Artifacts> {
  const artifacts = new Artifacts({ k3sVersion: VERSION, logger: silentLogger });
  const path = join(folder, 'own-k3s');
  const { port } = server.address() as AddressInfo;
  const config = readConfig({ cacheDir: folder, k3s: path, k3sMirror: `http://127.0.0.1:${port}` });
  const running = { ...kubernetes, k3sByArch: new Map([[OWN, path]]) };
  await supplyArtifacts(artifacts, config, running, {
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  return artifacts;
}

const kindsFor = (artifacts: Artifacts, arch: K3sArch): string[] => {
  const { artifacts: listed } = artifacts.listFor(arch);
  return listed.map(({ kind }) => kind).toSorted();
};

describe('what devices are offered', () => {
  it('is the running k3s at once, then k3s and images of that very version for the other architecture too', async () => {
    const artifacts = await supply({ version: VERSION, standIn: undefined });
    expect(kindsFor(artifacts, OWN)).toContain('k3s');
    const complete = (): string[][] => [kindsFor(artifacts, OWN), kindsFor(artifacts, OTHER)];
    await expect
      .poll(() => attempt(complete), { timeout: 5000 })
      .toEqual([
        ['image', 'k3s'],
        ['image', 'k3s'],
      ]);
    expect(asked.every((path) => path.startsWith(`${VERSION}/`))).toBe(true);
  });

  it('is only what is at hand when the stand-in runs: it has no release', async () => {
    const artifacts = await supply({ version: 'v1.36.3+standin1', standIn: 'not k3s' });
    expect(kindsFor(artifacts, OWN)).toEqual(['k3s']);
    expect(() => artifacts.listFor(OTHER)).toThrow(expect.objectContaining({ code: 'ARCHITECTURE_UNSUPPORTED' }));
    expect(asked).toEqual([]);
  });
});

/** What `read` gives, or undefined while it still throws. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toMatchObject({ code: 'ARCHITECTURE_UNSUPPORTED' });
    return undefined;
  }
}
