import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../foundation/logger.ts';
import { type CgroupHierarchy, planCgroups } from './core/cgroup-plan.ts';
import { readIfThere } from './tools.ts';
import { hasErrno } from '../foundation/errors.ts';

const DELEGATED = ['cpu', 'cpuset', 'io', 'memory', 'pids', 'hugetlb'];
const REMOVE_TRIES = 40;
const REMOVE_PAUSE_MS = 25;

/** The host's hierarchies in which machines get a group each. */
export async function findCgroups(): Promise<CgroupHierarchy[]> {
  const [own, mounts] = await Promise.all([
    readFile('/proc/self/cgroup', 'utf8'),
    readFile('/proc/self/mountinfo', 'utf8'),
  ]);
  return planCgroups(own, mounts);
}

/** Makes one group called `name` in each hierarchy and gives their folders, ready to be joined. */
export async function makeCgroups(
  hierarchies: readonly CgroupHierarchy[],
  name: string,
  logger: Logger,
): Promise<string[]> {
  const folders: string[] = [];
  for (const { version, controllers, parent } of hierarchies) {
    const folder = join(parent, name);
    if (version === 2) await delegate(parent, logger);
    await mkdir(folder, { recursive: true });
    if (controllers.split(',').includes('cpuset')) await inheritCpuset(folder);
    folders.push(folder);
  }
  return folders;
}

/** Removes groups and what machines made below them. Those that still hold a process are retried for a second. */
export async function removeCgroups(folders: readonly string[], logger: Logger): Promise<void> {
  await Promise.all(
    folders.map(async (folder) => {
      for (let attempt = 0; attempt < REMOVE_TRIES; attempt += 1) {
        if (await removeTree(folder)) return;
        await delay(REMOVE_PAUSE_MS);
      }
      logger.warn({ folder }, 'A cgroup still holds processes and stays');
    }),
  );
}

/** A version 1 cpuset group starts without any processor, and then takes no process. */
async function inheritCpuset(folder: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const inherited = await readIfThere(join(dirname(folder), file));
    if (inherited !== undefined) await writeFile(join(folder, file), inherited);
  }
}

async function delegate(parent: string, logger: Logger): Promise<void> {
  const available = ((await readIfThere(join(parent, 'cgroup.controllers'))) ?? '').trim().split(' ');
  for (const controller of DELEGATED.filter((each) => available.includes(each))) {
    try {
      await writeFile(join(parent, 'cgroup.subtree_control'), `+${controller}`);
    } catch (error) {
      logger.warn({ controller, err: error }, 'The machines get no such cgroup controller');
    }
  }
}

/** Depth first, because a group with children cannot go. False when some group is still in use. */
async function removeTree(folder: string): Promise<boolean> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENODEV')) return true;
    throw error;
  }
  let empty = true;
  for (const entry of entries) {
    if (entry.isDirectory()) empty = (await removeTree(join(folder, entry.name))) && empty;
  }
  if (!empty) return false;
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return true;
    if (hasErrno(error, 'EBUSY', 'ENOTEMPTY')) return false;
    throw error;
  }
}
