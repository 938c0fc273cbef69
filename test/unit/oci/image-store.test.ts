import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { isUsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { ImageStore } from '../../../oci/image-store.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { ociLayout, sha256, tarOf, type TarContent } from '../../support/tar-archive.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

interface Opened {
  store: ImageStore;
  dir: string;
}
async function open(dir = mkdtempSync(join(tmpdir(), 'usher-images-'))): Promise<Opened> {
  folders.push(dir);
  const limits = { entries: 50, bytes: 1 << 20 };
  return { dir, store: await ImageStore.open({ dir, clock: new ManualClock(), logger: silentLogger, limits }) };
}
async function* streamOf(data: Uint8Array, step = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += step) yield await Promise.resolve(data.subarray(at, at + step));
}
const loaded = async (store: ImageStore, content: TarContent, name?: string): Promise<string[]> =>
  (await store.load(streamOf(await tarOf(content)), name)).map((image) => image.name);
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isUsherError(error) ? error.code : String(error);
};

/** What docker save wrote before it wrote OCI layouts, with two equal layers of which one is a link. */
function dockerSave(layer = 'layer'): TarContent {
  const diff = `sha256:${sha256('layer')}`;
  const config = JSON.stringify({
    ...{ architecture: 'arm64', os: 'linux' },
    rootfs: { type: 'layers', diff_ids: [diff, diff] },
  });
  return {
    [`${sha256(config)}.json`]: config,
    'aaa/layer.tar': layer,
    'bbb/layer.tar': { link: '../aaa/layer.tar' },
    'manifest.json': JSON.stringify([
      { Config: `${sha256(config)}.json`, RepoTags: ['my/thing:2'], Layers: ['aaa/layer.tar', 'bbb/layer.tar'] },
    ]),
  };
}

/** The files of a good archive with one of them changed. */
function changed(path: string | RegExp, change: (text: string) => string | undefined): TarContent {
  return Object.fromEntries(
    Object.entries(ociLayout()).flatMap(([name, text]) => {
      const isIt = typeof path === 'string' ? name === path : path.test(text);
      const content = isIt ? change(text) : text;
      return content === undefined ? [] : [[name, content]];
    }),
  );
}

describe('what is loaded', () => {
  it('is there for nodes by tag and by digest, also after a new start', async () => {
    const { store, dir } = await open();
    const [image] = await store.load(streamOf(await tarOf(ociLayout())));
    expect(image).toMatchObject({ name: 'usher.internal/probe:1', platforms: ['linux/arm64'] });
    const again = (await open(dir)).store;
    const order = { host: 'usher.internal', repository: 'probe' };
    const byTag = await again.manifest({ ...order, reference: '1' });
    const byDigest = await again.manifest({ ...order, reference: image?.digest ?? '' });
    expect(byTag).toEqual(byDigest);
    expect(byTag?.type).toBe('application/vnd.oci.image.manifest.v1+json');
    expect(await again.blob(`sha256:${sha256('layer')}`)).toMatchObject({ bytes: 5 });
    expect(await again.manifest({ ...order, host: 'docker.io', reference: '1' })).toBeUndefined();
    expect(statSync(dir).mode & 0o077).toBe(0);
  });

  it('may be gzipped, come in any pieces, and be of docker save', async () => {
    const { store } = await open();
    const gz = gzipSync(await tarOf(dockerSave()));
    const [image] = await store.load(streamOf(gz, 1));
    expect(image?.name).toBe('docker.io/my/thing:2');
    expect(await loaded(store, dockerSave(), 'usher.internal/thing:3')).toEqual(['usher.internal/thing:3']);
  });

  it('replaces what has the same name; what no image needs any more goes', async () => {
    const { store, dir } = await open();
    const blobs = (): number => readdirSync(join(dir, 'blobs')).length;
    await loaded(store, ociLayout());
    await loaded(store, ociLayout({ name: 'usher.internal/other:1' }));
    expect(blobs()).toBe(3);
    await loaded(store, ociLayout({ layer: 'another' }));
    expect(blobs()).toBe(6);
    await store.remove('usher.internal/other:1');
    expect(blobs()).toBe(3);
    expect((await store.list()).map(({ name }) => name)).toEqual(['usher.internal/probe:1']);
    expect(await codeOf(store.remove('usher.internal/other:1'))).toBe('OCI_IMAGE_UNKNOWN');
  });

  it('needs no blob that the site has already', async () => {
    const { store } = await open();
    await loaded(store, ociLayout());
    const without = changed(`blobs/sha256/${sha256('layer')}`, () => undefined);
    expect(await loaded(store, without)).toHaveLength(1);
  });
});

