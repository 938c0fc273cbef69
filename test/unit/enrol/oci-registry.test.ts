import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import type { EnrolState } from '../../../join/protocol/messages.ts';
import { ImageStore } from '../../../oci/image-store.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import { ociLayout, sha256, tarOf } from '../../support/tar-archive.ts';
import type { TestDevice } from '../../support/test-device.ts';

// The registry of the appliance over real TLS, with a real store of images behind it.

let site: EnrolSite;
let node: TestDevice;
let digest: string;
const BLOB = `/v2/tank/level/blobs/sha256:${sha256('layer')}`;
const MANIFEST = '/v2/tank/level/manifests/1';

beforeEach(async () => {
  site = await EnrolSite.start();
  const store = await ImageStore.open({ dir: join(site.folder, 'oci'), clock: systemClock, logger: silentLogger });
  async function* archive(): AsyncGenerator<Uint8Array> {
    yield await tarOf(ociLayout({ name: 'usher.internal/tank/level:1' }));
  }
  digest = (await store.load(archive()))[0]?.digest ?? '';
  site.pulled = {
    manifest: (order) => store.manifest(order),
    blob: (wanted) => store.blob(wanted),
    isOwnKey: (deviceId) => deviceId === own.deviceId,
  };
  const own = await site.newDevice();
  expect((await own.get(MANIFEST)).status, 'the own key of the master').toBe(200);
  node = await site.newDevice();
  site.desk.set(node.deviceId, 'joined');
});
afterEach(() => site.close());

describe('an image', () => {
  it('is found by tag and by digest, with the headers that the specification wants', async () => {
    expect((await node.get('/v2/')).headers['docker-distribution-api-version']).toBe('registry/2.0');
    const byTag = await node.get(`${MANIFEST}?ns=usher.internal`);
    expect(byTag.headers).toMatchObject({
      'content-type': 'application/vnd.oci.image.manifest.v1+json',
      'docker-content-digest': digest,
    });
    expect(`sha256:${sha256(byTag.body)}`).toBe(digest);
    expect((await node.get(`/v2/tank/level/manifests/${digest}`)).body.equals(byTag.body)).toBe(true);
  });

  it('is fetched in pieces, too', async () => {
    expect((await node.get(BLOB)).body.toString()).toBe('layer');
    const piece = await node.get(BLOB, { range: 'bytes=2-3' });
    expect([piece.status, piece.headers['content-range'], piece.body.toString()]).toEqual([206, 'bytes 2-3/5', 'ye']);
    expect((await node.get(BLOB, { range: 'bytes=9-' })).status).toBe(416);
  });

  it.each([
    ['/v2/tank/level/manifests/2', 404, 'MANIFEST_UNKNOWN'],
    [`${MANIFEST}?ns=docker.io`, 404, 'MANIFEST_UNKNOWN'],
    [`/v2/tank/level/manifests/sha256:${'0'.repeat(64)}`, 404, 'MANIFEST_UNKNOWN'],
    [`/v2/tank/level/blobs/sha256:${'0'.repeat(64)}`, 404, 'BLOB_UNKNOWN'],
    ['/v2/tank/level/blobs/..%2f..%2fimages.json', 404, 'BLOB_UNKNOWN'],
    ['/v2/../../etc/manifests/passwd', 404, 'MANIFEST_UNKNOWN'],
    ['/v2/tank/level/tags/list', 404, 'UNSUPPORTED'],
    ['/v2/_catalog', 404, 'UNSUPPORTED'],
  ])('%s is not there', async (path, status, code) => {
    const reply = await node.get(path);
    expect([reply.status, reply.json()]).toMatchObject([status, { errors: [{ code }] }]);
  });
});

describe('who may pull', () => {
  it.each<[EnrolState | undefined, number]>([
    ['joined', 200],
    ['approved', 200],
    ['verified', 403],
    ['pending', 403],
    ['held', 403],
    ['rejected', 403],
    ['revoked', 403],
    [undefined, 403],
  ])('a device that is %s: %i', async (state, status) => {
    const device = await site.newDevice();
    if (state !== undefined) site.desk.set(device.deviceId, state);
    for (const path of ['/v2/', MANIFEST, BLOB]) expect((await device.get(path)).status, path).toBe(status);
  });

  it('nobody without a key', async () => {
    const reply = await site.device(undefined).get(BLOB);
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.body.toString()).not.toContain('layer');
  });
});
