import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageArchive, type ImageSpec, readStaticProgram, writeImage } from '../../../lab/images.ts';

const SPEC: ImageSpec = {
  name: 'docker.io/usher/example:1',
  command: ['/bin/run'],
  env: { MODE: 'test' },
  entries: [
    { kind: 'folder', path: 'bin' },
    { kind: 'file', path: 'bin/run', content: Buffer.from('#!/bin/sh\n') },
    { kind: 'file', path: 'note', content: Buffer.alloc(513, 'x'), mode: 0o600 },
    { kind: 'link', path: 'bin/other', target: 'run' },
  ],
};

describe('an image archive', () => {
  let folder: string;
  const tar = (...args: string[]): string =>
    execFileSync('tar', args, { encoding: 'utf8', cwd: folder, env: { TZ: 'UTC' } });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'usher-images-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is the same bytes for the same spec', () => {
    expect(Buffer.from(imageArchive(SPEC)).equals(imageArchive(SPEC))).toBe(true);
    const other = imageArchive({ ...SPEC, command: ['/bin/other'] });
    expect(Buffer.from(imageArchive(SPEC)).equals(other)).toBe(false);
  });

  it('is read by tar, and its layer has the hash that its configuration names', async () => {
    await writeImage(join(folder, 'image.tar'), SPEC);
    tar('-xf', 'image.tar');
    const read = async (path: string): Promise<string> => readFile(join(folder, path), 'utf8');
    const [manifest] = JSON.parse(await read('manifest.json')) as [
      { Config: string; RepoTags: string[]; Layers: [string] },
    ];
    expect(manifest.RepoTags).toEqual([SPEC.name]);
    const layer = await readFile(join(folder, manifest.Layers[0]));
    const digest = createHash('sha256').update(layer).digest('hex');
    expect(JSON.parse(await read(manifest.Config))).toMatchObject({
      os: 'linux',
      config: { Cmd: ['/bin/run'], Env: ['PATH=/bin', 'MODE=test'] },
      rootfs: { diff_ids: [`sha256:${digest}`] },
    });
    expect(tar('-tvf', manifest.Layers[0], '--full-time').trim().split('\n')).toEqual([
      'drwxr-xr-x 0/0               0 1970-01-01 00:00:00 bin/',
      '-rwxr-xr-x 0/0              10 1970-01-01 00:00:00 bin/run',
      '-rw------- 0/0             513 1970-01-01 00:00:00 note',
      'lrwxr-xr-x 0/0               0 1970-01-01 00:00:00 bin/other -> run',
    ]);
    expect(tar('-xOf', manifest.Layers[0], 'note')).toBe('x'.repeat(513));
  });

  it('takes only programs that need nothing beside themselves', async () => {
    const linked = process.execPath;
    await expect(readStaticProgram(linked, 'nodejs')).rejects.toMatchObject({ code: 'TOOL_MISSING' });
    await expect(readStaticProgram(join(folder, 'absent'), 'absent')).rejects.toMatchObject({ code: 'TOOL_MISSING' });
    // ELF-64 header without program headers
    await writeFile(join(folder, 'static'), Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(60)]));
    expect(await readStaticProgram(join(folder, 'static'), 'x')).toHaveLength(64);
  });
});
