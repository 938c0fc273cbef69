import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClaimView } from '../../../api/core/schemas.ts';
import { claimChange, type EditOptions } from '../../../cli/commands/claim-edit.ts';
import { nearest } from '../../../foundation/nearest.ts';
import { UsherError } from '../../../foundation/errors.ts';
import type { Alarm } from '../../../k8s/alarms.ts';
import { POD } from '../../../k8s/core/pods.ts';
import { DEVICE, DEVICE_CLAIM, NODE, type Kind, type KubeObject } from '../../../k8s/core/resources.ts';
import { ApiFixture, candidate, device, DEVICE_ID, OTHER_ID } from '../../support/api-fixture.ts';
import { CLUSTER_CA_PEM } from '../../support/cluster-ca.ts';
import { type Outcome, runUsher } from '../../support/run-usher.ts';

vi.setConfig({ testTimeout: 60_000 });
const api = new ApiFixture();
const raised: Alarm[] = [];

/** @param typed what the person types */
const usher = (args: readonly string[], typed = ''): Promise<Outcome> =>
  runUsher(args, { USHER_TOKEN_FILE: api.cliFile }, { typed });

beforeAll(async () => {
  const { message, remedy } = new UsherError('NODE_PASSWORD_UNEXPECTED', { nodeName: 'x', secret: 'y' });
  const alarm = { code: 'NODE_PASSWORD_UNEXPECTED', message, remedy, since: '2026-01-01T00:00:00Z', nodeName: 'x' };
  for (const id of ['A.x', 'A.y', 'B.x']) raised.push({ id, ...alarm });
  const acknowledge = (id: string): Promise<boolean> => {
    const at = raised.findIndex((each) => each.id === id);
    return Promise.resolve(at >= 0 && raised.splice(at, 1).length === 1);
  };
  await api.start({ alarms: { list: () => [...raised], acknowledge, onChange: () => () => undefined } });
  api.kube.raw.set('/cacerts', CLUSTER_CA_PEM);
  api.candidates.arrive(OTHER_ID, {
    ...candidate(OTHER_ID),
    refusal: new UsherError('TOKEN_USED', { tokenId: '0', usedBy: DEVICE_ID }),
  });
});
afterAll(() => api.stop());

/** A joined device `lathe-left` with one pod, as the controllers would leave it. */
beforeEach(async () => {
  for (const kind of [DEVICE, DEVICE_CLAIM, NODE, POD] as Kind<KubeObject>[]) {
    for (const { metadata } of await api.kube.list(kind)) await api.kube.delete(kind, metadata);
  }
  const node = await api.kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'lathe-left' } });
  const claim = await api.kube.create(DEVICE_CLAIM, {
    ...{ apiVersion: DEVICE_CLAIM.apiVersion, kind: DEVICE_CLAIM.kind, metadata: { name: 'lathe-left' } },
    spec: { match: { device: DEVICE_ID }, labels: { machine: 'lathe', location: 'left' } },
  });
  const deviceRef = { name: DEVICE_ID, uid: 'd' };
  await api.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-left' }, { status: { deviceRef } }, 'status');
  const join = {
    schema: 1,
    state: 'ready',
    attempt: 1,
    nodeName: 'lathe-left',
    since: '2026-01-02T00:00:00Z',
  } as const;
  const refs = {
    claimRef: { name: 'lathe-left', uid: claim.metadata.uid ?? '' },
    nodeRef: { name: 'lathe-left', uid: node.metadata.uid ?? '' },
  };
  await api.kube.create(DEVICE, device(DEVICE_ID));
  const { status } = device(DEVICE_ID, { phase: 'Ready', join, ...refs });
  await api.kube.mergePatch(DEVICE, { name: DEVICE_ID }, { status }, 'status');
  await api.kube.create(POD, {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'sensor-1', namespace: 'site' } },
    spec: { nodeName: 'lathe-left', volumes: [{ name: 'v', secret: { secretName: 'mqtt' } }] },
  });
});

const decision = async (): Promise<string | undefined> =>
  (await api.kube.get(DEVICE, { name: DEVICE_ID }))?.spec.decision;

