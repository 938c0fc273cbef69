import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isUsherError, UsherError } from '../../foundation/errors.ts';
import { mustRun } from '../tools.ts';

/** A Go that can build the stand-in. */
export interface GoToolchain {
  readonly command: string;
  /** Added to the environment of the command. */
  readonly env: Readonly<Record<string, string>>;
}

/** From this version on `go` fetches a newer toolchain itself when a go.mod asks for one. */
const FETCHES_ITSELF: Version = [1, 21, 0];
const DOWNLOAD_LIMIT_MS = 600_000;
/** GOARCH of the machines Node runs on. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

type Version = readonly [number, number, number];

/**
 * Finds the installed Go. One that is too old to help itself, such as Debian 12's, fetches the toolchain that the modules
 * ask for: it is a module like any other (golang.org/toolchain, https://go.dev/doc/toolchain), checked by its sum.
 * @throws UsherError TOOL_MISSING without Go; TOOL_FAILED when the toolchain cannot be fetched
 */
export async function findGo(modules: readonly string[], onProgress: (line: string) => void): Promise<GoToolchain> {
  const installed = versionIn(await goVersion(), /go(\d+)\.(\d+)(?:\.(\d+))?/);
  if (compare(installed, FETCHES_ITSELF) >= 0) return { command: 'go', env: { GOTOOLCHAIN: 'auto' } };
  const asked = await Promise.all(modules.map((module) => readFile(join(module, 'go.mod'), 'utf8')));
  const needed = asked.map((text) => versionIn(text, /^go (\d+)\.(\d+)(?:\.(\d+))?$/m)).reduce(later);
  onProgress(`Go ${installed.join('.')} is too old: fetching Go ${needed.join('.')} from the module proxy`);
  const root = await fetchToolchain(`go${needed.join('.')}.linux-${ARCHITECTURES[process.arch] ?? process.arch}`);
  return { command: join(root, 'bin/go'), env: { GOROOT: root, GOTOOLCHAIN: 'local' } };
}

async function goVersion(): Promise<string> {
  try {
    return await mustRun('go', ['version']);
  } catch (error) {
    if (!isUsherError(error, 'TOOL_MISSING')) throw error;
    throw new UsherError('TOOL_MISSING', { tool: 'go', package: 'golang-go' }, { cause: error });
  }
}

/** Has the old Go fetch a newer one; gives its GOROOT, in the module cache. */
async function fetchToolchain(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-go-'));
  try {
    const args = ['-C', folder, 'go', 'mod', 'download', '-json', `golang.org/toolchain@v0.0.1-${name}`];
    const { Dir: root } = JSON.parse(await mustRun('env', args, { timeoutMs: DOWNLOAD_LIMIT_MS })) as { Dir: string };
    // A module has no executable files; Go itself sets these bits when it switches to a toolchain.
    const tools = await readdir(join(root, 'pkg/tool'), { recursive: true, withFileTypes: true });
    const programs = tools.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    await Promise.all([join(root, 'bin/go'), ...programs].map((program) => chmod(program, 0o755)));
    return root;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function versionIn(text: string, pattern: RegExp): Version {
  const [, major = '0', minor = '0', patch = '0'] = pattern.exec(text) ?? [];
  return [Number(major), Number(minor), Number(patch)];
}

function later(one: Version, other: Version): Version {
  return compare(one, other) >= 0 ? one : other;
}

function compare(one: Version, other: Version): number {
  return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}
