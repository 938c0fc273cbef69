import { describe, expect, it } from 'vitest';
import { DEVICE, DEVICE_CLAIM, NODE, type Node } from '../../../k8s/core/resources.ts';
import { JoinSite, joinedSite, MIN_MS, Pi, settle, stateOf } from './join-site.ts';

const HOUR_MS = 60 * MIN_MS;

async function releasingSite(): Promise<{ site: JoinSite; pi: Pi }> {
  const { site, pi } = await joinedSite();
  await site.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-left' }, { spec: { reclaimPolicy: 'Release' } });
  await settle();
  return { site, pi };
}

async function askedSite(): Promise<{ site: JoinSite; pi: Pi }> {
  const site = await JoinSite.create();
  await site.claim('lathe-left', { match: { serial: 's1' } });
  const pi = new Pi(site, 's1');
  await pi.hello();
  await pi.askTicket();
  return { site, pi };
}

function makeNode(site: JoinSite, annotations: Record<string, string> = {}): Promise<Node> {
  return site.kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'lathe-left', annotations } });
}

const deviceDeletes = (site: JoinSite): number =>
  site.kube.calls.filter(({ verb, kind }) => verb === 'delete' && kind === 'Device').length;

describe('the node of a device that is turned away', () => {
  it.each(['Ignored', 'Rejected'] as const)('stays with its claim, whatever that says of release: %s', async (word) => {
    const { site, pi } = await releasingSite();
    await site.desk.decide(pi.id, word);
    await site.pass(MIN_MS);
    expect(await site.node('lathe-left')).toBeDefined();
    expect((await site.device(pi.id)).status).toMatchObject({ phase: 'Ready', claimRef: { name: 'lathe-left' } });
    expect((await site.claimNamed('lathe-left'))?.status?.phase).toBe('Joined');
    await site.kube.delete(DEVICE_CLAIM, { name: 'lathe-left' });
    await settle();
    expect(await site.node('lathe-left')).toBeUndefined();
    expect((await site.device(pi.id)).status?.phase).toBe(word);
  });

  it('stays its node and claim when that is said in quarantine', async () => {
    const { site, pi } = await releasingSite();
    await new Pi(site, 'other board', pi.evidence, 's1').hello();
    await site.desk.decide(pi.id, 'Ignored');
    await site.pass(MIN_MS);
    expect((await site.device(pi.id)).status).toMatchObject({
      phase: 'Ignored',
      claimRef: { name: 'lathe-left' },
      nodeRef: { name: 'lathe-left' },
    });
    await site.desk.decide(pi.id, 'Undecided');
    await settle();
    expect(await stateOf(site, pi)).toBe('ready');
  });

  it('is released when the claim is gone, not when it merely does not bind the device any more', async () => {
    const { site, pi } = await releasingSite();
    await site.kube.mergePatch(DEVICE, { name: pi.id }, { spec: { evidence: { kind: 'None' } } });
    await site.pass(MIN_MS);
    expect((await site.claimNamed('lathe-left'))?.status?.phase).not.toBe('Joined');
    expect(await site.node('lathe-left')).toBeDefined();
    await site.kube.delete(DEVICE_CLAIM, { name: 'lathe-left' });
    await settle();
    expect(await site.node('lathe-left')).toBeUndefined();
  });
});

