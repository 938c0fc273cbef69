import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import type { Clock } from '../foundation/clock.ts';
import { UsherError } from '../foundation/errors.ts';
import type { Architecture } from './core/image-description.ts';
import { isLeftOut, mergedPath, type LayerEntry } from './core/layer-plan.ts';
import { runTool } from './run-tool.ts';

/** A package as Debian's release has it now. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** Of the `.deb` file, as Debian's signed index has it: lower-case hex. */
  readonly sha256: string;
  readonly path: string;
}

export interface DebianOptions {
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly onProgress: (line: string) => void;
}

/** Lists of packages are read again when they are older. */
const LISTS_LAST_MS = 3_600_000;
const URI_LINE = /^'[^']+' (\S+\.deb) (\d+) SHA256:([0-9a-f]{64})$/gm;

/**
 * Packages of the Debian release that this machine gets its own from, for any architecture and without touching the
 * machine's own apt: lists and files lie in the cache. apt checks signatures and hashes as it always does.
 */
export class DebianPackages {
  readonly #options: DebianOptions;

  constructor(options: DebianOptions) {
    this.#options = options;
  }

  /** @throws UsherError TOOL_MISSING, TOOL_FAILED (apt's words: no such package, no network) */
  async fetch(names: readonly string[], arch: Architecture): Promise<DebianPackage[]> {
    const apt = await this.#aptFor(arch);
    const wanted = await this.#aptGet([...apt, '--print-uris', 'download', ...names]);
    const folder = join(this.#options.cacheDir, 'debs', arch);
    await mkdir(folder, { recursive: true });
    const packages = [...wanted.toString().matchAll(URI_LINE)].map(([, file = '', , sha256 = '']) => {
      const [name = '', version = ''] = basename(file, '.deb').split('_').map(decodeURIComponent);
      return { name, version, sha256, file, path: join(folder, `${sha256}.deb`) };
    });
    if (packages.length !== names.length)
      throw new UsherError('TOOL_FAILED', { tool: 'apt-get', detail: `not all of ${names.join(' ')} were found` });
    const isHere = await Promise.all(packages.map(({ path }) => isThere(path)));
    const missing = packages.filter((_, index) => isHere[index] === false);
    if (missing.length > 0) {
      const exact = missing.map(({ name, version }) => `${name}=${version}`);
      this.#options.onProgress(`Fetching ${exact.join(', ')} for ${arch}`);
      await this.#aptGet([...apt, 'download', ...exact], folder);
      for (const { file, path } of missing) await rename(join(folder, file), path);
    }
    for (const { path, sha256 } of packages) await verify(path, sha256);
    return packages.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** Options that make apt work in the cache only. */
  async #aptFor(arch: Architecture): Promise<string[]> {
    const { cacheDir, clock, onProgress } = this.#options;
    const home = join(cacheDir, 'apt', arch);
    await mkdir(join(home, 'lists/partial'), { recursive: true });
    await mkdir(join(home, 'cache/archives/partial'), { recursive: true });
    await writeFile(join(home, 'status'), '');
    const settings = {
      'Dir::State': home,
      'Dir::State::status': join(home, 'status'),
      'Dir::Cache': join(home, 'cache'),
      'APT::Architecture': arch,
      'APT::Architectures': arch,
      'APT::Sandbox::User': 'root',
      'Acquire::Languages': 'none',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
      'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled': 'false',
    };
    const apt = ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
    const stamp = join(home, 'updated');
    const ageMs = clock.nowMs() - ((await stat(stamp).catch(() => undefined))?.mtimeMs ?? 0);
    if (ageMs > LISTS_LAST_MS) {
      onProgress(`Reading Debian's list of packages for ${arch}`);
      await this.#aptGet([...apt, 'update']);
      await writeFile(stamp, '');
    }
    return apt;
  }

  #aptGet(args: readonly string[], cwd?: string): Promise<Buffer> {
    return runTool('apt-get', args, { debianPackage: 'apt', ...(cwd === undefined ? {} : { cwd }) });
  }
}

/** What a package puts into an image: its files, and its entry for scanners of vulnerabilities. */
export async function entriesOf({ name, path }: DebianPackage): Promise<LayerEntry[]> {
  const tools = { debianPackage: 'dpkg' };
  const files = await tarEntries(await runTool('dpkg-deb', ['--fsys-tarfile', path], tools));
  const control = await runTool('dpkg-deb', ['--field', path], tools);
  const status: LayerEntry = { kind: 'file', path: `var/lib/dpkg/status.d/${name}`, mode: 0o644, content: control };
  return [...files, status];
}

/** Major version of Debian of the packages, from this machine, whose release they are of. */
export async function debianRelease(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8');
  const release = /^VERSION_ID="?(\d+)/m.exec(text)?.[1];
  if (!/^ID=debian$/m.test(text) || release === undefined)
    throw new UsherError('OCI_SOURCE_MISSING', { name: 'base', detail: 'images are built on Debian only' });
  return release;
}

async function tarEntries(tar: Buffer): Promise<LayerEntry[]> {
  const reading = extract();
  Readable.from([tar]).pipe(reading);
  const entries: LayerEntry[] = [];
  for await (const entry of reading) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    const made = entryOf(entry.header, Buffer.concat(chunks), entries);
    if (made !== undefined && !isLeftOut(made.path)) entries.push(made);
  }
  return entries;
}

function entryOf(header: Header, content: Buffer, before: readonly LayerEntry[]): LayerEntry | undefined {
  const path = mergedPath(header.name.replace(/^\.?\/+/, '').replace(/\/+$/, ''));
  const mode = header.mode & 0o755;
  if (path === '' || path === '.') return undefined;
  switch (header.type) {
    case 'file':
      return { kind: 'file', path, mode, content };
    case 'symlink':
      return { kind: 'link', path, target: header.linkname };
    case 'link': {
      const target = mergedPath(header.linkname.replace(/^\.?\/+/, ''));
      const first = before.find((entry) => entry.path === target);
      return first?.kind === 'file' ? { ...first, path } : undefined;
    }
    // Folders are made where there are files; a package's empty ones (and the merged lib/) are not needed.
    default:
      return undefined;
  }
}

async function verify(path: string, sha256: string): Promise<void> {
  const found = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  if (found !== sha256) throw new UsherError('OCI_DIGEST_MISMATCH', { path });
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
