import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { bundlePrograms } from '../../../oci/bundle-programs.ts';
import { SHIPPED_IMAGES } from '../../../oci/shipped-images.ts';
import { nodeContainers } from '../../support/node-manifest.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../../..');
const LIMIT_MS = 20_000;
/** Node reads the whole file whenever it is asked whether the standby is well. */
const LARGEST_PROBE_BYTES = 100_000;

async function commands(): Promise<(readonly string[])[]> {
  return (await nodeContainers()).flatMap(({ command, startupProbe, livenessProbe }) =>
    [command, startupProbe?.exec.command, livenessProbe?.exec.command].filter((one) => one !== undefined),
  );
}

const isProgram = (word: string): boolean => word.startsWith('/app/');

describe('what the manifest runs on a node', () => {
  it('is in its image, and nothing else is', async () => {
    const programs = (await commands()).flatMap((command) => command.filter(isProgram));
    const bundled = SHIPPED_IMAGES.flatMap(({ bundles }) => bundles.map(({ path }) => path));
    expect([...new Set(programs)].sort()).toEqual(bundled.sort());
  });

  it('is started with flags that Node knows', async () => {
    for (const [, ...words] of await commands()) {
      const flags = words.slice(0, words.findIndex(isProgram));
      const { stdout } = await run(process.execPath, [...flags, '-p', '1'], { timeout: LIMIT_MS });
      expect(stdout).toBe('1\n');
    }
  });

  it('asks by a program of its own, which brings nothing of the standby with it', async () => {
    const images = SHIPPED_IMAGES.map((image) => ({
      ...image,
      bundles: image.bundles.filter(({ path }) => path === '/app/health.mjs'),
    }));
    const [made] = await Promise.all(images.map((image) => bundlePrograms(ROOT, image)));
    const sizes = made?.entries.map((entry) =>
      entry.kind === 'file' && entry.content instanceof Uint8Array ? entry.content.length : Number.NaN,
    );
    expect(made?.components).toEqual([]);
    expect(sizes).toHaveLength(1);
    expect(sizes?.[0]).toBeLessThan(LARGEST_PROBE_BYTES);
  });
});
