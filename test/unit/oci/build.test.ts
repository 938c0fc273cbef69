import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { isUsherError, UsherError } from '../../../foundation/errors.ts';
import { documentBlob, writeArchive } from '../../../oci/archive-writer.ts';
import { bundlePrograms } from '../../../oci/bundle-programs.ts';
import { fullName, parseImageName } from '../../../oci/core/image-name.ts';
import { isLeftOut, mergedPath, orderedEntries, type LayerEntry } from '../../../oci/core/layer-plan.ts';
import { sbom } from '../../../oci/core/sbom.ts';
import { writeLayer } from '../../../oci/layer-writer.ts';
import { nativeEntries } from '../../../oci/native-packages.ts';

const ROOT = join(import.meta.dirname, '../../..');
const folders: string[] = [];
const newFolder = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), 'usher-build-')));
  return folders.at(-1) ?? '';
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const ENTRIES: LayerEntry[] = [
  { kind: 'file', path: 'usr/lib/b', mode: 0o644, content: Buffer.from('b') },
  { kind: 'link', path: 'lib', target: 'usr/lib' },
  { kind: 'folder', path: 'tmp', mode: 0o1777 },
  { kind: 'file', path: 'usr/lib-a', mode: 0o755, content: Buffer.from('a') },
];

describe('a layer', () => {
  it('has the same bytes whatever the order of its entries and the cache', async () => {
    const write = (entries: LayerEntry[]): ReturnType<typeof writeLayer> =>
      writeLayer(newFolder(), { what: 'test', key: 'k', entries: () => Promise.resolve(entries) });
    const [one, other] = [await write(ENTRIES), await write([...ENTRIES].reverse())];
    expect((await readFile(one.path)).equals(await readFile(other.path))).toBe(true);
    expect(one.digest).toBe(other.digest);
    const packed = await readFile(one.path);
    // RFC 1952: no time (bytes 4 to 7), no system (byte 9).
    expect([packed.readUInt32LE(4), packed[9]]).toEqual([0, 255]);
    expect(gunzipSync(packed).length % 512).toBe(0);
  });

  it('is written once, and again when the cache has only a part of it', async () => {
    const folder = newFolder();
    let made = 0;
    const write = (): ReturnType<typeof writeLayer> =>
      writeLayer(folder, {
        ...{ what: 'test', key: 'k' },
        entries: () => {
          made += 1;
          return Promise.resolve(ENTRIES);
        },
      });
    const { path, digest } = await write();
    await write();
    expect(made).toBe(1);
    await writeFile(path, (await readFile(path)).subarray(0, 20));
    expect((await write()).digest).toBe(digest);
    expect(made).toBe(2);
    expect((await stat(path)).size).toBeGreaterThan(20);
  });

  it('has every folder before what is in it, and Debian in its merged form', () => {
    expect(orderedEntries(ENTRIES).map(({ path }) => path)).toEqual([
      ...['lib', 'tmp', 'usr', 'usr/lib', 'usr/lib/b', 'usr/lib-a'],
    ]);
    expect(['lib/x/libc.so.6', 'bin/sh', 'lib', 'etc/passwd'].map(mergedPath)).toEqual([
      ...['usr/lib/x/libc.so.6', 'usr/bin/sh', 'lib', 'etc/passwd'],
    ]);
    expect(isLeftOut('usr/share/man/man1/x.1')).toBe(true);
    expect(isLeftOut('usr/share/doc/libc6/copyright')).toBe(false);
  });
});

describe('an archive', () => {
  it('has a blob that images share once, and the same bytes again', async () => {
    const shared = documentBlob('shared');
    const images = ['a:1', 'b:1'].map((name) => ({ name: `usher.internal/${name}`, index: documentBlob(name) }));
    const [one, other] = [join(newFolder(), 'one.tar'), join(newFolder(), 'other.tar')];
    await writeArchive(one, images, [shared, shared]);
    await writeArchive(other, images, [shared]);
    const text = await readFile(one, 'latin1');
    expect(text.split('shared').length - 1).toBe(1);
    expect(text).toBe(await readFile(other, 'latin1'));
  });
});

describe('the programs of an image', () => {
  const description = { name: 'probe', title: '', command: ['/usr/bin/node'] };

  it('are one file each, and say which packages are in it', async () => {
    const folder = newFolder();
    await writeFile(join(folder, 'main.ts'), "import { parse } from 'yaml'; console.log(parse('a: 1'));");
    const entry = join(folder, 'main.ts');
    const programs = await bundlePrograms(ROOT, {
      ...description,
      bundles: [{ entry: 'foundation/clock.ts', path: '/app/main.mjs' }],
    });
    expect(programs.entries.map(({ path }) => path)).toEqual(['app/main.mjs']);
    expect(programs.components).toEqual([]);
    const missing = bundlePrograms(ROOT, { ...description, bundles: [{ entry: `${entry}x`, path: '/app/main.mjs' }] });
    await expect(missing).rejects.toSatisfy((error) => isUsherError(error, 'OCI_SOURCE_MISSING'));
  });

  it('bring native code of their own architecture, and what it needs', async () => {
    for (const [arch, folder] of [
      ['amd64', 'linux-x64'],
      ['arm64', 'linux-arm64'],
    ] as const) {
      const { entries, components } = await nativeEntries(ROOT, 'probe', ['@serialport/bindings-cpp'], arch);
      const prebuilds = entries.map(({ path }) => path).filter((path) => path.includes('/prebuilds/'));
      expect(prebuilds).toHaveLength(1);
      expect(prebuilds[0]).toContain(`/${folder}/`);
      expect(components.map(({ name }) => name)).toContain('node-gyp-build');
    }
    await expect(nativeEntries(ROOT, 'probe', ['no-such-package'], 'arm64')).rejects.toBeInstanceOf(UsherError);
  });

  it('are listed in the same order whatever order they were found in', () => {
    const image = { name: 'probe', version: '1', architecture: 'arm64', debian: '12' };
    const parts = [
      { name: '@a/b', version: '1.0.0', origin: 'npm' as const },
      { name: 'libc6', version: '2.36-9+deb12u14', origin: 'debian' as const },
    ];
    expect(sbom(image, parts)).toBe(sbom(image, [...parts].reverse()));
    expect(sbom(image, parts)).toContain('pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=arm64&distro=debian-12');
  });
});

describe('the name of an image', () => {
  it.each([
    ['tank', 'docker.io/library/tank:latest'],
    ['my/tank:2', 'docker.io/my/tank:2'],
    ['localhost/tank:2', 'localhost/tank:2'],
    ['registry.example:5000/a/b/c:v1.2', 'registry.example:5000/a/b/c:v1.2'],
    ['usher.internal/tank:1', 'usher.internal/tank:1'],
  ])('%s is %s', (text, full) => {
    expect(fullName(parseImageName(text))).toBe(full);
  });

  it.each(['', 'Tank:1', 'usher.internal/', 'usher.internal/a//b:1', 'a:b:c', '../x', 'a@sha256:0', 'x'.repeat(300)])(
    '%s is none',
    (text) => {
      expect(() => parseImageName(text)).toThrow(UsherError);
    },
  );
});
