import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { Secret } from '../../../foundation/secret.ts';
import { type AdminKubeClient, createKubeClient } from '../../../k8s/client/create-kube-client.ts';
import { POD, type Pod } from '../../../k8s/core/pods.ts';
import { type Kind, type KubeObject, NODE } from '../../../k8s/core/resources.ts';
import {
  CANDIDATES_ANNOTATION,
  type Lease,
  LEASE,
  leaseLabels,
  type LeaseSpec,
  leaseTermsOf,
  NODE_ACCOUNT,
  TAKEOVER_BY_ANNOTATION,
  TERMS_ANNOTATION,
} from '../../../k8s/core/sensor-service/lease.ts';
import { DAEMON_SET, type DaemonSet, daemonSetOf } from '../../../k8s/core/sensor-service/workload.ts';
import { installUsher } from '../../../k8s/install.ts';
import { serviceAccountClient } from '../../../k8s/service-account.ts';
import { NAMESPACE, SENSOR, serviceOf } from '../../support/sensor-service/services.ts';
import { hasTestCluster, startTestCluster, type TestCluster } from '../support/cluster.ts';
import { type Json, MASTER, nodeOf, outcomeOf } from '../support/kube-objects.ts';

const [A, B] = ['rights-a', 'rights-b'];
const LEASE_NAME = { name: 'lathe.left', namespace: NAMESPACE };

interface TokenRequest extends KubeObject {
  spec: Json;
  status?: { token: string };
}

