import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readFile, statfs } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { UsherError } from '../foundation/errors.ts';
import type { Finding } from './finding.ts';
import { examineInotify, raiseLimits } from './inotify.ts';
import { requirementsFor, type Purpose, type Requirement } from './requirements.ts';

/** Room the state folder needs for k3s, its images and its database. */
const DISK_BYTES_NEEDED = 4 * 1024 ** 3;
const MEMORY_BYTES_NEEDED = 1024 ** 3;

/**
 * Looks at this machine: programs, rights, cgroups, memory, room and limits of the kernel. Changes nothing.
 * @param purpose what the machine is to be used for
 * @param stateDir where the appliance keeps its state; the room on that disk counts
 */
export async function examine(purpose: Purpose, stateDir: string): Promise<Finding[]> {
  const tools = await Promise.all(requirementsFor(purpose).map(examineTool));
  return [
    examineRights(),
    examineNode(),
    await examineCgroups(),
    await examineMemory(),
    await examineDisk(stateDir),
    ...(await examineInotify()),
    ...tools,
  ];
}

/**
 * Installs the packages that the findings ask for, with apt-get, and raises the limits of the kernel, telling `say` what
 * it does.
 * @throws UsherError NEEDS_ROOT, TOOL_FAILED
 */
export async function mend(findings: readonly Finding[], say: (line: string) => void): Promise<void> {
  const missing = findings.filter(({ ok }) => !ok);
  const packages = [...new Set(missing.flatMap((finding) => finding.package ?? []))];
  const sysctls = missing.flatMap((finding) => finding.sysctl ?? []);
  const what = [...packages.map((name) => `Installing ${name}`), ...sysctls.map((text) => `Setting ${text}`)];
  if (what.length > 0 && process.getuid?.() !== 0) throw new UsherError('NEEDS_ROOT', { what: what.join(', ') });
  await install(packages, say);
  await raiseLimits(sysctls, say);
}

async function install(packages: readonly string[], say: (line: string) => void): Promise<void> {
  if (packages.length === 0) return;
  say(`Installing ${packages.join(', ')} (apt-get) …`);
  await aptGet(['update', '-qq']);
  await aptGet(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
  say(`Installed ${packages.join(', ')}.`);
}

/**
 * Makes sure that the machine has the programs of a purpose: installs what is missing and says so.
 * @throws UsherError NEEDS_ROOT, TOOL_FAILED, TOOL_MISSING when a program is still missing afterwards
 */
export async function ensureRequirements(purpose: Purpose, say: (line: string) => void): Promise<void> {
  const missing = await missingTools(purpose);
  if (missing.length === 0) return;
  await mend(await Promise.all(missing.map(examineTool)), say);
  const still = (await missingTools(purpose))[0];
  if (still !== undefined) throw new UsherError('TOOL_MISSING', { tool: still.tool, package: still.package });
}

async function missingTools(purpose: Purpose): Promise<Requirement[]> {
  const required = requirementsFor(purpose);
  const found = await Promise.all(required.map(locate));
  return required.filter((_requirement, index) => found[index] === undefined);
}

async function examineTool(requirement: Requirement): Promise<Finding> {
  const path = await locate(requirement);
  if (path !== undefined) return { what: requirement.tool, ok: true, detail: path };
  return {
    what: requirement.tool,
    ok: false,
    detail: `missing: ${requirement.why}`,
    remedy: `apt-get install ${requirement.package}`,
    package: requirement.package,
  };
}

async function locate(requirement: Requirement): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  // What is named by its path may be a library.
  const candidates = [
    ...(requirement.paths ?? []).map((path) => [path, constants.R_OK] as const),
    ...folders.filter((f) => f !== '').map((f) => [join(f, requirement.tool), constants.X_OK] as const),
  ];
  for (const [path, mode] of candidates) {
    if (await isThere(path, mode)) return path;
  }
  return undefined;
}

async function isThere(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

function examineRights(): Finding {
  const ok = process.getuid?.() === 0;
  return {
    what: 'root',
    ok,
    detail: ok ? 'yes' : 'no: raw sockets, k3s and namespaces need it',
    ...(ok ? {} : { remedy: 'run as root' }),
  };
}

function examineNode(): Finding {
  const ok = Number(process.versions.node.split('.')[0]) >= 24;
  return { what: 'Node.js', ok, detail: process.version, ...(ok ? {} : { remedy: 'npm ci' }) };
}

async function examineCgroups(): Promise<Finding> {
  const unified = await readOr('/sys/fs/cgroup/cgroup.controllers', '');
  if (unified !== '') {
    const ok = unified.split(/\s+/).includes('memory');
    return {
      what: 'cgroups',
      ok,
      detail: ok ? 'v2 with the memory controller' : 'v2 without the memory controller',
      ...(ok ? {} : { remedy: 'add cgroup_enable=memory to the kernel command line and reboot' }),
    };
  }
  const legacy = await readOr('/proc/cgroups', '');
  const ok = /^memory\s+\S+\s+\S+\s+1$/m.test(legacy);
  return {
    what: 'cgroups',
    ok,
    detail: ok ? 'v1 (kubelet is told to accept it)' : 'no memory controller',
    ...(ok ? {} : { remedy: 'add cgroup_enable=memory to the kernel command line and reboot' }),
  };
}

async function examineMemory(): Promise<Finding> {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(await readOr('/proc/meminfo', ''));
  const bytes = Number(match?.[1] ?? 0) * 1024;
  const ok = bytes >= MEMORY_BYTES_NEEDED;
  return {
    what: 'memory',
    ok,
    detail: `${gib(bytes)} GiB available, ${gib(MEMORY_BYTES_NEEDED)} needed`,
    ...(ok ? {} : { remedy: 'free some memory, or use a larger machine as master' }),
  };
}

async function examineDisk(stateDir: string): Promise<Finding> {
  const folder = await nearestExisting(stateDir);
  const { bavail, bsize } = await statfs(folder);
  const bytes = bavail * bsize;
  const ok = bytes >= DISK_BYTES_NEEDED;
  return {
    what: `room in ${stateDir}`,
    ok,
    detail: `${gib(bytes)} GiB free, ${gib(DISK_BYTES_NEEDED)} needed`,
    ...(ok ? {} : { remedy: 'free some room, or choose another folder with --state-dir' }),
  };
}

async function nearestExisting(path: string): Promise<string> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  return exists ? path : nearestExisting(join(path, '..'));
}

async function readOr(path: string, fallback: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => fallback);
}

function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}

async function aptGet(args: readonly string[]): Promise<void> {
  const child = spawn('apt-get', args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new UsherError('TOOL_MISSING', { tool: 'apt-get', package: 'apt' }, { cause })),
    );
    child.once('close', resolve);
  });
  if (code !== 0) throw new UsherError('TOOL_FAILED', { tool: `apt-get ${args[0] ?? ''}`, detail: said.trim() });
}
