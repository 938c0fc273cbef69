import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { z } from 'zod';
import { messageOf, UsherError } from '../foundation/errors.ts';
import type { ImageDescription } from './core/image-description.ts';
import type { LayerEntry } from './core/layer-plan.ts';
import type { Component } from './core/sbom.ts';

/** Programs as files of an image, and the npm packages in them. */
export interface Programs {
  readonly entries: LayerEntry[];
  readonly components: Component[];
}

const PackageJson = z.object({ name: z.string(), version: z.string() });
/** CommonJS packages in an ES module still ask for `require`. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** zod brings its messages in some forty languages; programs on nodes need English ones. */
const englishOnly: esbuild.Plugin = {
  name: 'english-only',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/** Leaves out packages by their own names; what is asked for of a path in them stays. */
function without(names: readonly string[]): esbuild.Plugin {
  return {
    name: 'without',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path }) =>
        names.includes(path) ? { path, external: true } : undefined,
      );
    },
  };
}

/**
 * Bundles each program of an image into one file.
 * @param root the checkout
 * @throws UsherError OCI_SOURCE_MISSING with what esbuild says
 */
export async function bundlePrograms(
  root: string,
  { name, bundles, nativePackages = [], leftOut = [], files = [] }: ImageDescription,
): Promise<Programs> {
  const entries: LayerEntry[] = [];
  const packages = new Set<string>();
  for (const { entry, path } of bundles) {
    const { content, inputs } = await bundle(root, name, entry, { external: nativePackages, leftOut });
    entries.push({ kind: 'file', path: path.replace(/^\/+/, ''), mode: 0o644, content });
    for (const input of inputs) {
      const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
      if (folder !== undefined) packages.add(folder);
    }
  }
  for (const { from, to } of files) {
    const content = await readFile(join(root, from)).catch((error: unknown) => missing(name, error));
    entries.push({ kind: 'file', path: to.replace(/^\/+/, ''), mode: 0o644, content });
  }
  return { entries, components: await Promise.all([...packages].map((folder) => componentIn(join(root, folder)))) };
}

/** An npm package as a component of an image. */
export async function componentIn(folder: string): Promise<Component> {
  const { name, version } = PackageJson.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
  return { name, version, origin: 'npm' };
}

async function bundle(
  root: string,
  image: string,
  entry: string,
  { external, leftOut }: { external: readonly string[]; leftOut: readonly string[] },
): Promise<{ content: Uint8Array; inputs: string[] }> {
  await stat(join(root, entry)).catch((error: unknown) => missing(image, error));
  try {
    const result = await esbuild.build({
      absWorkingDir: root,
      entryPoints: [entry],
      bundle: true,
      minify: true,
      keepNames: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      legalComments: 'inline',
      banner: { js: BANNER },
      external: [...external],
      plugins: [englishOnly, without(leftOut)],
      logLevel: 'silent',
    });
    return {
      content: result.outputFiles[0]?.contents ?? new Uint8Array(),
      inputs: Object.keys(result.metafile.inputs),
    };
  } catch (error) {
    return missing(image, error);
  }
}

function missing(name: string, error: unknown): never {
  throw new UsherError('OCI_SOURCE_MISSING', { name, detail: messageOf(error).slice(0, 400) }, { cause: error });
}
