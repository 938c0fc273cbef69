import { describe, expect, it } from 'vitest';
import { POD } from '../../../k8s/core/pods.ts';
import { DEVICE_CLAIM, NODE, SECRET, type DeviceClaimSpec } from '../../../k8s/core/resources.ts';
import type { Death } from './mortal.ts';
import { JoinSite, joinedSite, LABELS, MIN_MS, Pi, settle, stateOf } from './join-site.ts';

const CLAIM = { name: 'lathe-left' };

/** The board of `pi` with another card: same serial, new key. */
function reflashed(site: JoinSite, pi: Pi, key = 'new card'): Pi {
  return new Pi(site, 's1', pi.evidence, key);
}

async function confirm(site: JoinSite, old: Pi, pi: Pi): Promise<void> {
  const match = { serial: null, device: pi.id };
  await site.kube.mergePatch(DEVICE_CLAIM, CLAIM, { spec: { match, replaces: old.id } });
  await settle();
}

async function conditionOf(site: JoinSite, pi: Pi, type: string): Promise<object | undefined> {
  return (await site.device(pi.id)).status?.conditions?.find((condition) => condition.type === type);
}

async function nodeOwner(site: JoinSite, name = 'lathe-left'): Promise<string | undefined> {
  return (await site.node(name))?.metadata.annotations?.['usher.internal/device'];
}

/** Lives until the join is over: every retry has its time. */
async function liveOn(site: JoinSite, ...pis: Pi[]): Promise<void> {
  for (let moment = 0; moment < 8; moment += 1) {
    for (const pi of pis) await pi.live();
    await site.pass(2000);
  }
}

async function addPod(site: JoinSite, name: string): Promise<void> {
  await site.kube.create(POD, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'lathe-left' },
  });
}

describe('a board that was flashed anew', () => {
  it('takes its place once that is confirmed, and not before', async () => {
    const { site, pi: old } = await joinedSite();
    const pi = reflashed(site, old);
    await pi.hello();
    await settle();
    expect((await site.device(pi.id)).status).toMatchObject({
      phase: 'Pending',
      failure: { code: 'REPLACEMENT_OFFERED' },
    });
    expect(await stateOf(site, old)).toBe('ready');
    // A word that names no key might be about anybody's.
    await site.kube.mergePatch(DEVICE_CLAIM, CLAIM, { spec: { replaces: old.id } });
    await liveOn(site, pi);
    expect(await stateOf(site, old)).toBe('ready');
    await confirm(site, old, pi);
    await liveOn(site, pi);
    expect((await site.device(pi.id)).status).toMatchObject({ phase: 'Ready', nodeRef: { name: 'lathe-left' } });
    expect(await nodeOwner(site)).toBe(pi.id);
    expect((await site.node('lathe-left'))?.metadata.labels).toEqual(LABELS);
    expect((await site.device(old.id)).status).toMatchObject({
      phase: 'Replaced',
      failure: { code: 'DEVICE_REPLACED' },
    });
    expect(await site.ask((desk) => desk.checkIn(old.id))).toBe('stop');
    expect(site.desk.statusOf(old.id)).toMatchObject({ state: 'revoked', reason: { code: 'DEVICE_REPLACED' } });
    expect([await site.tokens(), await site.listedNames(), (await site.passwords()).length]).toEqual([
      [],
      ['master'],
      1,
    ]);
    expect(site.kube.handlerErrors).toEqual([]);
  });

  it('leaves the old one alone as long as the newcomer has not come', async () => {
    const { site, pi: old } = await joinedSite();
    const pi = reflashed(site, old);
    await confirm(site, old, pi);
    await site.pass(MIN_MS);
    expect((await site.device(old.id)).status).toMatchObject({ phase: 'Ready', claimRef: CLAIM });
    expect(await conditionOf(site, old, 'Claimed')).toMatchObject({ reason: 'Replaced' });
    expect((await site.claimNamed('lathe-left'))?.status?.phase).toBe('Waiting');
    await liveOn(site, pi);
    expect([await stateOf(site, pi), await stateOf(site, old)]).toEqual(['ready', 'replaced']);
  });

  it('waits until the old node is drained, and says so everywhere', async () => {
    const { site, pi: old } = await joinedSite();
    await addPod(site, 'one');
    site.kube.podsKeptByBudget.add('one');
    const pi = reflashed(site, old);
    await pi.hello();
    await confirm(site, old, pi);
    expect((await site.node('lathe-left'))?.spec?.unschedulable).toBe(true);
    expect(await conditionOf(site, old, 'Ready')).toMatchObject({
      reason: 'NodeDraining',
      message: 'Waits for 1 pod to leave node lathe-left.',
    });
    expect(await conditionOf(site, pi, 'Ready')).toMatchObject({ reason: 'NameHandedOver' });
    expect(site.desk.statusOf(pi.id)).toMatchObject({ state: 'verified', reason: { code: 'NODE_DRAINING' } });
    expect((await site.claimNamed('lathe-left'))?.status?.conditions?.[1]).toMatchObject({ reason: 'NameHandedOver' });
    expect(await pi.askTicket()).toBe('NOT_APPROVED');
    await site.kube.delete(POD, { name: 'one', namespace: 'default' });
    await site.pass(2000);
    expect(await site.node('lathe-left')).toBeUndefined();
    await liveOn(site, pi);
    expect(await stateOf(site, pi)).toBe('ready');
  });

  it('does not wait for ever for pods that do not leave', async () => {
    const { site, pi: old } = await joinedSite();
    await addPod(site, 'one');
    site.kube.podsKeptByBudget.add('one');
    const pi = reflashed(site, old);
    await pi.hello();
    await confirm(site, old, pi);
    site.kill();
    await site.start();
    for (let second = 0; second < 62; second += 2) await site.pass(2000);
    expect(await site.node('lathe-left')).toBeUndefined();
    const releasing = site.events.filter(({ reason, regarding }) => reason === 'NodeReleasing' && regarding === old.id);
    expect(releasing.length).toBeLessThanOrEqual(1);
  });

  it('keeps the old one out, also against a restored card, until nobody says any more that it is replaced', async () => {
    const { site, pi: old } = await joinedSite();
    const pi = reflashed(site, old);
    await pi.hello();
    await confirm(site, old, pi);
    await liveOn(site, pi);
    await old.hello();
    await site.desk.decide(old.id, 'Retry');
    await settle();
    expect(await stateOf(site, old)).toBe('replaced');
    await site.kube.mergePatch(DEVICE_CLAIM, CLAIM, {
      spec: { replaces: null, match: { serial: null, device: pi.id } },
    });
    await site.pass(1000);
    await site.desk.decide(old.id, 'Retry');
    await site.claim('spare', { match: { device: old.id } });
    old.ticket = undefined;
    await liveOn(site, old);
    expect([await stateOf(site, old), await nodeOwner(site, 'spare')]).toEqual(['ready', old.id]);
    expect(await nodeOwner(site)).toBe(pi.id);
  });

  it('keeps its name when the old one is revoked afterwards', async () => {
    const { site, pi: old } = await joinedSite();
    const pi = reflashed(site, old);
    await pi.hello();
    await confirm(site, old, pi);
    await liveOn(site, pi);
    await site.desk.decide(old.id, 'Revoked');
    await site.kube.delete(NODE, { name: 'lathe-left' });
    await settle();
    pi.ticket = undefined;
    await liveOn(site, pi);
    expect([await stateOf(site, pi), await stateOf(site, old), await nodeOwner(site)]).toEqual([
      'ready',
      'revoked',
      pi.id,
    ]);
  });
});

