import { describe, expect, it } from 'vitest';
import {
  DEVICE,
  NODE,
  SECRET,
  type Device,
  type KubeSecret,
  type Node,
  type Taint,
} from '../../../k8s/core/resources.ts';
import { FakeKube } from '../../support/fake-kube.ts';

const secret = (name: string, data: Record<string, string> = {}): KubeSecret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'usher-system', labels: { part: 'test' } },
  data,
});
const node = (labels: Record<string, string>): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', labels },
});
const labelled = (
  uid: string,
  labels: Record<string, string>,
  spec: Node['spec'] = {},
): Node & { metadata: { uid: string } } => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', uid, labels },
  spec,
});
const device: Device = {
  apiVersion: 'usher.internal/v1alpha1',
  kind: 'Device',
  metadata: { name: 'd1' },
  spec: { publicKey: 'pem', evidence: { kind: 'Key' }, decision: 'Undecided' },
};

describe('the fake Kubernetes API', () => {
  it('lets one of two racing replaces win', async () => {
    const kube = new FakeKube();
    const made = await kube.create(SECRET, secret('a'));
    await kube.replace(SECRET, { ...made, data: { x: '1' } });
    await expect(kube.replace(SECRET, { ...made, data: { x: '2' } })).rejects.toMatchObject({ code: 'KUBE_CONFLICT' });
    await expect(kube.create(SECRET, secret('a'))).rejects.toMatchObject({ code: 'KUBE_ALREADY_EXISTS' });
    expect((await kube.get(SECRET, { name: 'a', namespace: 'usher-system' }))?.data).toEqual({ x: '1' });
  });

  it('keeps status and spec apart', async () => {
    const kube = new FakeKube();
    const made = await kube.create(DEVICE, { ...device, status: { phase: 'Ready' } });
    expect(made.status).toBeUndefined();
    const second = await kube.replaceStatus(DEVICE, {
      ...made,
      spec: { ...made.spec, decision: 'Revoked' },
      status: { phase: 'Ready' },
    });
    expect(second).toMatchObject({
      spec: { decision: 'Undecided' },
      status: { phase: 'Ready' },
      metadata: { generation: 1 },
    });
    const third = await kube.mergePatch(
      DEVICE,
      { name: 'd1' },
      { spec: { decision: 'Revoked' }, status: { phase: 'Failed' } },
    );
    expect(third).toMatchObject({
      spec: { decision: 'Revoked' },
      status: { phase: 'Ready' },
      metadata: { generation: 2 },
    });
  });

  it('applies like a server: own fields leave when dropped, those of others stay', async () => {
    const kube = new FakeKube();
    const { metadata } = await kube.create(NODE, node({ os: 'linux' }));
    const uid = metadata.uid ?? '';
    await kube.apply(NODE, labelled(uid, { machine: 'lathe', location: 'left' }), { fieldManager: 'usher' });
    const after = await kube.apply(NODE, labelled(uid, { machine: 'lathe' }), { fieldManager: 'usher' });
    expect(after.metadata.labels).toEqual({ os: 'linux', machine: 'lathe' });
    const other = kube.apply(NODE, labelled(uid, { os: 'plan9' }), { fieldManager: 'usher' });
    await expect(other).rejects.toMatchObject({ code: 'KUBE_CONFLICT' });
    const none = await kube.apply(NODE, labelled(uid, {}), { fieldManager: 'usher', force: true });
    expect(none.metadata.labels).toEqual({ os: 'linux' });
    await expect(kube.apply(NODE, labelled('other', {}), { fieldManager: 'usher' })).rejects.toMatchObject({
      code: 'KUBE_CONFLICT',
    });
  });

  it('merges taints by key and effect', async () => {
    const kube = new FakeKube();
    const { metadata } = await kube.create(NODE, {
      ...node({}),
      spec: { taints: [{ key: 'theirs', effect: 'NoExecute' }] },
    });
    const apply = (taints: Taint[]): Promise<Node> =>
      kube.apply(NODE, labelled(metadata.uid ?? '', {}, { taints }), { fieldManager: 'usher' });
    const both = await apply([{ key: 'ours', effect: 'NoSchedule' }]);
    expect(both.spec?.taints).toEqual([
      { key: 'theirs', effect: 'NoExecute' },
      { key: 'ours', effect: 'NoSchedule' },
    ]);
    const one = await apply([]);
    expect(one.spec?.taints).toEqual([{ key: 'theirs', effect: 'NoExecute' }]);
  });

  it('tells watchers in order, survives their throws, and is silent about writes that change nothing', async () => {
    const kube = new FakeKube();
    await kube.create(SECRET, secret('a'));
    const informer = kube.inform(SECRET, { labelSelector: 'part=test' });
    const seen: string[] = [];
    informer.onChange(({ type, object }) => {
      seen.push(`${type} ${object.metadata.name}`);
      throw new TypeError('a handler that fails');
    });
    await informer.synced();
    const b = await kube.create(SECRET, secret('b'));
    await kube.replace(SECRET, b);
    await kube.mergePatch(SECRET, { name: 'b', namespace: 'usher-system' }, { metadata: { labels: { part: null } } });
    expect(await kube.delete(SECRET, { name: 'a', namespace: 'usher-system' }, { uid: 'other' })).toBe(false);
    expect(await kube.delete(SECRET, { name: 'a', namespace: 'usher-system' })).toBe(true);
    await Promise.resolve();
    expect(seen).toEqual(['added a', 'added b', 'deleted b', 'deleted a']);
    expect(kube.handlerErrors).toHaveLength(4);
  });

  it('keeps an object with finalizers until the last is gone, and takes dependants with it', async () => {
    const kube = new FakeKube();
    const owner = await kube.create(DEVICE, { ...device, metadata: { name: 'd1', finalizers: ['usher.internal/x'] } });
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Device', name: 'd1', uid: owner.metadata.uid ?? '' }];
    await kube.create(SECRET, { ...secret('child'), metadata: { name: 'child', namespace: 'x', ownerReferences } });
    await kube.delete(DEVICE, { name: 'd1' });
    const dying = await kube.get(DEVICE, { name: 'd1' });
    expect(dying?.metadata.deletionTimestamp).toBeDefined();
    await kube.mergePatch(DEVICE, { name: 'd1' }, { metadata: { finalizers: [] } });
    expect(await kube.get(DEVICE, { name: 'd1' })).toBeUndefined();
    expect(await kube.list(SECRET)).toEqual([]);
  });

  it('fails on request, before or after the write', async () => {
    const kube = new FakeKube();
    kube.failNext('create', 'KUBE_UNREACHABLE', { kind: 'Secret' });
    await expect(kube.create(SECRET, secret('a'))).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
    expect(await kube.list(SECRET)).toEqual([]);
    kube.after = () => Promise.reject(new TypeError('answer lost'));
    await expect(kube.create(SECRET, secret('a'))).rejects.toThrow('answer lost');
    kube.after = () => undefined;
    expect(await kube.list(SECRET)).toHaveLength(1);
  });
});
