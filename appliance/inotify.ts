import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno, messageOf } from '../foundation/errors.ts';
import type { Finding } from './finding.ts';

/** A limit of the kernel for each user; kubelet, containerd and all containers of a machine are one user, root. */
interface Limit {
  key: string;
  least: number;
  /** What it is raised to: only what is used costs memory. */
  wanted: number;
  why: string;
}

const LIMITS: readonly Limit[] = [
  {
    ...{ key: 'fs.inotify.max_user_instances', least: 512, wanted: 1024 },
    why: 'else kubelet and containers meet "too many open files"',
  },
  {
    ...{ key: 'fs.inotify.max_user_watches', least: 65_536, wanted: 524_288 },
    why: 'else kubelet meets "no space left on device"',
  },
];

/** Where a limit is set for the next start of the machine, too. */
const KEPT_IN = '/etc/sysctl.d/90-usher.conf';

/** Where the limits are; tests have folders of their own. */
export interface InotifyPlaces {
  procSys: string;
  keptIn: string;
}
const PLACES: InotifyPlaces = { procSys: '/proc/sys', keptIn: KEPT_IN };

/** Whether enough files can be watched at once. What the kernel does not tell is left out. */
export async function examineInotify({ procSys }: InotifyPlaces = PLACES): Promise<Finding[]> {
  const findings = await Promise.all(
    LIMITS.map(async (limit): Promise<Finding[]> => {
      const text = await readFile(fileOf(procSys, limit.key), 'utf8').catch(() => '');
      return /^\d+\s*$/.test(text) ? [findingOf(limit, Number(text))] : [];
    }),
  );
  return findings.flat();
}

function findingOf({ key, least, wanted, why }: Limit, found: number): Finding {
  const detail = `${String(found)}, ${String(least)} needed`;
  if (found >= least) return { what: key, ok: true, detail };
  const sysctl = `${key}=${String(wanted)}`;
  const remedy = `sysctl -w ${sysctl}, and write it into ${KEPT_IN}`;
  return { what: key, ok: false, detail: `${detail}, ${why}`, remedy, sysctl };
}

/** Sets limits (`key=value`) at once and for every later start; says so where this machine does not let them be set. */
export async function raiseLimits(
  sysctls: readonly string[],
  say: (line: string) => void,
  { procSys, keptIn }: InotifyPlaces = PLACES,
): Promise<void> {
  if (sysctls.length === 0) return;
  try {
    for (const sysctl of sysctls) {
      const [key = '', value = ''] = sysctl.split('=');
      await writeFile(fileOf(procSys, key), value);
    }
    await keep(sysctls, keptIn);
    say(`Set ${sysctls.join(', ')} (${keptIn}).`);
  } catch (error) {
    // In a container they are the host's.
    if (!hasErrno(error, 'EROFS', 'EACCES', 'EPERM', 'ENOENT')) throw error;
    say(`${sysctls.join(', ')} cannot be set here; set it on the host: ${messageOf(error)}`);
  }
}

/** What others wrote into the file stays. */
async function keep(sysctls: readonly string[], file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const keys = sysctls.map((sysctl) => `${sysctl.split('=')[0] ?? ''}=`);
  const others = text.split('\n').filter((line) => line !== '' && !keys.some((key) => line.startsWith(key)));
  await writeFile(file, `${[...others, ...sysctls].join('\n')}\n`);
}

function fileOf(procSys: string, key: string): string {
  return join(procSys, ...key.split('.'));
}
