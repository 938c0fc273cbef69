import { describe, expect, it } from 'vitest';
import { collectionPath, objectPath } from '../../../k8s/core/api-paths.ts';
import { isTrue, setCondition } from '../../../k8s/core/conditions.ts';
import { k3sServerConfig } from '../../../k8s/core/k3s-config.ts';
import { checksumOf, k3sArchOf, k3sAssetUrl, K3S_RELEASES, parseK3sVersion } from '../../../k8s/core/k3s-release.ts';
import { labelProblems } from '../../../k8s/core/labels.ts';
import { isDnsLabel, isNodeName } from '../../../k8s/core/names.ts';
import { type NodeClaim, hasTaints, isClaimApplied, plannedTaints } from '../../../k8s/core/node-claim.ts';
import { DEVICE, type Node, SECRET, type Taint } from '../../../k8s/core/resources.ts';
import { parseVersion } from '../../../k8s/k3s/version.ts';

describe('conditions', () => {
  it('keep their time until their status changes', () => {
    const base = { type: 'Ready', reason: 'Waits', message: 'for a claim' } as const;
    const first = setCondition(undefined, { ...base, status: 'False' }, 0);
    const same = setCondition(first, { ...base, status: 'False', message: 'still' }, 5_000);
    expect(same).toEqual([
      { ...base, status: 'False', message: 'still', lastTransitionTime: '1970-01-01T00:00:00.000Z' },
    ]);
    const changed = setCondition(same, { ...base, status: 'True' }, 5_000);
    expect(changed[0]?.lastTransitionTime).toBe('1970-01-01T00:00:05.000Z');
    expect([isTrue(changed, 'Ready'), isTrue(same, 'Ready'), isTrue(undefined, 'Ready')]).toEqual([true, false, false]);
  });
});

describe('labels of claims', () => {
  it.each([
    [{ machine: 'lathe', 'a.example.org/b': '' }, 0],
    [{ 'mykubernetes.io/x': 'y', kubernetes: 'y' }, 0],
    [{ 'kubernetes.io/x': 'y' }, 1],
    [{ 'node.k8s.io/x': 'y' }, 1],
    [{ 'usher.internal/pair': 'y' }, 1],
    [{ '/x': 'y' }, 1],
    [{ 'A.example.org/x': 'y' }, 1],
    [{ 'a/b/c': 'y' }, 1],
    [{ '': 'y' }, 1],
    [{ ['k'.repeat(63)]: 'v'.repeat(63) }, 0],
    [{ ['k'.repeat(64)]: 'v'.repeat(64) }, 2],
    [{ machine: 'a b', location: 'left-' }, 2],
    [{ machine: 'lathe\n' }, 1],
  ])('%j has %i problems', (labels, count) => {
    expect(labelProblems(labels as unknown as Record<string, string>)).toHaveLength(count);
  });
});

describe('names', () => {
  it.each([
    ['lathe-left', true, true],
    ['lathe.left', false, true],
    ['Lathe', false, false],
    ['-lathe', false, false],
    ['lathe..left', false, false],
    ['x'.repeat(63), true, true],
    ['x'.repeat(64), false, false],
    ['lathe\n', false, false],
    ['', false, false],
  ])('%j: label %s, node %s', (name, label, node) => {
    expect([isDnsLabel(name), isNodeName(name)]).toEqual([label, node]);
  });
});

describe('paths of the API', () => {
  it('follow group, scope and subresource', () => {
    expect(collectionPath(SECRET, 'kube-system')).toBe('/api/v1/namespaces/kube-system/secrets');
    expect(collectionPath(SECRET)).toBe('/api/v1/secrets');
    expect(objectPath(DEVICE, { name: 'a/b' }, 'status')).toBe('/apis/usher.internal/v1alpha1/devices/a%2Fb/status');
  });

  it.each(['', '.', '..', '\uD800'])('never lead elsewhere: not for the name %j', (name) => {
    expect(() => objectPath(DEVICE, { name })).toThrow('it cannot be a name');
    expect(() => collectionPath(SECRET, name)).toThrow('it cannot be a name');
  });
});