describe('what is refused', () => {
  const blobPath = `blobs/sha256/${sha256('layer')}`;
  const cases: [string, TarContent, string][] = [
    ['no image in it', { 'readme.txt': 'x' }, 'OCI_NOT_AN_ARCHIVE'],
    ['a layout without its index', changed('index.json', () => undefined), 'OCI_NOT_AN_ARCHIVE'],
    ['an index that is no JSON', changed('index.json', () => '{'), 'OCI_ARCHIVE_INVALID'],
    [
      'another version of the layout',
      changed('oci-layout', () => '{"imageLayoutVersion":"2.0"}'),
      'OCI_ARCHIVE_INVALID',
    ],
    ['a blob of other content', changed(blobPath, () => 'layes'), 'OCI_DIGEST_MISMATCH'],
    ['a blob that is missing', changed(blobPath, () => undefined), 'OCI_ARCHIVE_INVALID'],
    [
      'a size that is wrong',
      changed('index.json', (text) => text.replace(/"size":\d+/, '"size":1')),
      'OCI_DIGEST_MISMATCH',
    ],
    ['a path that leads out', { '../../etc/passwd': 'x', ...ociLayout() }, 'OCI_ARCHIVE_INVALID'],
    ['an absolute path', { '/etc/passwd': 'x', ...ociLayout() }, 'OCI_ARCHIVE_INVALID'],
    ['a platform of no node', ociLayout({ os: 'windows', architecture: 'amd64' }), 'OCI_PLATFORM_UNSUPPORTED'],
    ['no name', ociLayout({ name: '' }), 'OCI_NAME_MISSING'],
    ['only a tag for a name', ociLayout({ name: 'latest' }), 'OCI_NAME_MISSING'],
    ['a bad name', ociLayout({ name: 'Usher/Probe:1' }), 'OCI_NAME_INVALID'],
    ['too much content', { ...ociLayout(), big: new Uint8Array(1 << 20) }, 'OCI_TOO_LARGE'],
    ['too many files', Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`f${i}`, ''])), 'OCI_TOO_LARGE'],
    ['a layer that the configuration does not name', dockerSave('another'), 'OCI_DIGEST_MISMATCH'],
  ];
  it.each(cases)('%s', async (_what, content, code) => {
    const { store, dir } = await open();
    await loaded(store, ociLayout({ name: 'usher.internal/before:1', layer: 'before' }));
    expect(await codeOf(loaded(store, content))).toBe(code);
    // Nothing of it stays, and what was there is untouched.
    expect(readdirSync(dir).sort()).toEqual(['blobs', 'images.json']);
    expect((await store.list()).map(({ name }) => name)).toEqual(['usher.internal/before:1']);
    expect(readdirSync(join(dir, 'blobs'))).toHaveLength(3);
  });

  it('what is no archive at all', async () => {
    const { store } = await open();
    for (const data of [Buffer.alloc(0), Buffer.from('x'), Buffer.from('#!/bin/sh\n'.repeat(200)), gzipSync('x')]) {
      expect(await codeOf(store.load(streamOf(data)))).toBe('OCI_NOT_AN_ARCHIVE');
    }
  });

  it('any bytes that changed on their way: an error of ours, or the very image', async () => {
    const { store } = await open();
    const good = await tarOf(ociLayout());
    const [wanted] = await store.load(streamOf(good));
    const offsets = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(offsets, fc.boolean(), async (changes, cut) => {
        const bad = Buffer.from(good);
        for (const [at, value] of changes) bad[at] = value;
        const data = cut ? bad.subarray(0, changes[0]?.[0]) : bad;
        try {
          const images = await store.load(streamOf(data));
          for (const { digest } of images) expect(digest).toBe(wanted?.digest);
        } catch (error) {
          expect(isUsherError(error) && error.code !== 'INTERNAL', String(error)).toBe(true);
        }
      }),
      { numRuns: 150, seed: 6 },
    );
  });
});
