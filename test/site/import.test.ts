import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CardFile } from '../../join/protocol/messages.ts';
import { Crowd } from '../../lab/hollow/crowd.ts';
import { hollowBoard } from '../../lab/hollow/hollow-board.ts';
import {
  deviceOf,
  eventually,
  isNodeReady,
  labelsOf,
  type RunningSite,
  startRunningSite,
} from './support/running-site.ts';

const ROWS = 100;
/** One Pi that is whole, with its agent and its kubelet, and nine hollow ones. */
const WHOLE = { row: 7, name: 'pi-1' };
const PLUGGED = [2, 3, 4, 5, 6, WHOLE.row, 50, 51, 99, 100];
/** What is wrong with three of the rows: row of the file, counted without its heading, and what the preview says. */
const BAD: readonly [row: number, label: string, told: RegExp][] = [
  [1, 'zone', /key=value/],
  [52, 'kubernetes.io/zone=a', /claimed/],
  [98, 'zone=hall 3', /zone=hall 3/],
];
const JOIN_LIMIT_MS = 120_000;

describe('a file of a hundred claims, and ten of its Pis plugged in later', () => {
  let running: RunningSite;
  let crowd: Crowd;
  const serials = Array.from({ length: ROWS }, (_, index) => hollowBoard(index + 1).serial);
  const nameOf = (row: number): string => hollowBoard(row).name;
  const labelsIn = (row: number): Record<string, string> => ({ machine: 'greenhouse', zone: `z${String(row % 4)}` });
  const csv = (): string =>
    [
      'name,serial,labels',
      ...serials.map((serial, index) => {
        const row = index + 1;
        const bad = BAD.find(([at]) => at === row)?.[1];
        const labels = Object.entries(labelsIn(row)).map(([key, value]) => `${key}=${value}`);
        return `${nameOf(row)},${serial},${bad ?? labels.join(';')}`;
      }),
    ].join('\r\n');

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'import', applianceArgs: ['--control-plane-only'] });
    const { spec } = await running.site.lab.addPi({ name: WHOLE.name });
    serials[WHOLE.row - 1] = spec.board?.serial ?? '';
    crowd = await Crowd.start(running.site.lab);
  });
  afterAll(async () => {
    await crowd.close();
    await running.stop();
  });

  it('is previewed, with what is wrong in which line, and its good rows are taken', async () => {
    const { manifests } = running.client;
    const file = { format: 'csv', text: csv() } as const;
    const { digest, rows, counts } = await manifests.preview(file);
    expect(counts).toEqual({ new: ROWS - BAD.length, changed: 0, unchanged: 0, conflict: 0, invalid: BAD.length });
    const wrong = rows.filter(({ outcome }) => outcome === 'invalid');
    expect(wrong.map(({ line }) => line)).toEqual(BAD.map(([row]) => row + 1));
    for (const [index, [, , told]] of BAD.entries()) expect(wrong[index]?.message).toMatch(told);
    const { created, left } = await manifests.import({ ...file, digest, take: 'good' });
    expect([created, left.map(({ line }) => line)]).toEqual([ROWS - BAD.length, wrong.map(({ line }) => line)]);
    expect(await running.client.claims()).toHaveLength(ROWS - BAD.length);
  });

  it('makes nodes of them with exactly their labels, while nobody looks', { timeout: 180_000 }, async () => {
    const cards = new Map<number, CardFile>();
    const [leftOut = 0] = BAD.map(([row]) => row);
    for (const row of [...PLUGGED, leftOut]) {
      if (row === WHOLE.row) continue;
      cards.set(row, (await running.client.createToken({ kind: 'card', note: nameOf(row) })).card as CardFile);
    }
    crowd.switchOn({ cards, spreadMs: 2_000 });
    await running.site.lab.plug(WHOLE.name);
    await eventually('all ten to be Ready', JOIN_LIMIT_MS, async () => {
      const ready = await Promise.all(PLUGGED.map((row) => isNodeReady(running, nameOf(row))));
      return ready.every(Boolean);
    });
    await eventually('all their devices', JOIN_LIMIT_MS, async () => {
      const ready = (await running.client.devices()).filter(({ stage }) => stage === 'Ready');
      return ready.length === PLUGGED.length;
    });
    const labels = await Promise.all(PLUGGED.map((row) => labelsOf(running, nameOf(row))));
    expect(labels).toEqual(PLUGGED.map(labelsIn));
    expect((await running.client.claim(nameOf(WHOLE.row))).device).toBe((await deviceOf(running, WHOLE.name)).id);
  });

  it('leaves the board of a row that was wrong to whoever claims it', async () => {
    const [[row] = [0]] = BAD;
    const device = (await running.client.devices()).find(({ serial }) => serial === serials[row - 1]);
    expect(device).toMatchObject({ stage: 'Pending', claimable: true });
    expect(device?.claim).toBeUndefined();
  });
});
