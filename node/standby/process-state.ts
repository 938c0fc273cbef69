import { readdirSync, readFileSync } from 'node:fs';
import { hasErrno } from '../../foundation/errors.ts';

/** A process, as long as it lives: pids are given again. `start` is empty when it could not be read. */
export interface ProcessName {
  readonly pid: number;
  readonly start: string;
}

/** What follows the name of the process in a `stat` of proc(5): the name may hold anything, but ends at the last `)`. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Whether a thread is a zombie, or dead. */
export function hasEnded(stat: string): boolean {
  return ['Z', 'X', 'x'].includes(fieldsOf(stat)[0] ?? '');
}

/** When the process was started, in ticks since the machine was (proc(5): field 22): tells two of the same pid apart. */
export function startOf(stat: string): string {
  return (fieldsOf(stat)[19] ?? '').trim();
}

/** Whether it is still there with any of its threads, asked at once. What cannot be read counts as there. */
export function isThere({ pid, start }: ProcessName, proc: string): boolean {
  const folder = `${proc}/${String(pid)}`;
  const stat = textOf(`${folder}/stat`);
  if (stat === 'gone') return false;
  if (stat === 'unknown') return true;
  if (start !== '' && startOf(stat) !== start) return false;
  if (!hasEnded(stat)) return true;
  try {
    return readdirSync(`${folder}/task`).some((tid) => {
      const its = textOf(`${folder}/task/${tid}/stat`);
      return its !== 'gone' && !hasEnded(its);
    });
  } catch (error) {
    return !hasErrno(error, 'ENOENT', 'ESRCH');
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return hasErrno(error, 'ENOENT', 'ESRCH') ? 'gone' : 'unknown';
  }
}