describe('a device that is claimed again', () => {
  it('joins anew under another name, and its old node goes', async () => {
    const { site, pi } = await joinedSite();
    await site.kube.delete(DEVICE_CLAIM, CLAIM);
    await settle();
    await site.claim('mill', { match: { device: pi.id } });
    await settle();
    expect(await site.node('lathe-left')).toBeUndefined();
    expect(await site.ask((desk) => desk.checkIn(pi.id))).toBe('rejoin');
    pi.ticket = undefined;
    await liveOn(site, pi);
    expect((await site.device(pi.id)).status).toMatchObject({ phase: 'Ready', nodeRef: { name: 'mill' } });
    expect((await site.device(pi.id)).status).not.toHaveProperty('failure');
  });

  it('keeps its node while the other name is not free', async () => {
    const { site, pi } = await joinedSite();
    await site.kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'mill' } });
    await site.kube.delete(DEVICE_CLAIM, CLAIM);
    await site.claim('mill', { match: { device: pi.id } });
    await site.pass(MIN_MS);
    expect(await nodeOwner(site)).toBe(pi.id);
    expect((await site.claimNamed('mill'))?.status?.conditions?.[0]).toMatchObject({ reason: 'NodeNameTaken' });
  });

  it('keeps its node when it is claimed again while that is being drained', async () => {
    const spec: DeviceClaimSpec = { match: { serial: 's1' }, labels: LABELS, reclaimPolicy: 'Release' };
    const { site, pi } = await joinedSite();
    await site.kube.mergePatch(DEVICE_CLAIM, CLAIM, { spec });
    await addPod(site, 'one');
    site.kube.podsKeptByBudget.add('one');
    await settle();
    await site.kube.delete(DEVICE_CLAIM, CLAIM);
    await settle();
    expect((await site.node('lathe-left'))?.spec?.unschedulable).toBe(true);
    await site.claim('lathe-left', spec);
    await site.pass(3000);
    expect((await site.node('lathe-left'))?.spec?.unschedulable).toBeUndefined();
    expect(await conditionOf(site, pi, 'Ready')).toMatchObject({ status: 'True' });
  });
});

