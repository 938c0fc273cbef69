import { describe, expect, it } from 'vitest';
import { DRAIN_ANNOTATION, DRAIN_LIMIT_MS, drainNode, endDrain, isDraining } from '../../../k8s/drain.ts';
import { type Pod, POD } from '../../../k8s/core/pods.ts';
import { NODE, type Node } from '../../../k8s/core/resources.ts';
import { podsOfNode } from '../../../k8s/node-pods.ts';
import { FakeKube } from '../../support/fake-kube.ts';

const START_MS = Date.parse('2026-03-01T08:00:00Z');

function pod(
  name: string,
  over: { owner?: string; phase?: string; node?: string; spec?: object; mirror?: true } = {},
): Pod {
  const owner = { apiVersion: 'apps/v1', kind: over.owner ?? '', name: 'x', uid: 'u', controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'site',
      ...(over.owner === undefined ? {} : { ownerReferences: [owner] }),
      ...(over.mirror === undefined ? {} : { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
    },
    spec: { nodeName: over.node ?? 'lathe-left', ...over.spec },
    status: { phase: over.phase ?? 'Running' },
  };
}

async function site(pods: readonly Pod[], ready = 'True'): Promise<{ kube: FakeKube; node: Node }> {
  const kube = new FakeKube();
  const node = await kube.create(NODE, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'lathe-left' },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
  for (const one of pods) await kube.create(POD, one);
  kube.calls.length = 0;
  return { kube, node };
}

describe('drainNode', () => {
  it('cordons, evicts what is not of the node itself, and counts until all are gone', async () => {
    const { kube, node } = await site([
      pod('dashboard', { owner: 'ReplicaSet' }),
      pod('bare'),
      pod('sensor', { owner: 'DaemonSet' }),
      pod('static', { mirror: true }),
      pod('static-owned', { owner: 'Node' }),
      pod('done', { owner: 'Job', phase: 'Succeeded' }),
      pod('elsewhere', { owner: 'ReplicaSet', node: 'tank' }),
    ]);
    expect(await drainNode(kube, node, { nowMs: START_MS })).toEqual({ left: 2 });
    const drained = await kube.get(NODE, { name: 'lathe-left' });
    expect(drained?.spec?.unschedulable).toBe(true);
    expect(drained?.metadata.annotations?.[DRAIN_ANNOTATION]).toBe('2026-03-01T08:00:00.000Z');
    expect((await kube.list(POD)).map(({ metadata }) => metadata.name).sort()).toEqual(
      ['done', 'elsewhere', 'sensor', 'static', 'static-owned'].sort(),
    );
    kube.calls.length = 0;
    expect(await drainNode(kube, node, { nowMs: START_MS + 1_000 })).toEqual({ left: 0 });
    expect(kube.writes()).toEqual([]);
  });

  it('respects a disruption budget, but not for longer than its limit, also after a restart', async () => {
    const { kube, node } = await site([pod('broker', { owner: 'StatefulSet' })]);
    kube.podsKeptByBudget.add('broker');
    expect(await drainNode(kube, node, { nowMs: START_MS })).toEqual({ left: 1 });
    expect(await drainNode(kube, node, { nowMs: START_MS + DRAIN_LIMIT_MS - 1 })).toEqual({ left: 1 });
    expect(await drainNode(kube, node, { nowMs: START_MS + DRAIN_LIMIT_MS })).toEqual({ left: 0 });
  });

  it('waits for a pod that is ending, and asks it only once', async () => {
    const { kube, node } = await site([]);
    const ending = pod('slow', { owner: 'ReplicaSet' });
    ending.metadata.finalizers = ['x/y'];
    await kube.create(POD, ending);
    await kube.delete(POD, { name: 'slow', namespace: 'site' });
    kube.calls.length = 0;
    expect(await drainNode(kube, node, { nowMs: START_MS })).toEqual({ left: 1 });
    expect(kube.calls.filter(({ verb }) => verb === 'evict')).toEqual([]);
  });

  it('counts a pod that the API server does not let go as left, and fails when there is no API server', async () => {
    const { kube, node } = await site([pod('a', { owner: 'ReplicaSet' })]);
    kube.failNext('evict', 'KUBE_FAILED');
    expect(await drainNode(kube, node, { nowMs: START_MS })).toEqual({ left: 1 });
    kube.failNext('evict', 'KUBE_UNREACHABLE');
    await expect(drainNode(kube, node, { nowMs: START_MS })).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
  });

  it.each(['False', 'Unknown'])('does not wait for a node whose Ready is %s', async (ready) => {
    const { kube, node } = await site([pod('dashboard', { owner: 'ReplicaSet' })], ready);
    expect(await drainNode(kube, node, { nowMs: START_MS })).toEqual({ left: 0 });
    expect(kube.writes()).toEqual([]);
  });

  it('leaves a Node alone that was made anew under this name', async () => {
    const { kube, node } = await site([pod('dashboard', { owner: 'ReplicaSet' })]);
    const other = { ...node, metadata: { ...node.metadata, uid: 'another' } };
    expect(await drainNode(kube, other, { nowMs: START_MS })).toEqual({ left: 0 });
    expect(kube.writes()).toEqual([]);
  });

  it('starts its time anew when the noted start is still to come, or is no moment', async () => {
    for (const noted of ['2031-01-01T00:00:00Z', 'yesterday']) {
      const { kube, node } = await site([pod('dashboard', { owner: 'ReplicaSet' })]);
      kube.podsKeptByBudget.add('dashboard');
      await kube.mergePatch(NODE, { name: 'lathe-left' }, { metadata: { annotations: { [DRAIN_ANNOTATION]: noted } } });
      expect(await drainNode(kube, node, { nowMs: START_MS })).toEqual({ left: 1 });
      expect(await drainNode(kube, node, { nowMs: START_MS + DRAIN_LIMIT_MS })).toEqual({ left: 0 });
    }
  });

  it('is taken back by endDrain', async () => {
    const { kube, node } = await site([]);
    await drainNode(kube, node, { nowMs: START_MS });
    const draining = await kube.get(NODE, { name: 'lathe-left' });
    expect(draining && isDraining(draining)).toBe(true);
    if (draining !== undefined) await endDrain(kube, draining);
    const after = await kube.get(NODE, { name: 'lathe-left' });
    expect(after?.spec?.unschedulable).toBeUndefined();
    expect(after && isDraining(after)).toBe(false);
  });

  it('leaves a Node cordoned that somebody else had cordoned, and keeps no mark of it', async () => {
    const { kube, node } = await site([pod('dashboard', { owner: 'ReplicaSet' })]);
    await kube.mergePatch(NODE, { name: 'lathe-left' }, { spec: { unschedulable: true } });
    await drainNode(kube, node, { nowMs: START_MS });
    await drainNode(kube, node, { nowMs: START_MS + 1_000 });
    const draining = await kube.get(NODE, { name: 'lathe-left' });
    if (draining !== undefined) await endDrain(kube, draining);
    const after = await kube.get(NODE, { name: 'lathe-left' });
    expect([after?.spec?.unschedulable, after?.metadata.annotations]).toEqual([true, {}]);
  });
});

describe('podsOfNode', () => {
  it('names every Secret that a pod reads, and what a controller would start elsewhere', async () => {
    const { kube } = await site([
      pod('sensor', { owner: 'DaemonSet' }),
      pod('finished', { owner: 'Job', phase: 'Failed' }),
      pod('dashboard', {
        owner: 'ReplicaSet',
        spec: {
          imagePullSecrets: [{ name: 'registry' }],
          containers: [
            {
              envFrom: [{ secretRef: { name: 'env-from' } }, { configMapRef: { name: 'no' } }],
              env: [{ valueFrom: { secretKeyRef: { name: 'env', key: 'x' } } }, { value: 'no' }],
            },
          ],
          initContainers: [{ envFrom: [{ secretRef: { name: 'init' } }] }],
          volumes: [
            { name: 'a', secret: { secretName: 'volume' } },
            { name: 'b', projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'no' } }] } },
            { name: 'c', csi: { driver: 'x', nodePublishSecretRef: { name: 'csi' } } },
            { name: 'd', cephfs: { secretRef: { name: 'ceph' } } },
            { name: 'e', emptyDir: {} },
          ],
        },
      }),
    ]);
    expect(await podsOfNode(kube, 'lathe-left')).toEqual([
      {
        namespace: 'site',
        name: 'dashboard',
        owner: 'ReplicaSet/x',
        movable: true,
        secrets: ['ceph', 'csi', 'env', 'env-from', 'init', 'projected', 'registry', 'volume'],
      },
      { namespace: 'site', name: 'sensor', owner: 'DaemonSet/x', movable: false, secrets: [] },
    ]);
  });
});
