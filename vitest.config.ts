import { defineConfig } from 'vitest/config';

/** unit: no root, no network but loopback. contract, site, browser, walk: real parts in namespaces, one file at a time. */
export default defineConfig({
  test: {
    globalSetup: ['test/support/assert-node-version.ts'],
    // What is waited for comes at once, unless the machine is busy with something else.
    expect: { poll: { timeout: 8_000 } },
    projects: [
      {
        extends: true,
        // What hangs, hangs for good; what starts a program of the command line only takes its time on a busy machine.
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: 'contract',
          include: ['test/k3s-contract/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'site',
          include: ['test/site/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/support/assert-node-version.ts', 'test/browser/support/build-page.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'walk',
          include: ['test/walk/**/*.test.ts'],
          globalSetup: ['test/support/assert-node-version.ts', 'test/browser/support/build-page.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
