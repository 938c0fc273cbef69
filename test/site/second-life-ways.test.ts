import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVICE, NODE } from '../../k8s/core/resources.ts';
import { operatorWay, WAYS } from './support/operator-ways.ts';
import { isNodeReady, type RunningSite, startRunningSite, tokensLeft } from './support/running-site.ts';
import { Bench } from './support/second-life.ts';

/** What one operator does is a story, in order; what the three do is at the same time. */
const inOrder = { concurrent: false, timeout: 360_000 };

/**
 * What becomes of a board after its first life: everything by the page's requests, by the program `usher`, and by kubectl.
 * Nothing is mended by hand: no Secret, Node or file is deleted.
 */
describe('the second life of a board', () => {
  let running: RunningSite;
  beforeAll(async () => {
    running = await startRunningSite({ labName: 'ways' });
  });
  afterAll(async () => {
    await running.stop();
  });

  describe.each(WAYS)('by %s', { concurrent: true }, (wayName) => {
    let bench: Bench;
    let [lathe, mill] = ['', ''];
    /** Machines, and the devices that they are now. */
    let [first, spare] = ['', ''];
    let [firstDevice, spareDevice] = ['', ''];

    beforeAll(async () => {
      const prefix = wayName.toLowerCase();
      bench = new Bench(running, await operatorWay(running, wayName), prefix);
      [first, spare] = [bench.name('1'), bench.name('2')];
      [lathe, mill] = [bench.name('lathe'), bench.name('mill')];
    });

    it('a board is rejected, whatever claims it, and joins once the operator changes his mind', inOrder, async () => {
      firstDevice = await bench.plugIn(first);
      await bench.way.decide(firstDevice, 'Rejected');
      await bench.reaches(firstDevice, 'Rejected');
      await bench.way.claim(lathe, firstDevice, bench.labels);
      await bench.isLeftWith([]);
      await bench.reaches(firstDevice, 'Rejected');
      await bench.way.decide(firstDevice, 'Undecided');
      await bench.joins(firstDevice, lathe);
    });

    it('a board is ignored, and waits again once the operator changes his mind', inOrder, async () => {
      spareDevice = await bench.plugIn(spare);
      await bench.way.decide(spareDevice, 'Ignored');
      await bench.reaches(spareDevice, 'Ignored');
      await bench.way.decide(spareDevice, 'Undecided');
      await bench.reaches(spareDevice, 'Pending');
      await bench.untilRow('it to be claimable', ({ id, claimable }) => id === spareDevice && claimable);
    });

    it('a board flashed anew with its used card takes its place once that is confirmed', inOrder, async () => {
      const before = await running.kube.get(NODE, { name: lathe });
      await running.site.lab.reflash(first, bench.firstCard(first));
      const newcomer = await bench.untilRow('the offer', ({ offer }) => offer?.device === firstDevice);
      // Its token was used: without the operator's word it is no more than one of many in memory.
      expect([newcomer.stage, newcomer.failure?.code]).toEqual(['NoEvidence', 'TOKEN_USED']);
      expect(await running.kube.get(DEVICE, { name: newcomer.id })).toBeUndefined();
      expect((await running.kube.get(NODE, { name: lathe }))?.metadata.uid).toBe(before?.metadata.uid);
      await bench.way.replace({ device: firstDevice, nodeName: lathe }, newcomer.id);
      const after = await bench.joins(newcomer.id, lathe);
      expect(after.metadata.uid).not.toBe(before?.metadata.uid);
      await bench.reaches(firstDevice, 'Replaced');
      firstDevice = newcomer.id;
    });

    it('a board flashed anew with a new card is offered, and takes its place likewise', inOrder, async () => {
      const before = await running.kube.get(NODE, { name: lathe });
      await running.site.lab.reflash(first, await bench.newCard('flashed anew'));
      const newcomer = await bench.untilRow('the offer', ({ offer }) => offer?.device === firstDevice);
      await bench.untilRow(
        'both to be shown',
        ({ id, failure }) => id === newcomer.id && failure?.code === 'REPLACEMENT_OFFERED',
      );
      expect((await running.kube.get(NODE, { name: lathe }))?.metadata.uid).toBe(before?.metadata.uid);
      await bench.way.replace({ device: firstDevice, nodeName: lathe }, newcomer.id);
      const after = await bench.joins(newcomer.id, lathe);
      expect(after.metadata.uid).not.toBe(before?.metadata.uid);
      await bench.reaches(firstDevice, 'Replaced');
      firstDevice = newcomer.id;
    });

    it('a dead board is replaced by another, and is told to stop when it comes back', inOrder, async () => {
      const { lab } = running.site;
      await lab.kill(first);
      await bench.way.replace({ device: firstDevice, nodeName: lathe }, spareDevice);
      const node = await bench.joins(spareDevice, lathe);
      await lab.boot(first);
      await bench.hasStopped(first);
      await bench.reaches(firstDevice, 'Replaced');
      expect((await running.kube.get(NODE, { name: lathe }))?.metadata.uid).toBe(node.metadata.uid);
    });

    it('a node goes on when its claim is deleted (Retain), and is taken over untouched', inOrder, async () => {
      const before = await running.kube.get(NODE, { name: lathe });
      await bench.way.setPolicy(lathe, 'Retain');
      await bench.way.unclaim(lathe);
      await bench.untilRow('the device to say that it has no claim', ({ id, conditions = [] }) =>
        conditions.some(({ type, reason }) => id === spareDevice && type === 'Claimed' && reason === 'NodeRetained'),
      );
      expect(await isNodeReady(running, lathe)).toBe(true);
      await bench.way.claim(lathe, spareDevice, bench.labels);
      const after = await bench.joins(spareDevice, lathe);
      expect(after.metadata.uid).toBe(before?.metadata.uid);
    });

    it('a board that is claimed under another name joins anew', inOrder, async () => {
      await bench.way.unclaim(lathe);
      await bench.way.claim(mill, spareDevice, bench.labels);
      await bench.isLeftWith([]);
      await bench.checkIn(spare);
      await bench.joins(spareDevice, mill);
    });

    it(
      'a board that is unclaimed while it is off waits at its next boot, and joins when claimed',
      inOrder,
      async () => {
        const { lab } = running.site;
        await bench.way.setPolicy(mill, 'Release');
        await lab.kill(spare);
        await bench.way.unclaim(mill);
        await bench.isLeftWith([]);
        await lab.boot(spare);
        await bench.waitsForClaim(spare);
        await bench.reaches(spareDevice, 'Pending');
        await bench.way.claim(mill, spareDevice, bench.labels);
        await bench.joins(spareDevice, mill);
      },
    );

    it('a node is drained and deleted with its claim (Release), and its board waits', inOrder, async () => {
      const { pod } = await bench.runsPod('released');
      await bench.way.setPolicy(mill, 'Release');
      await bench.way.unclaim(mill);
      await bench.podIsGone(pod);
      await bench.isLeftWith([]);
      await bench.checkIn(spare);
      await bench.waitsForClaim(spare);
      await bench.reaches(spareDevice, 'Pending');
      await bench.way.claim(mill, spareDevice, bench.labels);
      await bench.joins(spareDevice, mill);
    });

    it('a revoked board is out for good, and what it could still do is said', inOrder, async () => {
      const { pod, secret } = await bench.runsPod('revoked');
      const { before, after, guide } = await bench.way.revoke(spareDevice, mill);
      if (before !== undefined) for (const what of [mill, pod, secret]) expect(before).toContain(what);
      expect(after).toMatch(/certificate.* pods and nodes.* until the CA of the cluster is rotated/);
      expect(guide).toContain(spareDevice);
      expect(guide).toMatch(/certificate rotate-ca --data-dir/);
      await bench.podIsGone(pod);
      await bench.isLeftWith([]);
      await bench.checkIn(spare);
      await bench.hasStopped(spare);
      await bench.reaches(spareDevice, 'Revoked');
    });

    it(
      'a name that was revoked is given to nobody, and the operator may change his mind about the board',
      inOrder,
      async () => {
        await bench.way.unclaim(mill);
        await bench.way.decide(firstDevice, 'Retry');
        await bench.reaches(firstDevice, 'Pending');
        await bench.way.claim(mill, firstDevice, bench.labels);
        const { failure } = await bench.untilRow(
          'why not',
          (row) => row.id === firstDevice && row.failure !== undefined,
        );
        expect([failure?.code, failure?.message]).toEqual([
          'NODE_NAME_TAKEN',
          expect.stringContaining('revoked device'),
        ]);
        await bench.way.unclaim(mill);
        await bench.way.decide(spareDevice, 'Undecided');
        await bench.reaches(spareDevice, 'Pending');
        await bench.isLeftWith([]);
      },
    );
  });

  it('a board that lost its power in the middle of its join, and was revoked meanwhile, stops', async () => {
    const bench = new Bench(running, await operatorWay(running, 'page'), 'cut');
    const [board, node] = [bench.name('1'), bench.name('lathe')];
    const device = await bench.plugIn(board);
    await bench.way.claim(node, device, bench.labels);
    await bench.hasBegunToJoin(board);
    await running.site.lab.kill(board);
    await bench.way.decide(device, 'Revoked');
    await bench.reaches(device, 'Revoked');
    await running.site.lab.boot(board);
    await bench.hasStopped(board);
    await bench.way.unclaim(node);
    await bench.isLeftWith([]);
  }, 360_000);

  it('leaves nothing behind', async () => {
    expect((await running.kube.list(NODE)).map(({ metadata }) => metadata.name)).toEqual(['master']);
    expect(await tokensLeft(running)).toEqual([]);
  });
});