describe('k3s releases', () => {
  it('are found by architecture, with the plus encoded', () => {
    expect(k3sAssetUrl(`${K3S_RELEASES}/`, 'v1.36.3+k3s1', 'k3s-arm64')).toBe(
      `${K3S_RELEASES}/v1.36.3%2Bk3s1/k3s-arm64`,
    );
    expect(['x64', 'aarch64', 'armv7l', 'riscv64'].map(k3sArchOf)).toEqual(['amd64', 'arm64', 'arm', undefined]);
  });

  it('are checked by the line of exactly that file', () => {
    const [one, two] = ['A'.repeat(64), 'b'.repeat(64)];
    const text = `${one}  k3s-arm64\r\n${two} *k3s\nnonsense\n${one}  dir/k3s\n`;
    expect(checksumOf(text, 'k3s')).toBe(two);
    expect(checksumOf(text, 'k3s-arm64')).toBe(one.toLowerCase());
    expect(checksumOf(text, 'k3s-arm')).toBeUndefined();
  });

  it('have versions of one form', () => {
    expect(parseK3sVersion('v1.36.3+k3s1')).toBe('v1.36.3+k3s1');
    for (const bad of ['1.36.3+k3s1', 'v1.36.3', 'v1.36.3+k3s1/../x'])
      expect(() => parseK3sVersion(bad)).toThrow(/no k3s version/);
  });

  it.each([
    ['k3s version v1.36.3+k3s1 (0123abc)\ngo version go1.26\n', { version: 'v1.36.3+k3s1' }],
    ['k3s version v1.36.3+x (upstream, not k3s)\n', { version: 'v1.36.3+x', standIn: 'upstream, not k3s' }],
    ['hello\n', undefined],
  ])('say what they are: %j', (output, expected) => {
    expect(parseVersion(output)).toEqual(expected);
  });
});

describe('the configuration of a k3s server', () => {
  const settings = {
    dataDir: '/d',
    kubeconfigPath: '/k',
    serverTokenPath: '/s',
    agentTokenPath: '/a',
    nodeName: 'master',
    apiPort: 6443,
    tlsSans: ['10.0.0.1'],
    runsPods: true,
    cgroupV1: true,
  };

  it('adds to lists and replaces the rest', () => {
    const extra = { 'kubelet-arg': ['v=2'], disable: ['coredns'], 'flannel-backend': 'vxlan' };
    const config = k3sServerConfig({ ...settings, extra });
    expect(config['kubelet-arg']).toEqual(['fail-cgroupv1=false', 'v=2']);
    expect(config['disable']).toEqual(['traefik', 'servicelb', 'metrics-server', 'local-storage', 'coredns']);
    expect(config['flannel-backend']).toBe('vxlan');
    expect(config['disable-agent']).toBeUndefined();
    expect(JSON.stringify(config)).not.toContain('"token"');
  });
});

describe('the claim on a node', () => {
  const mine: Taint = { key: 'sensors', value: 'only', effect: 'NoSchedule' };
  const theirs: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' };
  const claim: NodeClaim = { deviceId: 'k4t7m', labels: { machine: 'lathe' }, taints: [mine] };
  const nodeWith = (labels: Record<string, string>, taints: Taint[], ours?: string): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'pi',
      labels,
      annotations: {
        'usher.internal/device': 'k4t7m',
        'usher.internal/labels': 'machine',
        ...(ours === undefined ? {} : { 'usher.internal/taints': ours }),
      },
    },
    spec: { taints },
  });

  it.each<[string, Node, Taint[], Taint[]]>([
    ['adds to those of others', nodeWith({}, [theirs]), [mine], [theirs, mine]],
    ['takes off its own', nodeWith({}, [mine, theirs], 'sensors:NoSchedule'), [], [theirs]],
    ['changes a value', nodeWith({}, [{ ...mine, value: 'x' }], 'sensors:NoSchedule'), [mine], [mine]],
    ['leaves one that others set', nodeWith({}, [mine]), [], [mine]],
  ])('%s', (_what, node, wanted, expected) => {
    expect(plannedTaints(node, wanted)).toEqual(expected);
  });

  it('is applied only when nothing is missing and nothing is left over', () => {
    const applied = nodeWith({ machine: 'lathe', other: 'x' }, [theirs, mine], 'sensors:NoSchedule');
    expect(isClaimApplied(applied, claim)).toBe(true);
    expect(isClaimApplied(applied, { ...claim, labels: { machine: 'press' } })).toBe(false);
    expect(isClaimApplied(applied, { ...claim, labels: {} })).toBe(false);
    expect(isClaimApplied(applied, { ...claim, pair: { name: 'p', role: 'Backup' } })).toBe(false);
    expect(isClaimApplied(applied, { ...claim, taints: [] })).toBe(false);
    expect(hasTaints(nodeWith({}, [mine]), [mine])).toBe(false);
  });
});
