import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CONFIG_MAP,
  DEVICE,
  DEVICE_CLAIM,
  NODE,
  type Device,
  type DeviceClaimSpec,
  type Node,
} from '../../k8s/core/resources.ts';
import type { CardOptions } from '../../bootstrap-image/card.ts';
import type { Card } from '../../lab/disk.ts';
import {
  eventually,
  isNodeReady,
  labelsOf,
  type RunningSite,
  startRunningSite,
  tokensLeft,
} from './support/running-site.ts';

const LIMIT_MS = 60_000;
const OWNER = 'usher.internal/device';

/**
 * What becomes of a board after its first life, each as kubectl would do it: by a change of one object. Nothing is mended
 * by hand: no Secret, Node or file is deleted.
 */
describe('the second life of a board', () => {
  let running: RunningSite;
  /** The card that each Pi got first. */
  const cards = new Map<string, Card>();

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'second' });
    const { lab } = running.site;
    lab.useCards(async (machine) => {
      const card = await newCard(machine);
      if (!cards.has(machine)) cards.set(machine, card);
      return card;
    });
    const names = { 'pi-1': 'lathe-left', 'pi-2': 'lathe-right', 'pi-3': 'tank' };
    for (const [machine, name] of Object.entries(names)) {
      const pi = await lab.addPi({ name: machine });
      await claim(name, { match: { serial: pi.spec.board?.serial ?? '' }, labels: { machine: name } });
    }
    await Promise.all(Object.keys(names).map((machine) => lab.plug(machine)));
    for (const name of Object.values(names)) await untilReady(name);
  }, 240_000);
  afterAll(async () => {
    await running.stop();
  });

  async function newCard(note: string): Promise<Card> {
    const { card } = await running.client.createToken({ kind: 'card', note });
    return running.site.lab.cards.write(card as NonNullable<CardOptions['usherJson']>);
  }

  async function claim(name: string, spec: DeviceClaimSpec): Promise<void> {
    const metadata = { name };
    await running.kube.create(DEVICE_CLAIM, {
      apiVersion: 'usher.internal/v1alpha1',
      kind: 'DeviceClaim',
      metadata,
      spec,
    });
  }

  async function untilReady(nodeName: string, owner?: string): Promise<Node> {
    return eventually(`node ${nodeName} to be Ready`, LIMIT_MS, async () => {
      const node = await running.kube.get(NODE, { name: nodeName });
      const isIts = owner === undefined || node?.metadata.annotations?.[OWNER] === owner;
      return (await isNodeReady(running, nodeName)) && isIts ? node : undefined;
    });
  }

  async function deviceOfNode(nodeName: string): Promise<Device> {
    return eventually(`the device of ${nodeName}`, LIMIT_MS, async () =>
      (await running.kube.list(DEVICE)).find(({ status }) => status?.nodeRef?.name === nodeName),
    );
  }

  function untilDevice(what: string, probe: (device: Device) => boolean): Promise<Device> {
    return eventually(what, LIMIT_MS, async () => (await running.kube.list(DEVICE)).find(probe));
  }

  const phaseOf = async (id: string): Promise<string | undefined> =>
    (await running.kube.get(DEVICE, { name: id }))?.status?.phase;

  it('is offered after a re-flash, touches nothing until that is confirmed, and then takes its place', async () => {
    const old = await deviceOfNode('lathe-left');
    const before = await running.kube.get(NODE, { name: 'lathe-left' });
    await running.site.lab.reflash('pi-1');
    const newcomer = await untilDevice('the offer', ({ status }) => status?.failure?.code === 'REPLACEMENT_OFFERED');
    expect(newcomer.metadata.name).not.toBe(old.metadata.name);
    expect((await running.kube.get(NODE, { name: 'lathe-left' }))?.metadata.uid).toBe(before?.metadata.uid);
    await running.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-left' }, { spec: { replaces: old.metadata.name } });
    const after = await untilReady('lathe-left', newcomer.metadata.name);
    expect(after.metadata.uid).not.toBe(before?.metadata.uid);
    expect(await labelsOf(running, 'lathe-left')).toEqual({ machine: 'lathe-left' });
    expect(await phaseOf(old.metadata.name)).toBe('Replaced');
  });

  it('takes its place with the very card that it had, once that is confirmed', async () => {
    const old = await deviceOfNode('lathe-right');
    await running.site.lab.reflash('pi-2', cards.get('pi-2'));
    const newcomer = await eventually('the offer', LIMIT_MS, async () =>
      (await running.client.devices()).find(({ offer }) => offer?.device === old.metadata.name),
    );
    // Its token was used: without the operator's word it is no more than one of many in memory.
    expect(newcomer.stage).toBe('NoEvidence');
    expect(await running.kube.get(DEVICE, { name: newcomer.id })).toBeUndefined();
    const spec = { match: { serial: null, device: newcomer.id }, replaces: old.metadata.name };
    await running.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-right' }, { spec });
    await untilReady('lathe-right', newcomer.id);
    expect(await phaseOf(old.metadata.name)).toBe('Replaced');
  });

  it('is replaced by another board when it is dead, and stays out when it comes back', async () => {
    const { lab } = running.site;
    const old = await deviceOfNode('tank');
    await lab.kill('pi-3');
    const spare = await lab.addPi({ name: 'pi-4' });
    await lab.plug('pi-4');
    const newcomer = await untilDevice(
      'the spare',
      ({ status }) => status?.hardware?.serial === spare.spec.board?.serial,
    );
    const spec = { match: { serial: null, device: newcomer.metadata.name }, replaces: old.metadata.name };
    await running.kube.mergePatch(DEVICE_CLAIM, { name: 'tank' }, { spec });
    const node = await untilReady('tank', newcomer.metadata.name);
    await lab.boot('pi-3');
    await eventually('k3s to be switched off on it', LIMIT_MS, async () => {
      const unit = await lab.execIn('pi-3', ['systemctl', 'is-enabled', 'k3s-agent'], { allowFailure: true });
      return unit.stdout.trim() === 'disabled';
    });
    expect(await phaseOf(old.metadata.name)).toBe('Replaced');
    expect((await running.kube.get(NODE, { name: 'tank' }))?.metadata.uid).toBe(node.metadata.uid);
  });

  it('joins anew under another name', async () => {
    const { lab } = running.site;
    const { metadata } = await deviceOfNode('tank');
    await running.kube.delete(DEVICE_CLAIM, { name: 'tank' });
    await untilDevice('the device to say that it has no claim', (device) => {
      const claimed = device.status?.conditions?.find(({ type }) => type === 'Claimed');
      return device.metadata.name === metadata.name && claimed?.reason === 'NodeRetained';
    });
    expect(await isNodeReady(running, 'tank')).toBe(true);
    await claim('mill', { match: { device: metadata.name }, labels: { machine: 'mill' }, reclaimPolicy: 'Release' });
    await eventually(
      'node tank to go',
      LIMIT_MS,
      async () => (await running.kube.get(NODE, { name: 'tank' })) === undefined,
    );
    // At its next check-in, which need not be waited for: it checks in at boot.
    await lab.kill('pi-4');
    await lab.boot('pi-4');
    await untilReady('mill', metadata.name);
    expect(await labelsOf(running, 'mill')).toEqual({ machine: 'mill' });
  });

  it('waits as a known device after it was unclaimed while it was off, and joins when it is claimed again', async () => {
    const { lab } = running.site;
    const { metadata } = await deviceOfNode('mill');
    await lab.kill('pi-4');
    await running.kube.delete(DEVICE_CLAIM, { name: 'mill' });
    await eventually(
      'node mill to go',
      LIMIT_MS,
      async () => (await running.kube.get(NODE, { name: 'mill' })) === undefined,
    );
    await lab.boot('pi-4');
    expect(await eventually('it to wait', LIMIT_MS, async () => (await phaseOf(metadata.name)) === 'Pending')).toBe(
      true,
    );
    await claim('mill', { match: { device: metadata.name }, labels: { machine: 'mill' } });
    await untilReady('mill', metadata.name);
  });

  it('leaves nothing behind: one node for each name, no ticket, no name on the list', async () => {
    const nodes = (await running.kube.list(NODE)).map(({ metadata }) => metadata.name);
    expect(nodes.filter((name) => /lathe|tank|mill/.test(name)).sort()).toEqual(['lathe-left', 'lathe-right', 'mill']);
    await eventually('tickets to be burnt', LIMIT_MS, async () => (await tokensLeft(running)).length === 0);
    const list = await running.kube.get(CONFIG_MAP, { name: 'approved-nodes', namespace: 'usher-system' });
    expect(Object.keys(list?.data ?? {}).filter((name) => /lathe|tank|mill/.test(name))).toEqual([]);
  });
});
