import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

/** Size and hash of a bundle that was written. */
export interface Bundle {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

const ENTRY = fileURLToPath(new URL('main.ts', import.meta.url));

/** zod brings its messages in some forty languages, more than half of the bundle; the agent needs English ones. */
const englishOnly: esbuild.Plugin = {
  name: 'english-only',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/**
 * Makes the one file that Node 24 runs on the Pi as `/usr/lib/usher/agent.mjs`. The same sources give the same bytes,
 * so that a card can be compared with the appliance that wrote it.
 */
export async function bundleAgent(outFile: string): Promise<Bundle> {
  await esbuild.build({
    entryPoints: [ENTRY],
    outfile: outFile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    legalComments: 'none',
    plugins: [englishOnly],
    logLevel: 'error',
  });
  const content = await readFile(outFile);
  return { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

const [, script, outFile] = process.argv;
if (script !== undefined && resolve(script) === fileURLToPath(import.meta.url)) {
  if (outFile === undefined) {
    process.stderr.write('usage: node bootstrap-image/agent/bundle.ts OUT\n');
    process.exitCode = 2;
  } else {
    const bundle = await bundleAgent(resolve(outFile));
    process.stdout.write(`${outFile}: ${bundle.bytes} bytes, SHA-256 ${bundle.sha256}\n`);
  }
}
