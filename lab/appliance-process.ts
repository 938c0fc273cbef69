import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { UsherError } from '../foundation/errors.ts';
import { type Lab, MASTER } from './lab.ts';

/** Memory and processor time of a process. */
export interface ProcessFigures {
  readonly rssMb: number;
  readonly cpuSec: number;
}

/** The appliance's own process, as the host sees it. */
export interface ApplianceProcess {
  readonly pid: number;
  figures(): Promise<ProcessFigures>;
}

/** USER_HZ, which is 100 on every Linux that Node.js runs on (proc(5)). */
const TICKS_PER_SEC = 100;

/** The appliance on the lab's master. @throws UsherError INTERNAL when none runs */
export async function applianceIn(lab: Lab): Promise<ApplianceProcess> {
  const { ino } = await stat(lab.namespacePath(MASTER));
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    // A process may end while it is looked at.
    const command = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '');
    const namespace = await readlink(`/proc/${String(pid)}/ns/net`).catch(() => '');
    const [program = '', script = ''] = command.split('\0');
    const isIt = program.endsWith('node') && script.endsWith('usher.mjs') && namespace === `net:[${String(ino)}]`;
    if (isIt) return { pid, figures: () => figuresOf(pid) };
  }
  throw new UsherError('INTERNAL', { detail: 'no process of the appliance' });
}

async function figuresOf(pid: number): Promise<ProcessFigures> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  const line = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  // The second field is the program's name in brackets and may hold spaces itself.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024, cpuSec: ticks / TICKS_PER_SEC };
}
