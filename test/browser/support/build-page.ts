import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder of the page as it was built for this run. */
    uiDir: string;
  }
}

/** Builds the page once for all browser tests, beside `ui/dist`. */
export default async function buildPage(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-page-'));
  const configFile = join(import.meta.dirname, '../../../ui/vite.config.ts');
  // Vitest sets it to `test`, and the page would be built with the checks of development in it.
  const environment = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  await build({ configFile, logLevel: 'warn', build: { outDir: folder, emptyOutDir: true } });
  process.env['NODE_ENV'] = environment;
  project.provide('uiDir', folder);
  return () => rm(folder, { recursive: true, force: true });
}
