import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PEOPLE_LABEL } from '../../api/server/people/secret-book.ts';
import { systemClock } from '../../foundation/clock.ts';
import { isUsherError } from '../../foundation/errors.ts';
import { silentLogger } from '../../foundation/logger.ts';
import { approveNodeName, withdrawNodeName } from '../../k8s/approved-nodes.ts';
import type { AdminKubeClient } from '../../k8s/client/create-kube-client.ts';
import { identifyJob, type Job, JOB } from '../../k8s/core/identify-job.ts';
import {
  type ConfigMap,
  CONFIG_MAP,
  DEVICE,
  NODE,
  type Node,
  SECRET,
  type Taint,
  USHER_NAMESPACE,
} from '../../k8s/core/resources.ts';
import { POD } from '../../k8s/core/pods.ts';
import { DRAIN_ANNOTATION, DRAIN_LIMIT_MS, drainNode } from '../../k8s/drain.ts';
import { installUsher } from '../../k8s/install.ts';
import { applyNodeClaim } from '../../k8s/nodes.ts';
import { serviceAccountClient } from '../../k8s/service-account.ts';
import { hasTestCluster, startTestCluster, type TestCluster } from './support/cluster.ts';
import {
  type Budget,
  BUDGET,
  CLUSTER_ROLE_BINDING,
  CLUSTER_ROLE,
  DEVICE_ID,
  type Json,
  type Lease,
  LEASE,
  MASTER,
  nodeOf,
  outcomeOf,
  PI,
  podOf,
  RBAC,
  RUNNING,
} from './support/kube-objects.ts';

const AUDIT_HEAD: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'audit-head', namespace: USHER_NAMESPACE },
  data: { seq: '1', hash: '0'.repeat(64) },
};

const IGNORED: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'ignored-macs', namespace: USHER_NAMESPACE },
  data: { 'dc-a6-32-00-00-01': '{"at":"2026-01-01T00:00:00Z","by":"cli"}' },
};

function inKubeSystem(map: ConfigMap): ConfigMap {
  return { ...map, metadata: { ...map.metadata, namespace: 'kube-system' } };
}

