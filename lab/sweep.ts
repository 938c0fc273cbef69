import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../foundation/logger.ts';
import { removeCgroups } from './cgroups.ts';
import { checkLabName } from './core/names.ts';
import { type Leftover, LabJournal } from './journal.ts';
import { LabNetwork } from './network.ts';
import { isRunning, killMarked, type ProcessMark } from './tools.ts';

/** What a sweep removed. */
export interface Swept {
  readonly processes: number;
  readonly namespaces: string[];
}

const DEATH_TRIES = 100;
const DEATH_PAUSE_MS = 10;

/**
 * Removes what earlier runs of this lab that died left behind, and nothing else: processes by number and start time,
 * namespaces by the lab's own prefix, cgroups by the recorded paths. Mounts went with the machines' namespaces.
 */
export async function sweep(lab: string, leftovers: readonly Leftover[], logger: Logger): Promise<Swept> {
  const network = new LabNetwork(lab);
  let processes = 0;
  for (const leftover of leftovers) {
    const { entry } = leftover;
    const running = await stillRunning(entry?.processes ?? []);
    processes += running.length;
    await Promise.all(running.map(killMarked));
    await death(running);
    await removeCgroups(entry?.cgroups ?? [], logger);
    await leftover.forget();
  }
  const namespaces = await network.removeAll();
  if (processes + namespaces.length > 0) logger.info({ lab, processes, namespaces }, 'Swept what an earlier lab left');
  return { processes, namespaces };
}

/** The same for a lab that is not running, without starting it. @throws UsherError LAB_ALREADY_RUNNING */
export async function sweepLab(lab: string, logger: Logger): Promise<Swept> {
  const { journal, leftovers } = await LabJournal.take(checkLabName(lab), '');
  try {
    return await sweep(lab, leftovers, logger);
  } finally {
    await journal.release();
  }
}

/** The same for every lab on this machine whose process has died. Gives their names. */
export async function sweepDeadLabs(logger: Logger): Promise<string[]> {
  const names = await LabJournal.names();
  const running = await Promise.all(names.map((name) => LabJournal.find(name)));
  const dead = names.filter((_name, index) => running[index] === undefined);
  for (const name of dead) await sweepLab(name, logger);
  return dead;
}

async function stillRunning(marks: readonly ProcessMark[]): Promise<ProcessMark[]> {
  const running = await Promise.all(marks.map(async (mark) => ((await isRunning(mark)) ? [mark] : [])));
  return running.flat();
}

async function death(marks: readonly ProcessMark[]): Promise<void> {
  for (let attempt = 0; attempt < DEATH_TRIES; attempt += 1) {
    if ((await stillRunning(marks)).length === 0) return;
    await delay(DEATH_PAUSE_MS);
  }
}