describe('a node that appears after its device had lost its ticket', () => {
  it.each(['pending', 'rejected', 'ignored'] as const)('is deleted: %s', async (state) => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    const pi = new Pi(site, 's1');
    await pi.hello();
    await pi.askTicket();
    if (state === 'pending') await site.kube.delete(DEVICE_CLAIM, CLAIM);
    else await site.desk.decide(pi.id, state === 'rejected' ? 'Rejected' : 'Ignored');
    await settle();
    expect(await stateOf(site, pi)).toBe(state);
    await site.kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: CLAIM });
    await site.pass(1000);
    expect([await site.node('lathe-left'), await stateOf(site, pi)]).toEqual([undefined, state]);
  });

  it('is its node when a claim wants it under that name again', async () => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    const pi = new Pi(site, 's1');
    await pi.hello();
    await pi.askTicket();
    await site.kube.delete(DEVICE_CLAIM, CLAIM);
    await settle();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    await settle();
    await site.kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: CLAIM });
    await site.setNodeReady('lathe-left');
    await site.pass(1000);
    expect([await stateOf(site, pi), await nodeOwner(site)]).toEqual(['ready', pi.id]);
  });
});

describe('node passwords of an earlier life', () => {
  const secretName = { name: 'lathe-left.node-password.k3s', namespace: 'kube-system' };
  const secretOf = (more: object) => ({
    apiVersion: 'v1' as const,
    kind: 'Secret' as const,
    type: 'k3s.cattle.io/node-password',
    metadata: { ...secretName, ...more },
    data: { hash: Buffer.from('$1:00').toString('base64') },
  });
  const join = async (more: object): Promise<{ site: JoinSite; pi: Pi }> => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    await site.kube.create(SECRET, secretOf(more));
    const pi = new Pi(site, 's1');
    await liveOn(site, pi);
    return { site, pi };
  };

  it('are rubbish when their node is gone', async () => {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: 'lathe-left', uid: 'of-the-old-node' }];
    const { site, pi } = await join({ ownerReferences });
    expect(await stateOf(site, pi)).toBe('ready');
    expect(site.alarms).toEqual([]);
  });

  it('raise an alarm when nobody knows them', async () => {
    const { site, pi } = await join({});
    expect(await stateOf(site, pi)).toBe('quarantined');
    expect(site.alarms).toMatchObject([{ code: 'NODE_PASSWORD_FOREIGN', device: pi.id, nodeName: 'lathe-left' }]);
  });
});

it('a key that comes back on another board raises an alarm', async () => {
  const { site, pi } = await joinedSite();
  await new Pi(site, 'other board', pi.evidence, 's1').hello();
  expect(site.alarms).toMatchObject([
    {
      code: 'HARDWARE_CHANGED',
      device: pi.id,
      params: { expected: 's1', actual: 'other board' },
      nodeName: 'lathe-left',
    },
  ]);
});

describe('a replacement whose appliance is killed', async () => {
  async function replaceThrough(death?: Death): Promise<{ writes: number; end: object }> {
    const { site, pi: old } = await joinedSite();
    site.kill();
    const pi = reflashed(site, old);
    const process = await site.start(death);
    for (let moment = 0; moment < 20; moment += 1) {
      await pi.live();
      if (!site.isUp()) await site.start();
      if (moment === 1) await confirm(site, old, pi);
      await site.pass(1000);
    }
    const end = {
      states: [await stateOf(site, pi), await stateOf(site, old)],
      owner: await nodeOwner(site),
      isNew: (await nodeOwner(site)) === pi.id,
      tickets: site.ticketsMade().size,
      tokens: await site.tokens(),
      names: await site.listedNames(),
      passwords: (await site.passwords()).length,
      claim: (await site.claimNamed('lathe-left'))?.status?.phase,
      errors: site.kube.handlerErrors,
    };
    return { writes: process.writes, end };
  }
  const { writes, end } = await replaceThrough();

  it('ends with one node, that of the newcomer, when it is not', () => {
    expect(end).toMatchObject({ states: ['ready', 'replaced'], isNew: true, tickets: 2, tokens: [], claim: 'Joined' });
  });

  it.each(
    Array.from({ length: writes }, (_, i) => i + 1).flatMap((write): Death[] => [
      { write, moment: 'before' },
      { write, moment: 'after' },
    ]),
  )('ends so too, killed $moment write $write', async (death) => {
    expect((await replaceThrough(death)).end).toEqual(end);
  });
});