describe('usher revoke', () => {
  it('says what stops, asks for the name of the node, and says what is left', async () => {
    const { code, out, err } = await usher(['revoke', 'k4t7m2'], 'lathe-left\n');
    expect([code, await decision()]).toEqual([0, 'Revoked']);
    expect(err).toContain('Node lathe-left of device k4t7m2 is drained and deleted, and its name is retired.');
    expect(err).toContain('Pods that stop with it:\n  site/sensor-1');
    expect(err).toContain('which the board may remember:\n  site/mqtt');
    expect(err).toContain('Type the node name to revoke:');
    expect(out).toMatch(/^device k4t7m2 revoked\n\nWhat is left to whoever holds the board:\n {2}- /);
    expect(out).toContain('until the CA of the cluster is rotated (usher ca)');
  });

  it.each<[string, string | undefined, number, string]>([
    ['another name is typed', 'lathe-right\n', 2, 'That is not lathe-left: nothing was changed [USAGE]'],
    ['nobody answers', undefined, 2, 'say --yes [USAGE]'],
  ])('does nothing when %s', async (_what, typed, code, text) => {
    const outcome = await usher(['revoke', 'lathe-left'], typed);
    expect([outcome.code, outcome.out, await decision()]).toEqual([code, '', 'Undecided']);
    expect(outcome.err).toContain(text);
  });

  it('asks no program', async () => {
    const { code, out, err } = await usher(['revoke', 'lathe-left', '--yes', '-o', 'json']);
    expect([code, err, await decision()]).toEqual([0, '', 'Revoked']);
    expect(JSON.parse(out)).toMatchObject({
      device: { id: DEVICE_ID, stage: 'Revoked' },
      revocation: { nodeName: 'lathe-left', secrets: [{ namespace: 'site', name: 'mqtt' }] },
    });
  });
});

