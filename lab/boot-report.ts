import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { UsherError } from '../foundation/errors.ts';

/** Descriptor on which machine.sh reports. */
const REPORT = 3;

/**
 * Waits until a machine's pid 1 says `ready` and gives its process id as the host counts.
 * @throws UsherError TOOL_MISSING when the first program does not start; LAB_MACHINE_FAILED when the machine ends before
 * it is ready; TIMED_OUT
 */
export function bootReport(child: ChildProcess, machine: string, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let pid = 0;
    const timer = setTimeout(() => {
      reject(new UsherError('TIMED_OUT', { what: `starting ${machine}`, limitMs: timeoutMs }));
    }, timeoutMs);
    const report = child.stdio[REPORT];
    if (report instanceof Readable) {
      createInterface({ input: report }).on('line', (line) => {
        if (line.startsWith('pid ')) pid = Number(line.slice('pid '.length));
        if (line !== 'ready') return;
        clearTimeout(timer);
        resolve(pid);
      });
    }
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new UsherError('TOOL_MISSING', { tool: 'setpriv', package: 'util-linux' }, { cause: error }));
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(new UsherError('LAB_MACHINE_FAILED', { machine, detail: `exit code ${code ?? -1}` }));
    });
  });
}