describe('a node that appears after its ticket was given up', () => {
  it('is deleted when its device was revoked, as often as it appears', async () => {
    const { site, pi } = await askedSite();
    site.kill();
    // The next process writes the state and ends before the ticket is burnt.
    await site.kube.mergePatch(DEVICE, { name: pi.id }, { spec: { decision: 'Revoked' } });
    const process = await site.start({ write: 1, moment: 'after' });
    expect([process.isDead, await stateOf(site, pi), (await site.tokens()).length]).toEqual([true, 'revoked', 1]);
    if (pi.ticket !== undefined) expect(await site.registerNode(pi.ticket)).toBe(true);
    await site.start();
    await site.pass(11_000);
    expect(await site.node('lathe-left')).toBeUndefined();
    for (let time = 0; time < 2; time += 1) {
      await makeNode(site);
      await site.pass(11_000);
      expect(await site.node('lathe-left')).toBeUndefined();
    }
    expect(await site.tokens()).toEqual([]);
    expect(await site.listedNames()).toEqual(['master']);
    expect(site.kube.handlerErrors).toEqual([]);
  });

  it('is left alone when it came from another device, or was there before', async () => {
    const { site, pi } = await askedSite();
    await site.desk.decide(pi.id, 'Revoked');
    await makeNode(site, { 'usher.internal/device': 'another' });
    await site.pass(MIN_MS);
    expect(await site.node('lathe-left')).toBeDefined();
    await site.kube.delete(NODE, { name: 'lathe-left' });
    site.clock.advance(-HOUR_MS);
    await makeNode(site);
    await site.pass(2 * HOUR_MS);
    expect(await site.node('lathe-left')).toBeDefined();
  });

  it('joins when its device only failed', async () => {
    const { site, pi } = await askedSite();
    await site.ask((desk) => desk.report(pi.id, { v: 1, code: 'K3S_EXITED', detail: '' }));
    expect(await stateOf(site, pi)).toBe('failed');
    await makeNode(site);
    await site.setNodeReady('lathe-left');
    await site.pass(1000);
    expect((await site.device(pi.id)).status).toMatchObject({ phase: 'Ready', claimRef: { name: 'lathe-left' } });
    expect((await site.claimNamed('lathe-left'))?.status?.phase).toBe('Joined');
  });
});

describe('forgetting', () => {
  it('keeps a device that had a ticket, for its card can show nothing any more', async () => {
    const { site, pi } = await askedSite();
    await site.kube.delete(DEVICE_CLAIM, { name: 'lathe-left' });
    await settle();
    await site.pass(25 * HOUR_MS);
    expect(await stateOf(site, pi)).toBe('pending');
  });

  it('deletes a device once, also when the watch is slow to tell', async () => {
    const site = await JoinSite.create();
    const pi = new Pi(site, 's1');
    await pi.hello();
    // A finalizer keeps the object in the caches for as long as it likes.
    await site.kube.mergePatch(DEVICE, { name: pi.id }, { metadata: { finalizers: ['test/hold'] } });
    await settle();
    await site.pass(25 * HOUR_MS);
    expect(deviceDeletes(site)).toBe(1);
  });
});

describe('the hardware of a known key', () => {
  it('keeps its serial when a hello says none', async () => {
    const { site, pi } = await joinedSite();
    const hw = { macs: ['dc:a6:32:00:00:01'], arch: 'arm64' as const };
    const mute = { ...pi.proven, hello: { ...pi.proven.hello, hw } };
    await site.ask((desk) => desk.admit(mute, pi.evidence));
    expect((await site.device(pi.id)).status?.hardware).toMatchObject({ serial: 's1', macs: hw.macs });
    await new Pi(site, 'other board', pi.evidence, 's1').hello();
    expect(await stateOf(site, pi)).toBe('quarantined');
  });

  it('becomes that of the board an operator let out of quarantine, and of no third one', async () => {
    const { site, pi } = await joinedSite();
    const moved = new Pi(site, 'other board', pi.evidence, 's1');
    const third = new Pi(site, 'third board', pi.evidence, 's1');
    await moved.hello();
    await third.hello();
    expect((await site.device(pi.id)).status?.hardware?.serial).toBe('s1');
    await site.pass(1000);
    await site.desk.decide(pi.id, 'Retry');
    await settle();
    expect((await site.device(pi.id)).status?.hardware?.serial).toBe('other board');
    await moved.hello();
    expect(await stateOf(site, pi)).toBe('ready');
    await third.hello();
    expect(await stateOf(site, pi)).toBe('quarantined');
  });
});
