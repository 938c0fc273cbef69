import { readdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { messageOf, UsherError } from '../foundation/errors.ts';
import { componentIn, type Programs } from './bundle-programs.ts';
import type { Architecture } from './core/image-description.ts';
import type { LayerEntry } from './core/layer-plan.ts';

const PackageJson = z.object({ dependencies: z.record(z.string(), z.string()).default({}) });
/** Folder names below `prebuilds/`, as prebuildify writes them. */
const PREBUILDS: Readonly<Record<Architecture, string>> = { amd64: 'linux-x64', arm64: 'linux-arm64' };
const NOT_NEEDED = /\.(ts|map|md|gypi?|c|cc|cpp|h|hpp|mm)$|(^|\/)(test|tests|\.github)(\/|$)/;

/**
 * npm packages with native code and all they need, as files below `/app/node_modules`, with the prebuilt code of one
 * architecture.
 * @throws UsherError OCI_SOURCE_MISSING when one is not installed, or has no code for the architecture
 */
export async function nativeEntries(
  root: string,
  image: string,
  names: readonly string[],
  arch: Architecture,
): Promise<Programs> {
  const folders = new Set<string>();
  for (const name of names) await addPackage(image, name, join(root, 'package.json'), folders);
  const entries: LayerEntry[] = [];
  for (const folder of folders) entries.push(...(await filesOf(root, folder, arch)));
  const components = await Promise.all([...folders].map((folder) => componentIn(folder)));
  return { entries, components };
}

/** Adds the folder of a package, as Node finds it from `parent`, and those of what it needs. */
async function addPackage(image: string, name: string, parent: string, folders: Set<string>): Promise<void> {
  const folder = await folderOf(image, name, parent);
  if (folders.has(folder)) return;
  folders.add(folder);
  const manifest = join(folder, 'package.json');
  const { dependencies } = PackageJson.parse(JSON.parse(await readFile(manifest, 'utf8')));
  for (const needed of Object.keys(dependencies)) await addPackage(image, needed, manifest, folders);
}

async function folderOf(image: string, name: string, parent: string): Promise<string> {
  // Not by resolving the package: its exports need not have its package.json, nor a main file.
  for (const folder of createRequire(parent).resolve.paths(name) ?? []) {
    const found = await stat(join(folder, name, 'package.json')).catch(() => undefined);
    if (found !== undefined) return join(folder, name);
  }
  throw new UsherError('OCI_SOURCE_MISSING', { name: image, detail: `the npm package ${name} is not installed` });
}

async function filesOf(root: string, folder: string, arch: Architecture): Promise<LayerEntry[]> {
  const prebuilds = join(folder, 'prebuilds');
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !relative(folder, path).startsWith('node_modules/') && !NOT_NEEDED.test(relative(folder, path)))
    // Debian's libc is glibc.
    .filter((path) => !path.startsWith(prebuilds) || (dirname(path).endsWith(PREBUILDS[arch]) && !/musl/.test(path)));
  const isNative = all.some((entry) => entry.parentPath.startsWith(prebuilds));
  if (isNative && !paths.some((path) => path.startsWith(prebuilds)))
    throw new UsherError('OCI_SOURCE_MISSING', { name: relative(root, folder), detail: `no native code for ${arch}` });
  return Promise.all(
    paths.map(async (path): Promise<LayerEntry> => {
      const content = await readFile(path).catch((error: unknown) => {
        throw new UsherError('OCI_SOURCE_MISSING', { name: path, detail: messageOf(error) }, { cause: error });
      });
      return { kind: 'file', path: `app/${relative(root, path)}`, mode: 0o644, content };
    }),
  );
}
