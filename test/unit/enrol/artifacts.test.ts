import { createHash, randomBytes } from 'node:crypto';
import { readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../foundation/logger.ts';
import { Artifacts } from '../../../join/enrol/artifacts.ts';
import { ArtifactList, type EnrolState } from '../../../join/protocol/messages.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import type { TestDevice } from '../../support/test-device.ts';

const K3S = randomBytes(300_000);
const SHA256 = createHash('sha256').update(K3S).digest('hex');

let site: EnrolSite;
let device: TestDevice;
beforeEach(async () => {
  site = await EnrolSite.start();
  device = await site.newDevice();
  await site.artifacts.register({ kind: 'k3s', path: await site.file('k3s', K3S), arch: 'aarch64' });
  await site.artifacts.register({ kind: 'image', path: await site.file('pause.tar', 'pause'), arch: 'arm64' });
});
afterEach(() => site.close());

describe('files for devices', () => {
  it('are listed by architecture', async () => {
    site.desk.set(device.deviceId, 'verified');
    const list = ArtifactList.parse((await device.get('artifacts?arch=arm64')).json());
    expect(list).toMatchObject({
      k3sVersion: 'v1.36.3+k3s1',
      artifacts: [
        { kind: 'k3s', name: 'k3s', sha256: SHA256, bytes: 300_000 },
        { kind: 'image', name: 'pause.tar', bytes: 5 },
      ],
    });
    expect((await device.get('artifacts?arch=amd64')).json()).toMatchObject({
      error: { code: 'ARCHITECTURE_UNSUPPORTED' },
    });
  });

  it('go on where they broke off, as long as they are the same', async () => {
    site.desk.set(device.deviceId, 'approved');
    const path = `artifacts/${SHA256}`;
    const whole = await device.get(path);
    expect([whole.status, whole.body.equals(K3S), whole.headers.etag]).toEqual([200, true, `"${SHA256}"`]);
    const range = { range: 'bytes=100000-' };
    const rest = await device.get(path, { ...range, 'if-range': `"${SHA256}"` });
    expect([rest.status, rest.headers['content-range']]).toEqual([206, 'bytes 100000-299999/300000']);
    expect(rest.body.equals(K3S.subarray(100_000))).toBe(true);
    const other = await device.get(path, { ...range, 'if-range': '"0123"' });
    expect([other.status, other.body.length]).toEqual([200, 300_000]);
    const beyond = await device.get(path, { range: 'bytes=300000-' });
    expect([beyond.status, beyond.json(), beyond.headers.etag]).toMatchObject([
      416,
      { error: { code: 'RANGE_UNSATISFIABLE' } },
      undefined,
    ]);
  });

  it.each([
    [undefined, 'EVIDENCE_MISSING'],
    ['pending', 'EVIDENCE_MISSING'],
    ['held', 'NOT_APPROVED'],
    ['rejected', 'NOT_APPROVED'],
    ['revoked', 'NOT_APPROVED'],
  ] satisfies [EnrolState | undefined, string][])('are not for a device that is %s', async (state, code) => {
    if (state === undefined) await device.post('hello', device.hello({ type: 'none' }));
    else site.desk.set(device.deviceId, state);
    for (const path of ['artifacts?arch=arm64', `artifacts/${SHA256}`]) {
      expect((await device.get(path)).json()).toMatchObject({ error: { code } });
    }
  });

  it('are known by their hash alone, and only while unchanged', async () => {
    site.desk.set(device.deviceId, 'verified');
    for (const wrong of ['0'.repeat(64), '..%2f..%2fetc%2fpasswd', 'k3s']) {
      expect((await device.get(`artifacts/${wrong}`)).json()).toMatchObject({ error: { code: 'ARTIFACT_UNKNOWN' } });
    }
    await site.file('k3s', 'tampered');
    expect((await device.get(`artifacts/${SHA256}`)).status).toBe(404);
  });

  it('are read once for their hash, and again when they changed', async () => {
    const cacheFile = join(site.folder, 'hashes.json');
    const path = await site.file('k3s-2', 'first');
    const first = await site.artifacts.register({ kind: 'k3s', path, arch: 'amd64' });
    const known = JSON.parse(await readFile(cacheFile, 'utf8')) as Record<string, { sha256: string; mtimeMs: number }>;
    expect(known[path]?.sha256).toBe(first.sha256);
    const restarted = (): Artifacts => new Artifacts({ k3sVersion: 'v1', cacheFile, logger: silentLogger });
    const mtime = new Date(1_700_000_000_000);
    await utimes(path, mtime, mtime);
    await restarted().register({ kind: 'k3s', path, arch: 'amd64' });
    // Same size and time, other content: only a cache could still give the first hash.
    await site.file('k3s-2', 'other');
    await utimes(path, mtime, mtime);
    expect((await restarted().register({ kind: 'k3s', path, arch: 'amd64' })).sha256).toBe(first.sha256);
    await utimes(path, new Date(), new Date());
    expect((await restarted().register({ kind: 'k3s', path, arch: 'amd64' })).sha256).not.toBe(first.sha256);
  });

  it('must exist and have a name that k3s reads', async () => {
    const bad = [join(site.folder, 'absent'), await site.file('-rf', 'x'), site.folder];
    for (const path of bad) {
      await expect(site.artifacts.register({ kind: 'image', path, arch: 'arm64' })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
    }
  });
});
