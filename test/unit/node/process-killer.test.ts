import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../foundation/logger.ts';
import { CgroupKiller } from '../../../node/standby/process-killer.ts';
import { StuckMarker } from '../../../node/standby/stuck-marker.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const POD = '0aa1-22';
const OF_POD = `0::/kubepods.slice/kubepods-pod0aa1_22.slice/cri-1.scope\n`;

/** A folder with what /proc says of processes, and who was killed. */
class FakeProc {
  readonly root: string;
  readonly killed: number[] = [];
  readonly killer: CgroupKiller;

  private constructor(root: string) {
    this.root = root;
    const kill = (pid: number): void => {
      this.killed.push(pid);
    };
    this.killer = new CgroupKiller({ proc: root, clock: new ManualClock(0), logger: silentLogger, kill });
  }

  static async make(): Promise<FakeProc> {
    const root = await mkdtemp(join(tmpdir(), 'usher-proc-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    return new FakeProc(root);
  }

  /** States of its threads, that of the first one first. */
  async put(pid: number, states: string, { cgroup = OF_POD, others = '', start = '500' } = {}): Promise<void> {
    await rm(join(this.root, String(pid)), { recursive: true, force: true });
    for (const [at, state] of Array.from(states).entries()) {
      // A name may hold what looks like the end of it.
      const stat = `${String(pid + at)} (a) Z (x) ${state} 1 ${'0 '.repeat(17)}${start} 0\n`;
      const folder = join(this.root, String(pid), 'task', String(pid + at));
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'stat'), stat);
      await writeFile(join(folder, 'cgroup'), at === 0 || others === '' ? cgroup : others);
      if (at > 0) continue;
      await writeFile(join(this.root, String(pid), 'stat'), stat);
      await writeFile(join(this.root, String(pid), 'cgroup'), cgroup);
    }
  }

  /** Reading that file fails, and not because it is gone. */
  async spoil(path: string): Promise<void> {
    await rm(join(this.root, path), { force: true });
    await mkdir(join(this.root, path));
  }
}

describe('killing the processes of a pod', () => {
  it.each([
    ['it runs', 'R', false],
    ['a worker thread is in a driver', 'ZDZ', false],
    ['a worker thread is in a driver, and the first one is dead', 'XZD', false],
    ['all of its threads have ended', 'ZXZ', true],
  ])('is done only when no thread is left: %s', async (_what, states, isGone) => {
    const proc = await FakeProc.make();
    await proc.put(70, states);
    await proc.put(90, 'S', { cgroup: '0::/kubepods/podother/c1\n' });
    expect(await proc.killer.killPod(POD, 0)).toBe(isGone);
    expect(proc.killed).toEqual(isGone ? [] : [70]);
    expect(proc.killer.leftOf(POD)).toEqual(isGone ? [] : [{ pid: 70, start: '500' }]);
  });

  it('sees the thread of a process whose first thread has left its cgroup (v1)', async () => {
    const proc = await FakeProc.make();
    await proc.put(70, 'ZD', { cgroup: '2:cpu:/\n1:memory:/\n', others: `2:cpu:/kubepods/pod${POD}/c\n1:memory:/\n` });
    await proc.put(80, 'S', { cgroup: '0::/\n' });
    expect(await proc.killer.killPod(POD, 0)).toBe(false);
    expect(proc.killed).toEqual([70]);
  });

  it('is done when it is gone, and forgets it', async () => {
    const proc = await FakeProc.make();
    await proc.put(70, 'S');
    expect(await proc.killer.killPod(POD, 0)).toBe(false);
    await rm(join(proc.root, '70'), { recursive: true });
    expect(await proc.killer.killPod(POD, 0)).toBe(true);
    expect(proc.killer.leftOf(POD)).toEqual([]);
  });

  it.each([['70/cgroup'], ['70/stat'], ['70/task/71/stat']])('is not done when %s cannot be read', async (path) => {
    const proc = await FakeProc.make();
    await proc.put(70, 'ZZ');
    await proc.spoil(path);
    expect(await proc.killer.killPod(POD, 0)).toBe(false);
    // Nobody is killed who may be another's.
    expect(proc.killed).toEqual(path === '70/cgroup' ? [] : [70]);
  });

  it('is not done, and does not fail, when nothing can be read at all', async () => {
    const killer = new CgroupKiller({ proc: '/nonexistent', clock: new ManualClock(0), logger: silentLogger });
    expect(await killer.killPod(POD, 0)).toBe(false);
    expect(await killer.processesOf(POD)).toEqual([]);
  });

  it('finds all of many', async () => {
    const proc = await FakeProc.make();
    const pids = Array.from({ length: 100 }, (_, at) => 1000 + at);
    for (const pid of pids) await proc.put(pid, 'S');
    expect((await proc.killer.processesOf(POD)).sort()).toEqual(pids);
  });
});

describe('the word about processes that do not end', () => {
  const NAME = { pid: 70, start: '500' };

  it.each([
    ['one thread is in a driver', 'ZD', '500', true],
    ['it has ended', 'ZZ', '500', false],
    ['its pid is that of another', 'S', '501', false],
  ])('counts for the next standby as long as they are there: %s', async (_what, states, start, holds) => {
    const proc = await FakeProc.make();
    await proc.put(70, states, { start });
    const path = join(proc.root, 'standby', 'stuck.json');
    new StuckMarker({ path, proc: proc.root, logger: silentLogger }).write([NAME]);
    expect(new StuckMarker({ path, proc: proc.root, logger: silentLogger }).holds()).toBe(holds);
    expect(await readFile(path, 'utf8').catch(() => 'removed')).toBe(holds ? JSON.stringify([NAME]) : 'removed');
  });

  it('counts in doubt, and not when there is none, or nobody wrote it', async () => {
    const proc = await FakeProc.make();
    const marker = new StuckMarker({ path: join(proc.root, 'stuck.json'), proc: proc.root, logger: silentLogger });
    expect(marker.holds()).toBe(false);
    await writeFile(join(proc.root, 'stuck.json'), '[{"pid');
    expect(marker.holds()).toBe(false);
    await proc.put(70, 'Z');
    await proc.spoil('70/stat');
    marker.write([NAME]);
    expect(marker.holds()).toBe(true);
    const lost = new StuckMarker({ path: '/proc/self/stat/stuck.json', proc: proc.root, logger: silentLogger });
    lost.write([NAME]);
    expect(lost.holds()).toBe(false);
  });
});
