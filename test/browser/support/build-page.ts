import type { TestProject } from 'vitest/node';
import { buildPage } from './page-site.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder of the page as it was built for this run. */
    uiDir: string;
  }
}

/** Builds the page once for all browser tests, beside `ui/dist`. */
export default async function buildPageOnce(project: TestProject): Promise<() => Promise<void>> {
  const { uiDir, remove } = await buildPage();
  project.provide('uiDir', uiDir);
  return remove;
}
