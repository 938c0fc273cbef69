import { readFile } from 'node:fs/promises';

/** What a process has of the machine's memory, MiB. */
export interface MemoryUse {
  /** Resident. */
  readonly rss: number;
  /** Of no file: what no other process of the same program can share, and what cannot be read again. */
  readonly anonymous: number;
}

/** proc(5), smaps_rollup. @throws the error of the system when the process has ended */
export async function memoryOf(pid: number): Promise<MemoryUse> {
  const text = await readFile(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
  const mib = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1_024;
  return { rss: mib('Rss'), anonymous: mib('Anonymous') };
}

/** Processor time of a process so far, ms; `ofChildren`: of those that it started and that have ended. */
export async function cpuMsOf(pid: number, { ofChildren = false } = {}): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  // proc(5): after the name, in brackets, utime, stime, cutime and cstime are the 12th to 15th field, in 1/100 s.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = ofChildren ? [fields[13], fields[14]] : [fields[11], fields[12]];
  return (Number(user) + Number(system)) * 10;
}
