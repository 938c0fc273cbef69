import { readdir, readFile } from 'node:fs/promises';
import { type Clock, sleep } from '../../foundation/clock.ts';
import { hasErrno } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { hasEnded, type ProcessName, startOf } from './process-state.ts';

/** Ends the processes of a pod. */
export interface ProcessKiller {
  /** Kills until none is left, and gives true; false when some were still there, or may have been, after `withinMs`. */
  killPod(podUid: string, withinMs: number): Promise<boolean>;
  /** Those of the pod that outlasted being killed when it was looked the last time. */
  leftOf(podUid: string): readonly ProcessName[];
}

export interface CgroupKillerOptions {
  readonly proc?: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sends SIGKILL. Throws the error of the system. */
  readonly kill?: (pid: number) => void;
}

interface Look {
  readonly found: readonly ProcessName[];
  /** Whether there may be more: something could not be read. */
  readonly mayBeMore: boolean;
}

const FIRST_LOOK_MS = 2;
const LONGEST_LOOK_MS = 50;
/** Files that are open at a time: descriptors are few, and others need them too. */
const MOST_AT_ONCE = 32;

/**
 * Finds a pod's processes by its uid in their cgroup (`/proc/<pid>/cgroup`, of whichever driver) and sends SIGKILL, which
 * also ends what is stopped. Needs the host's PID namespace. A process of which one thread is in an uninterruptible wait
 * stays until its device answers: then this gives false, and the Lease is not released.
 */
export class CgroupKiller implements ProcessKiller {
  readonly #proc: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #send: (pid: number) => void;
  readonly #left = new Map<string, readonly ProcessName[]>();

  constructor({ proc = '/proc', clock, logger, kill }: CgroupKillerOptions) {
    this.#proc = proc;
    this.#clock = clock;
    this.#logger = logger;
    this.#send = kill ?? ((pid) => process.kill(pid, 'SIGKILL'));
  }

  async killPod(podUid: string, withinMs: number): Promise<boolean> {
    const endMs = this.#clock.nowMs() + withinMs;
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_LOOK_MS)) {
      const { found, mayBeMore } = await this.#look(podUid);
      if (found.length > 0) this.#left.set(podUid, found);
      else if (!mayBeMore) {
        this.#left.delete(podUid);
        return true;
      }
      for (const { pid } of found) this.#kill(pid);
      if (this.#clock.nowMs() >= endMs) return false;
      await sleep(this.#clock, waitMs);
    }
  }

  leftOf(podUid: string): readonly ProcessName[] {
    return this.#left.get(podUid) ?? [];
  }

  /** Pids of all processes of the pod that are seen to run, with any of their threads; zombies do not. Never fails. */
  async processesOf(podUid: string): Promise<number[]> {
    return (await this.#look(podUid)).found.map(({ pid }) => pid);
  }

  async #look(podUid: string): Promise<Look> {
    const found: ProcessName[] = [];
    let mayBeMore = false;
    const doubt = (error: unknown): void => {
      if (hasErrno(error, 'ENOENT', 'ESRCH')) return;
      if (!mayBeMore) this.#logger.warn({ podUid, err: error }, 'what runs on this node cannot be read');
      mayBeMore = true;
    };
    const pids = await this.#pids().catch((error: unknown) => {
      // It is always there, so this is no sign that a process is gone.
      this.#logger.warn({ podUid, err: error }, 'what runs on this node cannot be read');
      mayBeMore = true;
      return [];
    });
    const next = pids.values();
    const work = async (): Promise<void> => {
      for (const pid of next) {
        try {
          if (await this.#isOf(pid, podUid)) await this.#add(pid, found);
        } catch (error) {
          doubt(error);
        }
      }
    };
    await Promise.all(Array.from({ length: MOST_AT_ONCE }, work));
    return { found, mayBeMore };
  }

  async #pids(): Promise<string[]> {
    return (await readdir(this.#proc)).filter((name) => /^\d+$/.test(name));
  }

  /** A first thread that has ended is in the root of a cgroup v1, while others may go on: each of them is asked then. */
  async #isOf(pid: string, podUid: string): Promise<boolean> {
    const cgroup = await this.#read(pid, 'cgroup');
    if (namesPod(cgroup, podUid)) return true;
    if (!isRootOnly(cgroup)) return false;
    const others = (await this.#threads(pid)).filter((tid) => tid !== pid);
    for (const tid of others) {
      const its = await this.#read(pid, `task/${tid}/cgroup`).catch(gone);
      if (its !== undefined && namesPod(its, podUid)) return true;
    }
    return false;
  }

  /** What is of the pod counts until all of its threads are seen to have ended. */
  async #add(pid: string, found: ProcessName[]): Promise<void> {
    const name = { pid: Number(pid), start: '' };
    try {
      const stat = await this.#read(pid, 'stat');
      name.start = startOf(stat);
      if (hasEnded(stat) && (await this.#haveThreadsEnded(pid))) return;
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ESRCH')) return;
      this.#logger.debug({ pid, err: error }, 'a process of the pod cannot be read');
    }
    found.push(name);
  }

  async #haveThreadsEnded(pid: string): Promise<boolean> {
    for (const tid of await this.#threads(pid)) {
      const stat = await this.#read(pid, `task/${tid}/stat`).catch(gone);
      if (stat !== undefined && !hasEnded(stat)) return false;
    }
    return true;
  }

  async #threads(pid: string): Promise<string[]> {
    return await readdir(`${this.#proc}/${pid}/task`);
  }

  async #read(pid: string, what: string): Promise<string> {
    return await readFile(`${this.#proc}/${pid}/${what}`, 'utf8');
  }

  #kill(pid: number): void {
    try {
      this.#send(pid);
    } catch (error) {
      this.#logger.debug({ pid, err: error }, 'a process was gone before it was killed');
    }
  }
}

/** Whether a cgroup is the pod's: drivers write its uid with `-` (cgroupfs) or `_` (systemd). */
export function namesPod(cgroup: string, podUid: string): boolean {
  return [podUid, podUid.replaceAll('-', '_')].some((uid) => cgroup.includes(`pod${uid}`));
}

/** cgroups(7): a line of each hierarchy, its path last. */
function isRootOnly(cgroup: string): boolean {
  return cgroup
    .trim()
    .split('\n')
    .every((line) => line.endsWith(':/'));
}

function gone(error: unknown): undefined {
  if (!hasErrno(error, 'ENOENT', 'ESRCH')) throw error;
}
