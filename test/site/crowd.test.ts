import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CardFile } from '../../join/protocol/messages.ts';
import { DEVICE, NODE } from '../../k8s/core/resources.ts';
import { Crowd } from '../../lab/hollow/crowd.ts';
import { hollowBoard } from '../../lab/hollow/hollow-board.ts';
import { applianceIn } from '../../lab/appliance-process.ts';
import { claimBoards, CROWD_LABEL, inParallel, settledAccount } from '../support/crowd-account.ts';
import { runs } from '../support/full-run.ts';
import { eventually, type RunningSite, startRunningSite } from './support/running-site.ts';

const COUNT = runs(50, 200);
/** Each waits for one of eight places; on a busy machine a join takes seconds. */
const JOIN_LIMIT_MS = 60_000 + COUNT * 3_000;
const TIDY_LIMIT_MS = 60_000;
/** Far above what a crowd of this size takes, far below what a leak for each request would. */
const MOST_RSS_MB = 600;

describe(`${String(COUNT)} boards switched on at once`, () => {
  const boards = Array.from({ length: COUNT }, (_, index) => hollowBoard(index + 1));
  const cards = new Map<number, CardFile>();
  let running: RunningSite;
  let crowd: Crowd;
  let peakMb = 0;

  beforeAll(async () => {
    // The master is no node: every Node is then a board's.
    running = await startRunningSite({ labName: 'crowd', applianceArgs: ['--control-plane-only'] });
    await inParallel(boards, async ({ number, name }) => {
      cards.set(number, (await running.client.createToken({ kind: 'card', note: name })).card as CardFile);
    });
    await claimBoards(running.kube, boards);
    crowd = await Crowd.start(running.site.lab);
  });
  afterAll(async () => {
    await crowd.close();
    await running.stop();
  });

  it(
    'become one labelled node each: none lost, none twice, and nothing is left over',
    { timeout: JOIN_LIMIT_MS + TIDY_LIMIT_MS + 10_000 },
    async () => {
      const appliance = await applianceIn(running.site.lab);
      crowd.switchOn({ cards });
      await eventually('all boards Ready', JOIN_LIMIT_MS, async () => {
        peakMb = Math.max(peakMb, (await appliance.figures()).rssMb);
        const devices = await running.kube.list(DEVICE);
        return devices.filter(({ status }) => status?.phase === 'Ready').length >= COUNT;
      });
      const account = await settledAccount(running.kube, boards, TIDY_LIMIT_MS);
      expect(account).toEqual({ lost: [], surplus: [], tickets: [], listedNames: [], loosePasswords: [] });
      expect(peakMb).toBeLessThan(MOST_RSS_MB);
    },
  );

  it('are the devices that the boards know themselves as, each with its own claim', async () => {
    const rows = new Map((await running.client.devices()).map((row) => [row.id, row]));
    expect(rows.size).toBe(COUNT);
    for (const { deviceId, board } of crowd.reports.values()) {
      expect(rows.get(deviceId)).toMatchObject({
        stage: 'Ready',
        evidence: 'CardToken',
        serial: board.serial,
        claim: board.name,
        nodeName: board.name,
        labels: { [CROWD_LABEL]: board.name },
      });
    }
  });

  it('keep their nodes and devices when the power of all goes', { timeout: JOIN_LIMIT_MS }, async () => {
    const before = new Map((await running.kube.list(NODE)).map(({ metadata }) => [metadata.name, metadata.uid]));
    crowd.switchOff();
    await eventually('a node that is gone', 90_000, async () =>
      (await running.kube.list(NODE)).some(
        ({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'Unknown',
      ),
    );
    expect(new Map((await running.kube.list(NODE)).map(({ metadata }) => [metadata.name, metadata.uid]))).toEqual(
      before,
    );
    expect((await running.kube.list(DEVICE)).filter(({ status }) => status?.phase !== undefined)).toHaveLength(COUNT);
  });
});