describe.skipIf(!hasTestCluster())('what the API server refuses', { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let admin: AdminKubeClient;
  let usher: AdminKubeClient;
  let kubelet: AdminKubeClient;
  let controller: AdminKubeClient;

  const install = (): Promise<void> =>
    installUsher({ admin, logger: silentLogger, clock: systemClock, masterNodeNames: [MASTER] });

  const makeNode = async (name: string, labels: Record<string, string> = {}): Promise<Node> => {
    await admin.delete(NODE, { name });
    return await admin.create(NODE, nodeOf(name, labels));
  };

  beforeAll(async () => {
    cluster = await startTestCluster();
    ({ admin } = cluster);
    await install();
    usher = serviceAccountClient({ admin, clock: systemClock, logger: silentLogger });
    kubelet = admin.impersonating({ user: `system:node:${PI}`, groups: ['system:nodes', 'system:authenticated'] });
    controller = admin.impersonating({ user: 'system:k3s-controller', groups: ['system:authenticated'] });
    // What official builds of k3s give to this certificate, which every node holds.
    const rules = [{ apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] }];
    const role = { apiVersion: RBAC, kind: 'ClusterRole', metadata: { name: 'k8stest-controller' }, rules };
    await admin.apply(CLUSTER_ROLE, role, { fieldManager: 'k8stest' });
    const binding = {
      apiVersion: RBAC,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'k8stest-controller' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'k8stest-controller' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:k3s-controller' }],
    };
    await admin.apply(CLUSTER_ROLE_BINDING, binding, { fieldManager: 'k8stest' });
  }, 180_000);

  afterAll(async () => {
    for (const name of [PI, MASTER]) await admin.delete(NODE, { name });
    await admin.delete(DEVICE, { name: DEVICE_ID });
    await admin.delete(CLUSTER_ROLE_BINDING, { name: 'k8stest-controller' });
    await admin.delete(CLUSTER_ROLE, { name: 'k8stest-controller' });
    await usher.close();
    await cluster.stop();
  }, 60_000);

  describe('policies on the side of the nodes', () => {
    const patchStatus = (who: AdminKubeClient, patch: Json): Promise<unknown> =>
      who.mergePatch(NODE, { name: PI }, patch, 'status');
    const labels = (all: Record<string, string | null>): Json => ({ metadata: { labels: all } });

    beforeAll(async () => {
      const pi = await makeNode(PI, { machine: 'lathe' });
      await applyNodeClaim(admin, pi, { deviceId: DEVICE_ID, labels: { location: 'left' }, taints: [] });
      await withdrawNodeName(admin, 'k8stest-new');
    });

    it.each<[string, () => Promise<unknown>, string]>([
      [
        'kubelet labels itself',
        () => kubelet.mergePatch(NODE, { name: PI }, labels({ machine: 'press' })),
        'claims only',
      ],
      [
        'kubelet drops a label',
        () => kubelet.mergePatch(NODE, { name: PI }, labels({ location: null })),
        'claims only',
      ],
      ['kubelet labels itself by status', () => patchStatus(kubelet, labels({ machine: 'press' })), 'claims only'],
      [
        'kubelet takes another hostname',
        () => kubelet.mergePatch(NODE, { name: PI }, labels({ 'kubernetes.io/hostname': MASTER })),
        'is its name',
      ],
      [
        'kubelet takes the device id',
        () => kubelet.mergePatch(NODE, { name: PI }, { metadata: { annotations: { 'usher.internal/device': 'x' } } }),
        'Usher only',
      ],
      ['controller labels a node', () => patchStatus(controller, labels({ machine: 'press' })), 'claims only'],
      ['controller drops a label', () => patchStatus(controller, labels({ location: null })), 'claims only'],
      ['controller moves a host', () => patchStatus(controller, labels({ 'kubernetes.io/os': 'x' })), 'claims only'],
      ['controller sets a look-alike', () => patchStatus(controller, labels({ 'evilk3s.io/x': 'x' })), 'claims only'],
      [
        'kubelet refreshes what it owns',
        () =>
          kubelet.mergePatch(NODE, { name: PI }, labels({ 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': PI })),
        'ok',
      ],
      ['kubelet reports its status', () => patchStatus(kubelet, { status: { capacity: { cpu: '4' } } }), 'ok'],
      [
        'controller sets a label of k3s',
        () => patchStatus(controller, labels({ 'egress.k3s.io/cluster': 'true' })),
        'ok',
      ],
      [
        'flannel notes its subnet',
        () =>
          patchStatus(controller, { metadata: { annotations: { 'flannel.alpha.coreos.com/public-ip': '10.0.0.1' } } }),
        'ok',
      ],
      [
        'a node of an unlisted name',
        () =>
          admin
            .impersonating({ user: 'system:node:k8stest-new', groups: ['system:nodes'] })
            .dryRunCreate(NODE, nodeOf('k8stest-new')),
        "'usher-approved-nodes'",
      ],
    ])('%s', async (_what, attempt, expected) => {
      expect(await outcomeOf(attempt())).toContain(expected);
    });

    it('lets a listed name in, without a label of its own choice, and leases go on', async () => {
      const name = 'k8stest-new';
      const newcomer = admin.impersonating({
        user: `system:node:${name}`,
        groups: ['system:nodes', 'system:authenticated'],
      });
      await approveNodeName(usher, name, 'ticket');
      await expect.poll(() => outcomeOf(newcomer.dryRunCreate(NODE, nodeOf(name))), { timeout: 5_000 }).toBe('ok');
      expect(await outcomeOf(newcomer.dryRunCreate(NODE, nodeOf(name, { machine: 'x' })))).toContain('claims only');
      await withdrawNodeName(usher, name);
      await expect
        .poll(() => outcomeOf(newcomer.dryRunCreate(NODE, nodeOf(name))), { timeout: 5_000 })
        .toContain('not approved');
      const lease: Lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: PI, namespace: 'kube-node-lease' },
        spec: { holderIdentity: PI, leaseDurationSeconds: 40 },
      };
      await kubelet.create(LEASE, lease);
      expect(await admin.delete(LEASE, { name: PI, namespace: 'kube-node-lease' })).toBe(true);
    });
  });

  it('drains a node with just its own rights, as disruption budgets allow', async () => {
    const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
    await makeNode(PI);
    const node = await admin.mergePatch(NODE, { name: PI }, { status: ready }, 'status');
    const budget: Budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'k8stest', namespace: 'default' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'k8stest-kept' } } },
    };
    const names = ['k8stest-kept', 'k8stest-free'];
    try {
      await admin.create(BUDGET, budget);
      for (const name of names) await admin.create(POD, podOf(name));
      for (const name of names) {
        await admin.mergePatch(POD, { name, namespace: 'default' }, { status: RUNNING }, 'status');
      }
      expect(await drainNode(usher, node, { nowMs: systemClock.nowMs() })).toEqual({ left: 2 });
      const left = await Promise.all(names.map((name) => admin.get(POD, { name, namespace: 'default' })));
      expect(left.map((pod) => pod?.metadata.name)).toEqual(['k8stest-kept', undefined]);
      expect((await admin.get(NODE, { name: PI }))?.spec?.unschedulable).toBe(true);
      expect(await drainNode(usher, node, { nowMs: systemClock.nowMs() + DRAIN_LIMIT_MS })).toEqual({ left: 0 });
    } finally {
      await admin.delete(BUDGET, budget.metadata);
      for (const name of names) await admin.delete(POD, { name, namespace: 'default' });
    }
  });

  describe("Usher's own rights", () => {
    const patch = (body: Json): Promise<unknown> => usher.mergePatch(NODE, { name: PI }, body);
    /** Taking off Kubernetes' own taints is not Usher's right, and the node lifecycle controller adds some at any time. */
    const addTaint = async (taint: Taint): Promise<unknown> => {
      for (let attempt = 1; ; attempt += 1) {
        const node = await usher.get(NODE, { name: PI });
        const { resourceVersion } = node?.metadata ?? {};
        try {
          return await patch({
            metadata: { resourceVersion },
            spec: { taints: [...(node?.spec?.taints ?? []), taint] },
          });
        } catch (error) {
          if (!isUsherError(error, 'KUBE_CONFLICT') || attempt === 5) throw error;
        }
      }
    };
    const secret = (name: string, type: string, over: Json = {}, data: Json = {}): Promise<unknown> =>
      usher.dryRunCreate(SECRET, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace: 'kube-system', labels: { 'app.kubernetes.io/managed-by': 'usher' }, ...over },
        type,
        data,
      } as never);
    const token = {
      'token-id': 'YWJjZGVm',
      'token-secret': 'YWJjZGVmYWJjZGVmYWJj',
      expiration: 'MjA5OS0wMS0wMVQwMDowMDowMFo=',
    };
    const TOKEN = 'bootstrap.kubernetes.io/token';

    beforeAll(async () => {
      await makeNode(PI);
      await makeNode(MASTER, { 'node-role.kubernetes.io/control-plane': 'true' });
    });

    it.each<[string, () => Promise<unknown>, string]>([
      ['a bootstrap token', () => secret('bootstrap-token-abcdef', TOKEN, {}, token), 'ok'],
      [
        'one without expiry',
        () => secret('bootstrap-token-abcdef', TOKEN, {}, { ...token, expiration: undefined }),
        'expires',
      ],
      [
        'one of another group',
        () =>
          secret(
            'bootstrap-token-abcdef',
            TOKEN,
            {},
            { ...token, 'auth-extra-groups': 'c3lzdGVtOmJvb3RzdHJhcHBlcnM6eA==' },
          ),
        'expires',
      ],
      [
        'one without the label',
        () => secret('bootstrap-token-abcdef', TOKEN, { labels: {} }, token),
        'carry its label',
      ],
      ['a node password', () => secret('pi.node-password.k3s', 'k3s.cattle.io/node-password'), 'ok'],
      ['a node password of another name', () => secret('pi', 'k3s.cattle.io/node-password'), 'only'],
      ['any other Secret', () => secret('anything', 'Opaque'), 'only'],
      [
        'a token of a ServiceAccount',
        () =>
          secret('t', 'kubernetes.io/service-account-token', {
            namespace: 'usher-system',
            annotations: { 'kubernetes.io/service-account.name': 'usher' },
          }),
        'no tokens',
      ],
      [
        'a user of the page',
        () => secret('usher-user-anna', 'Opaque', { namespace: USHER_NAMESPACE, labels: { [PEOPLE_LABEL]: 'user' } }),
        'ok',
      ],
      ['such a user in kube-system', () => secret('usher-user-anna', 'Opaque'), 'only'],
      ['noting the head of the audit log', () => usher.create(CONFIG_MAP, AUDIT_HEAD, { dryRun: true }), 'ok'],
      ['remembering a MAC address that is ignored', () => usher.create(CONFIG_MAP, IGNORED, { dryRun: true }), 'ok'],
      ['the same in kube-system', () => usher.create(CONFIG_MAP, inKubeSystem(IGNORED)), 'KUBE_FORBIDDEN'],
      ['deleting that head', () => usher.delete(CONFIG_MAP, AUDIT_HEAD.metadata), 'KUBE_FORBIDDEN'],
      ['Secrets of other namespaces', () => secret('t', 'Opaque', { namespace: 'default' }), 'KUBE_FORBIDDEN'],
      ['listing Secrets of kube-system', () => usher.list(SECRET, { namespace: 'kube-system' }), 'KUBE_FORBIDDEN'],
      [
        'deleting a foreign Secret',
        () => usher.delete(SECRET, { name: 'k8stest-foreign', namespace: 'kube-system' }),
        'KUBE_FORBIDDEN',
      ],
      ['making a Node', () => usher.create(NODE, nodeOf('k8stest-ghost')), 'KUBE_FORBIDDEN'],
      ['labelling a node', () => patch({ metadata: { labels: { machine: 'lathe' } } }), 'ok'],
      [
        'a label of Kubernetes',
        () => patch({ metadata: { labels: { 'node-role.kubernetes.io/x': '' } } }),
        "not Usher's",
      ],
      [
        'taking off a label of Kubernetes',
        () => patch({ metadata: { labels: { 'kubernetes.io/hostname': null } } }),
        "not Usher's",
      ],
      ['an annotation of others', () => patch({ metadata: { annotations: { a: 'b' } } }), "not Usher's"],
      ['a finalizer', () => patch({ metadata: { finalizers: ['a.b/c'] } }), 'writes labels'],
      ['the provider id', () => patch({ spec: { providerID: 'k3s://x' } }), 'writes labels'],
      ['a taint', () => addTaint({ key: 'a', effect: 'NoSchedule' }), 'ok'],
      [
        'a taint of Kubernetes',
        () => patch({ spec: { taints: [{ key: 'node.kubernetes.io/x', effect: 'NoSchedule' }] } }),
        "not Usher's",
      ],
      ['cordoning', () => patch({ spec: { unschedulable: true } }), 'ok'],
      [
        'noting since when a node is drained',
        () => patch({ metadata: { annotations: { [DRAIN_ANNOTATION]: '2026-01-01T00:00:00Z' } } }),
        'ok',
      ],
      ['seeing the pods of a node', () => usher.list(POD, { fieldSelector: `spec.nodeName=${PI}` }), 'ok'],
      ['evicting a pod that is gone', () => usher.evict({ name: 'k8stest-gone', namespace: 'default' }), 'ok'],
      ['deleting a pod', () => usher.delete(POD, { name: 'k8stest-gone', namespace: 'default' }), 'KUBE_FORBIDDEN'],
      ['making a pod', () => usher.create(POD, podOf('k8stest-pod')), 'KUBE_FORBIDDEN'],
      [
        'labelling the master',
        () => usher.mergePatch(NODE, { name: MASTER }, { metadata: { labels: { a: 'b' } } }),
        'never touches',
      ],
      ['deleting the master', () => usher.delete(NODE, { name: MASTER }), 'never touches'],
      [
        'deleting the list of names',
        () => usher.delete(CONFIG_MAP, { name: 'approved-nodes', namespace: 'usher-system' }),
        'KUBE_FORBIDDEN',
      ],
    ])('%s', async (_what, attempt, expected) => {
      if (_what.includes('foreign')) {
        const name = { name: 'k8stest-foreign', namespace: 'kube-system' };
        await admin.delete(SECRET, name);
        await admin.create(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: name });
      }
      expect(await outcomeOf(attempt())).toContain(expected);
    });
  });

  describe('what Usher may run on a node', () => {
    const asked = { deviceId: DEVICE_ID, nodeName: PI, words: 'amber otter', seconds: 30, image: 'pause:1' };
    /** The Job as it is made, with `over` on its pod and `onContainer` on its container. */
    const job = (over: Json = {}, onContainer: Json = {}, onJob: Json = {}): Promise<unknown> => {
      const made = structuredClone(identifyJob(asked)) as Job & { spec: Json & { template: { spec: Json } } };
      const pod = made.spec.template.spec;
      const [container] = pod['containers'] as Json[];
      made.spec.template.spec = { ...pod, containers: [{ ...container, ...onContainer }], ...over };
      return usher.dryRunCreate(JOB, { ...made, spec: { ...made.spec, ...onJob } });
    };
    const volume = (path: string, type = 'DirectoryOrCreate'): Json => ({
      volumes: [{ name: 'identify', hostPath: { path, type } }],
    });

    it.each<[string, () => Promise<unknown>, string]>([
      ['what asks it to show itself', () => job(), 'ok'],
      ['a command', () => job({}, { command: ['/bin/sh'] }), 'no command of its own'],
      ['a container with privileges', () => job({}, { securityContext: { privileged: true } }), 'no privileges'],
      ['a container as root', () => job({}, { securityContext: { runAsUser: 0 } }), 'no privileges'],
      ['a pod as root', () => job({ securityContext: { runAsUser: 0 } }), 'as nobody'],
      ['the network of the node', () => job({ hostNetwork: true }), 'as nobody'],
      ['a token', () => job({ automountServiceAccountToken: true }), 'as nobody'],
      ['the root of the node', () => job(volume('/')), 'sees nothing'],
      ['a folder beside', () => job(volume('/run/usher/identify/amber-otter.30/x')), 'sees nothing'],
      ['a Job that stays', () => job({}, {}, { ttlSecondsAfterFinished: 9999 }), 'removes itself'],
      ['many pods', () => job({}, {}, { parallelism: 9, completions: 9 }), 'removes itself'],
    ])('%s', async (_what, attempt, outcome) => {
      expect(await outcomeOf(attempt())).toContain(outcome);
    });
  });
});