describe.skipIf(!hasTestCluster())('rights around sensor services', { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let admin: AdminKubeClient;
  let usher: AdminKubeClient;
  const standbys = new Map<string, AdminKubeClient>();

  /** The standby of a node, with the token that the kubelet there would give its pod. */
  const standbyOn = async (node: string): Promise<AdminKubeClient> => {
    await admin.create(NODE, nodeOf(node));
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `usher-node-${node}`, namespace: NODE_ACCOUNT.namespace },
      spec: { nodeName: node, containers: [{ name: 'standby', image: 'none' }] },
    };
    const withAccount = { ...pod, spec: { ...pod.spec, serviceAccountName: NODE_ACCOUNT.name } } as Pod;
    const { metadata } = await admin.create(POD, withAccount);
    const kind: Kind<TokenRequest> = {
      apiVersion: 'v1',
      kind: 'TokenRequest',
      plural: `serviceaccounts/${NODE_ACCOUNT.name}/token`,
      namespaced: true,
    };
    const asked = await admin.create(kind, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: '', namespace: NODE_ACCOUNT.namespace },
      spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid } },
    });
    return clientWith(asked.status?.token ?? '');
  };

  const clientWith = (token: string): AdminKubeClient =>
    createKubeClient({
      access: { ...admin.endpoint, token: () => Promise.resolve(new Secret(token)), invalidate: () => undefined },
      clock: systemClock,
      logger: silentLogger,
    });

  /** A lease with just this record. */
  const given = async (spec: LeaseSpec, annotations: Record<string, string> = {}): Promise<void> => {
    await admin.mergePatch(LEASE, LEASE_NAME, {
      metadata: {
        annotations: {
          [CANDIDATES_ANNOTATION]: JSON.stringify([A, B]),
          [TERMS_ANNOTATION]: JSON.stringify(leaseTermsOf({})),
          [TAKEOVER_BY_ANNOTATION]: null,
          ...annotations,
        },
      },
      spec: { holderIdentity: null, leaseTransitions: null, ...spec },
    });
  };
  const write = (node: string, patch: Json): Promise<string> =>
    outcomeOf(standbys.get(node)?.mergePatch(LEASE, LEASE_NAME, patch) ?? Promise.resolve());
  const record = (holderIdentity: string, leaseTransitions: number): Json => ({
    spec: { holderIdentity, leaseTransitions },
  });

  beforeAll(async () => {
    cluster = await startTestCluster();
    ({ admin } = cluster);
    await installUsher({ admin, logger: silentLogger, clock: systemClock, masterNodeNames: [MASTER] });
    usher = serviceAccountClient({ admin, clock: systemClock, logger: silentLogger });
    for (const node of [A, B]) standbys.set(node, await standbyOn(node));
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...LEASE_NAME, labels: leaseLabels('lathe', 'left') },
    };
    await usher.create(LEASE, lease);
  }, 180_000);

  afterAll(async () => {
    for (const client of standbys.values()) await client.close();
    await usher.close();
    await cluster.stop();
  }, 60_000);

  it.each<[string, LeaseSpec, string, Json, string]>([
    ['acquires a free lease', {}, A, record(A, 1), 'ok'],
    [
      'renews',
      { holderIdentity: A, leaseTransitions: 3 },
      A,
      { spec: { renewTime: '2026-01-01T00:00:00.000000Z' } },
      'ok',
    ],
    ['acquires its own anew', { holderIdentity: A, leaseTransitions: 3 }, A, record(A, 4), 'ok'],
    ['takes over', { holderIdentity: A, leaseTransitions: 3 }, B, record(B, 4), 'ok'],
    ['releases', { holderIdentity: A, leaseTransitions: 3 }, A, record('', 3), 'ok'],
    ["writes another node's name", {}, A, record(B, 1), "its own node's name"],
    ["releases another's", { holderIdentity: A, leaseTransitions: 3 }, B, record('', 3), "its own node's name"],
    [
      "renews another's",
      { holderIdentity: A, leaseTransitions: 3 },
      B,
      { spec: { renewTime: '2026-01-01T00:00:00.000000Z' } },
      "its own node's name",
    ],
    ['takes over in the same epoch', { holderIdentity: A, leaseTransitions: 3 }, B, record(B, 3), 'the epoch grows'],
    ['turns the epoch back', { holderIdentity: A, leaseTransitions: 3 }, A, record(A, 2), 'the epoch grows'],
    ['turns it back by releasing', { holderIdentity: A, leaseTransitions: 3 }, A, record('', 0), 'the epoch grows'],
    [
      'makes itself the only candidate',
      { holderIdentity: A, leaseTransitions: 3 },
      A,
      { metadata: { annotations: { [CANDIDATES_ANNOTATION]: `["${A}"]` } } },
      'not a standby',
    ],
    [
      'changes the terms with a renewal',
      { holderIdentity: A, leaseTransitions: 3 },
      A,
      { metadata: { annotations: { [TERMS_ANNOTATION]: '{}' } } },
      'not a standby',
    ],
    [
      'takes the labels off',
      { holderIdentity: A, leaseTransitions: 3 },
      A,
      { metadata: { labels: { 'usher.internal/service': null } } },
      'not a standby',
    ],
  ])('a standby that %s', async (_what, spec, node, patch, expected) => {
    await given(spec);
    expect(await write(node, patch)).toContain(expected);
  });

  it('lets only candidates acquire', async () => {
    await given({}, { [CANDIDATES_ANNOTATION]: JSON.stringify([A]) });
    expect(await write(B, record(B, 1))).toContain('only a candidate');
  });

  it('lets nobody replace a holder that holds on without an operator, whose word is for one epoch', async () => {
    const terms = {
      [TERMS_ANNOTATION]: JSON.stringify(leaseTermsOf({ failover: { onControlPlaneLoss: 'HoldLast' } })),
    };
    const held = { holderIdentity: A, leaseTransitions: 3 };
    for (const [word, expected] of [
      [undefined, 'vouched'],
      [`${B}@2`, 'vouched'],
      [`${B}@3`, 'ok'],
    ] as const) {
      await given(held, word === undefined ? terms : { ...terms, [TAKEOVER_BY_ANNOTATION]: word });
      expect(await write(B, record(B, 4))).toContain(expected);
    }
  });

  it('holds standbys to leases of services that are there, with a token that names a node', async () => {
    const other: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'rights-other', namespace: 'default' },
    };
    await admin.create(LEASE, other);
    const standby = standbys.get(A);
    const patch = { spec: { holderIdentity: A } };
    expect(await outcomeOf(standby?.mergePatch(LEASE, other.metadata, patch) ?? Promise.resolve())).toContain('only');
    expect(await outcomeOf(standby?.create(LEASE, { ...other }) ?? Promise.resolve())).toContain('KUBE_FORBIDDEN');
    await admin.delete(LEASE, other.metadata);
    const unbound = clientWith((await admin.requestServiceAccountToken(NODE_ACCOUNT, 3600)).token.reveal());
    await given({});
    expect(await outcomeOf(unbound.mergePatch(LEASE, LEASE_NAME, record(A, 1)))).toContain('token of its own pod');
    await unbound.close();
  });

  it('never loses a lease but with its service', async () => {
    expect(await outcomeOf(admin.delete(LEASE, LEASE_NAME))).toContain(
      'annotate the lease with usher.internal/yield-to',
    );
  });

  it("keeps Usher's hands off who is active, and off other leases", async () => {
    await given({ holderIdentity: A, leaseTransitions: 3 });
    const patch = (body: Json): Promise<string> => outcomeOf(usher.mergePatch(LEASE, LEASE_NAME, body));
    expect(await patch({ metadata: { annotations: { [CANDIDATES_ANNOTATION]: '["x"]' } } })).toBe('ok');
    expect(await patch({ spec: { holderIdentity: B } })).toContain('written by the nodes');
    expect(await outcomeOf(usher.delete(LEASE, LEASE_NAME))).toContain('KUBE_FORBIDDEN');
  });

  describe("Usher's DaemonSets", () => {
    const made = (change: (set: DaemonSet) => void, namespace = NAMESPACE): Promise<string> => {
      const service = serviceOf('rights', SENSOR);
      service.metadata.namespace = namespace;
      service.metadata.uid = '00000000-0000-0000-0000-000000000000';
      const set = daemonSetOf({ service, brokerUrl: 'mqtt://10.0.0.1:1883', keptOn: [A] });
      change(set);
      return outcomeOf(usher.create(DAEMON_SET, set, { dryRun: true }));
    };
    const inPod = (fields: Json) => (set: DaemonSet) => void Object.assign(set.spec.template.spec, fields);
    const inContainer = (fields: Json) => (set: DaemonSet) => {
      const { containers } = set.spec.template.spec as unknown as { containers: Json[] };
      Object.assign(containers[0] ?? {}, fields);
    };

    it.each<[string, (set: DaemonSet) => void, string]>([
      ['of a service', () => undefined, 'ok'],
      ["with the node's network", inPod({ hostNetwork: true }), 'nothing of the host'],
      ["with the node's processes", inPod({ hostPID: true }), 'nothing of the host'],
      [
        'with a folder of the node',
        inPod({ volumes: [{ name: 'tmp', hostPath: { path: '/' } }] }),
        'nothing of the host',
      ],
      ['with a Secret', inPod({ volumes: [{ name: 'tmp', secret: { secretName: 'x' } }] }), 'nothing of the host'],
      ['as root', inPod({ securityContext: { runAsNonRoot: false, runAsUser: 0 } }), 'runs as nobody'],
      ['with a token', inPod({ automountServiceAccountToken: true }), 'no token'],
      ['with privileges', inContainer({ securityContext: { privileged: true } }), 'no privileges'],
      ['with a Secret in its environment', inContainer({ envFrom: [{ secretRef: { name: 'x' } }] }), 'no privileges'],
      ['of nobody', (set) => void Object.assign(set.metadata, { ownerReferences: [] }), 'another name'],
    ])('%s', async (_what, change, expected) => {
      expect(await made(change)).toContain(expected);
    });

    it('are not in the namespaces of the cluster', async () => {
      for (const namespace of ['kube-system', 'usher-system']) {
        expect(await made(() => undefined, namespace)).toContain('use usher-services');
      }
    });
  });
});
