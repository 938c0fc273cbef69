import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { asUsherError, UsherError } from '../../foundation/errors.ts';
import { writeImage } from '../images.ts';
import { sampleApp } from '../sample-app.ts';
import { BuildLock } from './build-lock.ts';
import { GoBuilder } from './go-builder.ts';
import { findGo } from './go-toolchain.ts';

/** Where the stand-in lies once it is built. */
export interface StandIn {
  readonly k3sPath: string;
  /** Image tarballs for `<data-dir>/agent/images` of every node: the pause image and the sample app. */
  readonly imagesDir: string;
}

export interface BuildOptions {
  /** Usher's cache folder; the stand-in lies in `k3s-stand-in/<hash of its sources>` below it. */
  readonly cacheDir: string;
  /** Called with a line for people, at least every ten seconds while something is built. */
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

const HERE = dirname(fileURLToPath(import.meta.url));
/** What decides what is built: a change of any of these is another hash. */
const SOURCES = ['k3s', 'containerd', 'pause', 'build.ts', '../images.ts', '../sample-app.ts'];
const MODULES = ['k3s', 'containerd', 'pause'];
const PAUSE_IMAGE = 'docker.io/usher/stand-in-pause:1';
const CONTAINERD_TAGS = ['netgo', 'osusergo', 'no_btrfs', 'no_zfs', 'no_devmapper'];
const KUBERNETES_TAGS = ['netgo', 'osusergo', 'providerless', 'selinux'];
/** Programs of containerd that become part of the k3s binary. */
const BUNDLED = ['containerd', 'containerd-shim-runc-v2'];
const UNUSED_AFTER_MS = 14 * 24 * 3600 * 1000;

/**
 * Gives the stand-in for k3s, building it unless the cache has it: about 15 minutes when Go's build cache is empty,
 * seconds otherwise. Two calls at once, also of two processes, build once.
 * @throws UsherError LAB_BUILD_FAILED with the end of the build's log; TOOL_MISSING without Go or busybox; STOPPED
 */
export async function buildStandIn(options: BuildOptions): Promise<StandIn> {
  const { cacheDir, onProgress = () => undefined, signal } = options;
  const home = join(cacheDir, 'k3s-stand-in');
  const hash = await hashSources();
  const target = join(home, hash);
  const standIn = { k3sPath: join(target, 'k3s'), imagesDir: join(target, 'images') };
  if (await isThere(target)) {
    await utimes(target, new Date(), new Date());
    return standIn;
  }
  await mkdir(home, { recursive: true });
  const lock = await BuildLock.take(target, { onProgress, ...(signal && { signal }) }).catch((error: unknown) => {
    throw signal?.aborted === true ? new UsherError('STOPPED', {}, { cause: error }) : asUsherError(error);
  });
  try {
    if (!(await isThere(target))) await build({ home, hash, target, onProgress, ...(signal && { signal }) });
    await removeUnused(home, target);
  } finally {
    await lock.release();
  }
  return standIn;
}

interface BuildPlan {
  readonly home: string;
  readonly hash: string;
  readonly target: string;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}

async function build({ home, hash, target, onProgress, signal }: BuildPlan): Promise<void> {
  const folder = `${target}.building`;
  const toolchain = await findGo(
    MODULES.map((name) => join(HERE, name)),
    onProgress,
  );
  const go = new GoBuilder({
    toolchain,
    logPath: join(home, `${hash}.log`),
    steps: 4,
    onProgress,
    ...(signal && { signal }),
  });
  onProgress('Building the k3s stand-in from upstream Kubernetes (once; about 15 minutes when nothing is cached)');
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(folder, 'images'), { recursive: true });
    await mkdir(join(folder, 'bundle'));
    await go.start();
    for (const name of BUNDLED) {
      const flags = [
        '-X',
        `github.com/containerd/containerd/v2/version.Version=${await versionOf('containerd', 'github.com/containerd/containerd/v2')}`,
      ];
      await go.build({
        module: join(HERE, 'containerd'),
        package: `./cmd/${name}`,
        output: join(folder, 'bundle', name),
        tags: CONTAINERD_TAGS,
        linkFlags: flags,
      });
    }
    await go.build({
      module: join(HERE, 'pause'),
      package: '.',
      output: join(folder, 'pause'),
      tags: [],
      linkFlags: [],
    });
    const overlay = await writeOverlay(folder);
    await go.build({
      module: join(HERE, 'k3s'),
      package: '.',
      output: join(folder, 'k3s'),
      tags: KUBERNETES_TAGS,
      linkFlags: await versionFlags(),
      overlay,
    });
    await writeImages(folder);
    await Promise.all(['bundle', 'pause', 'overlay.json'].map((name) => rm(join(folder, name), { recursive: true })));
    await rename(folder, target);
    onProgress(`The k3s stand-in is ready: ${join(target, 'k3s')}`);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw asUsherError(error);
  } finally {
    await go.close();
  }
}

