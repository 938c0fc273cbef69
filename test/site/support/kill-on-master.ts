import { expect } from 'vitest';
import { MASTER } from '../../../lab/lab.ts';
import { eventually, type RunningSite } from './running-site.ts';

/** How the command line of the appliance begins. */
export const APPLIANCE = /[^ ]*node [^ ]*usher.mjs start/;

/** Kills the one process on the master whose command line begins so, with SIGKILL, and sees that it is gone. */
export async function killOnMaster({ site }: RunningSite, commandLine: RegExp): Promise<void> {
  const { stdout } = await site.lab.execIn(MASTER, ['pgrep', '-f', `^${commandLine.source}`]);
  const pids = stdout.trim().split('\n');
  expect(pids).toHaveLength(1);
  await site.lab.execIn(MASTER, ['kill', '-9', ...pids]);
  await eventually('the process to be gone', 5000, async () => {
    const left = await site.lab.execIn(MASTER, ['kill', '-0', ...pids], { allowFailure: true });
    return left.code !== 0;
  });
}
