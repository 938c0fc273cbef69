import { constants } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type * as fsPromises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { writePrivateFile } from '../../../k8s/k3s/private-file.ts';

const steps = vi.hoisted((): string[] => []);
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fsPromises>();
  return {
    ...real,
    open: async (...given: Parameters<typeof real.open>) => {
      const handle = await real.open(...given);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        const name = String(given[0]).split('/').at(-1) ?? '';
        steps.push(`sync ${(await handle.stat()).isDirectory() ? 'folder' : name}`);
        await sync();
      };
      return handle;
    },
    rename: async (...given: Parameters<typeof real.rename>) => {
      steps.push('rename');
      await real.rename(...given);
    },
  };
});

let dir: string;
beforeEach(async () => {
  steps.length = 0;
  dir = await mkdtemp(join(tmpdir(), 'usher-private-'));
});
afterEach(() => rm(dir, { recursive: true }));

it('replaces a file in the order that survives a power cut, private from its first byte', async () => {
  const path = join(dir, 'key');
  await writeFile(path, 'old', { mode: 0o644 });
  await writeFile(`${path}.new`, 'a longer text, left over from a crash', { mode: 0o644 });
  await writePrivateFile(path, 'new');
  expect(steps).toEqual(['sync key.new', 'rename', 'sync folder']);
  expect(await readFile(path, 'utf8')).toBe('new');
  expect((await stat(path)).mode & ~constants.S_IFMT).toBe(0o600);
  expect(await readdir(dir)).toEqual(['key']);
});
