import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LabJournal } from '../../../lab/journal.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usher-journal-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const DEAD = { pid: 1, startTicks: 'never' };

async function leaveBehind(name: string): Promise<void> {
  const entry = { owner: DEAD, labDir: '/x', processes: [DEAD], cgroups: ['/sys/fs/cgroup/usher-x'] };
  await writeFile(join(folder, `${name}.json`), JSON.stringify(entry));
}

describe('lab journal', () => {
  it('gives a name to one lab at a time, and frees it', async () => {
    const { journal } = await LabJournal.take('one', '/x', folder);
    await expect(LabJournal.take('one', '/y', folder)).rejects.toMatchObject({
      code: 'LAB_ALREADY_RUNNING',
      params: { pid: process.pid },
    });
    expect(await LabJournal.find('one', folder)).toMatchObject({ labDir: '/x' });
    await journal.release();
    expect(await LabJournal.find('one', folder)).toBeUndefined();
    await (await LabJournal.take('one', '/y', folder)).journal.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('names what has a journal, running or dead', async () => {
    expect(await LabJournal.names(join(folder, 'nothing'))).toEqual([]);
    await leaveBehind('dead');
    const { journal } = await LabJournal.take('alive', '/x', folder);
    expect((await LabJournal.names(folder)).toSorted()).toEqual(['alive', 'dead']);
    await journal.release();
  });

  it('hands over what a dead lab left, until that is forgotten', async () => {
    await leaveBehind('one');
    expect(await LabJournal.find('one', folder)).toBeUndefined();
    const first = await LabJournal.take('one', '/x', folder);
    expect(first.leftovers.map((leftover) => leftover.entry?.cgroups)).toEqual([['/sys/fs/cgroup/usher-x']]);
    await first.journal.release();
    expect(await LabJournal.names(folder)).toEqual(['one']);
    const second = await LabJournal.take('one', '/x', folder);
    expect(second.leftovers).toHaveLength(1);
    await Promise.all(second.leftovers.map((leftover) => leftover.forget()));
    await second.journal.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes over a journal that was cut short', async () => {
    await writeFile(join(folder, 'one.json'), '{"owner":');
    const { journal, leftovers } = await LabJournal.take('one', '/x', folder);
    expect(leftovers.map((leftover) => leftover.entry)).toEqual([undefined]);
    await journal.release();
  });

  it('lets one of several starters win over a stale journal', async () => {
    await leaveBehind('one');
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => LabJournal.take('one', '/x', folder)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'LAB_ALREADY_RUNNING' });
    }
  });

  it('keeps every entry of changes made at once', async () => {
    const { journal } = await LabJournal.take('one', '/x', folder);
    await Promise.all([2, 3, 4].map((pid) => journal.addProcess({ pid, startTicks: '1' })));
    await journal.removeProcess(3);
    const entry = JSON.parse(await readFile(join(folder, 'one.json'), 'utf8')) as { processes: { pid: number }[] };
    expect(entry.processes.map((mark) => mark.pid)).toEqual([2, 4]);
    await journal.release();
  });
});