describe('usher replace', () => {
  it('puts one device in the place of another', async () => {
    const shown = await usher(['device', 'show', OTHER_ID.slice(0, 8)]);
    expect(shown.out).toContain('the place of lathe-left (k4t7m2): it is the same board by its serial');
    const { code, out } = await usher(['replace', 'lathe-left', '--with', 'k4t7z9']);
    expect([code, out]).toEqual([0, 'device k4t7z9 takes the place of k4t7m2 as node lathe-left\n']);
    expect((await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' }))?.spec).toMatchObject({
      ...{ match: { device: OTHER_ID }, replaces: DEVICE_ID },
    });
    await usher(['claim', 'edit', 'lathe-left', '--no-replaces']);
    expect((await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' }))?.spec).not.toHaveProperty('replaces');
  });

  it('names what was probably meant', async () => {
    const { code, err } = await usher(['replace', 'lathe-lefft', '--with', 'k4t7z9']);
    expect(code).toBe(3);
    expect(err).toContain('remedy: Did you mean lathe-left? usher devices lists them');
    expect((await usher(['claim', 'edit', 'lahte-left', '-l', 'a=b'])).err).toContain('Did you mean lathe-left?');
  });
});

describe('usher unclaim', () => {
  it('leaves the node alone when the claim says Retain, and says so', async () => {
    const { code, out, err } = await usher(['unclaim', 'lathe-left']);
    expect([code, out]).toEqual([0, 'claim lathe-left deleted\n']);
    expect(err).toBe('node lathe-left goes on as it is, with its pods: the claim says Retain\n');
  });

  it('asks before it takes the node away when the claim says Release', async () => {
    expect((await usher(['claim', 'edit', 'lathe-left', '--reclaim-policy', 'Release'])).code).toBe(0);
    const refused = await usher(['unclaim', 'lathe-left']);
    expect([refused.code, refused.out]).toEqual([2, '']);
    expect(refused.err).toContain('The claim says Release: node lathe-left is drained and deleted.\nPods that stop');
    expect(await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' })).toBeDefined();
    expect((await usher(['unclaim', 'lathe-left', '--yes', '-o', 'json'])).err).toBe('');
    expect(await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' })).toBeUndefined();
  });
});

describe('usher claim edit', () => {
  it('changes what is named and leaves the rest', async () => {
    const labels = ['--label', 'location=right', '--remove-label', 'machine'];
    const { code, out } = await usher(['claim', 'edit', 'lathe-left', ...labels, '--taint', 'a=b:NoSchedule']);
    expect([code, out]).toEqual([0, 'claim lathe-left changed: location=right\n']);
    expect((await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' }))?.spec).toMatchObject({
      labels: { location: 'right' },
      taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }],
    });
  });

  it('puts it into a pair and takes it out again', async () => {
    const pair = async (): Promise<unknown> => (await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' }))?.spec.pair;
    expect((await usher(['claim', 'edit', 'lathe-left', '--pair', 'left:Backup'])).code).toBe(0);
    expect(await pair()).toEqual({ name: 'left', role: 'Backup' });
    expect((await usher(['claim', 'edit', 'lathe-left', '--label', 'a=b'])).code).toBe(0);
    expect(await pair()).toEqual({ name: 'left', role: 'Backup' });
    expect((await usher(['claim', 'edit', 'lathe-left', '--no-pair'])).code).toBe(0);
    expect(await pair()).toBeUndefined();
  });

  const claim: ClaimView = {
    ...{ name: 'a', phase: 'Joined', match: {}, nodeName: 'a', reclaimPolicy: 'Retain', conditions: [] },
    labels: { a: '1' },
    taints: [
      { key: 'x', effect: 'NoSchedule' },
      { key: 'x', effect: 'NoExecute' },
    ],
  };

  it.each<[EditOptions, object]>([
    [
      { taint: [{ key: 'x', value: 'y', effect: 'NoExecute' }] },
      {
        taints: [
          { key: 'x', effect: 'NoSchedule' },
          { key: 'x', value: 'y', effect: 'NoExecute' },
        ],
      },
    ],
    [{ removeTaint: ['x:NoExecute'] }, { taints: [{ key: 'x', effect: 'NoSchedule' }] }],
    [{ removeTaint: ['x'] }, { taints: [] }],
    [{ removeLabel: ['a'] }, { labels: {} }],
    [{ replaces: false }, { replaces: null }],
    [{ pair: false }, { pair: null }],
  ])('%j', (options, change) => {
    expect(claimChange(claim, options)).toEqual(change);
  });

  it.each<[EditOptions, string]>([
    [{}, 'Say what is to be changed'],
    [{ replaces: true }, 'Say what is to be changed'],
    [{ removeLabel: ['b'] }, 'claim a has no label b'],
    [{ removeTaint: ['x:PreferNoSchedule'] }, 'claim a has no taint x:PreferNoSchedule'],
  ])('refuses %j', (options, message) => {
    expect(() => claimChange(claim, options)).toThrow(message);
  });
});

describe('usher alarms and usher ca', () => {
  it('lists and acknowledges, by the beginning of an id if it is enough', async () => {
    expect((await usher(['alarms'])).out).toMatch(/^ID +AGE +NODE +DEVICE +WHAT HAPPENED\nA\.x /);
    expect((await usher(['alarms', 'ack', 'A'])).err).toContain('several alarms: A.x, A.y [USAGE]');
    expect((await usher(['alarms', 'ack', 'B'])).out).toBe('alarm B.x acknowledged\n');
    const gone = await usher(['alarms', 'ack', 'B.x']);
    expect([gone.code, gone.err]).toEqual([3, expect.stringContaining('[ALARM_UNKNOWN]\nremedy: Did you mean A.x?')]);
    const { items } = JSON.parse((await usher(['alarms', '-o', 'json'])).out) as { items: { id: string }[] };
    expect(items.map(({ id }) => id)).toEqual(['A.x', 'A.y']);
  });

  it('guides through the rotation', async () => {
    const { code, out } = await usher(['ca']);
    expect(code).toBe(0);
    expect(out).toContain('valid from 2026-05-01T00:00:00.000Z to 2036-04-28T00:00:00.000Z');
    expect(out).toMatch(/ 1\. Choose a quiet hour.*certificate rotate-ca --help.*delete node NAME/s);
  });
});

describe('nearest', () => {
  it.each<[string, string[]]>([
    ['lathe-lefft', ['lathe-left']],
    ['lahte-left', ['lathe-left']],
    ['LATHE-LEFT', ['lathe-left']],
    ['tnak', ['tank']],
    ['press', []],
    ['', []],
  ])('%s', (text, expected) => {
    expect(nearest(text, ['lathe-left', 'lathe-right', 'tank', 'a'])).toEqual(expected);
  });
});