/** Lays the built programs, and a hash that names them, over the folder that becomes part of the k3s binary. */
async function writeOverlay(folder: string): Promise<string> {
  const bundle = join(folder, 'bundle');
  const digest = createHash('sha256');
  for (const name of BUNDLED) digest.update(await readFile(join(bundle, name)));
  await writeFile(join(bundle, 'hash'), digest.digest('hex'));
  const place = join(HERE, 'k3s/internal/bundle/files');
  const replace = Object.fromEntries([...BUNDLED, 'hash'].map((name) => [join(place, name), join(bundle, name)]));
  const overlay = join(folder, 'overlay.json');
  await writeFile(overlay, JSON.stringify({ Replace: replace }));
  return overlay;
}

async function writeImages(folder: string): Promise<void> {
  const pause = await readFile(join(folder, 'pause'));
  const entries = [{ kind: 'file', path: 'pause', content: pause }] as const;
  await writeImage(join(folder, 'images/stand-in-pause.tar'), { name: PAUSE_IMAGE, entries, command: ['/pause'] });
  await writeImage(join(folder, 'images/sample-app.tar'), await sampleApp());
}

/** What the Kubernetes parts say their version is: upstream's, marked as the stand-in's. */
async function versionFlags(): Promise<string[]> {
  const version = await versionOf('k3s', 'k8s.io/kubernetes');
  const [major = '', minor = ''] = version.slice(1).split('.');
  const values = { gitVersion: `${version}+standin1`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return ['k8s.io/client-go/pkg/version', 'k8s.io/component-base/version'].flatMap((name) =>
    Object.entries(values).flatMap(([key, value]) => ['-X', `${name}.${key}=${value}`]),
  );
}

/** The version of `dependency` in a module's go.mod. */
async function versionOf(module: string, dependency: string): Promise<string> {
  const requirements = await readFile(join(HERE, module, 'go.mod'), 'utf8');
  const line = requirements
    .split('\n')
    .find((text) => text.replace('require', '').trim().startsWith(`${dependency} v`));
  const version = line
    ?.trim()
    .split(/\s+/)
    .find((word) => /^v\d/.test(word));
  if (version === undefined)
    throw new UsherError('LAB_BUILD_FAILED', { detail: `${module}/go.mod does not require ${dependency}` });
  return version;
}

async function hashSources(): Promise<string> {
  const digest = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const source of SOURCES) {
    for (const file of await filesIn(join(HERE, source))) {
      digest.update(`${relative(HERE, file)}\n`).update(await readFile(file));
    }
  }
  return digest.digest('hex').slice(0, 16);
}

/** All files at or below `path`, sorted. */
async function filesIn(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Removes builds of other sources that nobody asked for in a while. */
async function removeUnused(home: string, kept: string): Promise<void> {
  for (const name of await readdir(home)) {
    const path = join(home, name);
    const { mtimeMs } = await stat(path);
    if (path !== kept && Date.now() - mtimeMs > UNUSED_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

if (import.meta.main) {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new UsherError('STOPPED')));
  const { k3sPath } = await buildStandIn({
    cacheDir: cacheDirectory(process.env),
    onProgress: say,
    signal: stop.signal,
  });
  process.stdout.write(`${k3sPath}\n`);
}
