import { asUsherError } from '../../../foundation/errors.ts';
import type { Pod } from '../../../k8s/core/pods.ts';
import type { Device, DeviceClaim, Kind, KubeObject, Node } from '../../../k8s/core/resources.ts';

export type Json = Record<string, unknown>;
export interface Lease extends KubeObject {
  spec: Json;
}
export const LEASE: Kind<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};
export interface Rbac extends KubeObject {
  rules?: Json[];
  roleRef?: Json;
  subjects?: Json[];
}
export const RBAC = 'rbac.authorization.k8s.io/v1';
export const CLUSTER_ROLE: Kind<Rbac> = {
  apiVersion: RBAC,
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
};
export const CLUSTER_ROLE_BINDING: Kind<Rbac> = {
  apiVersion: RBAC,
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
};
export interface KubeEvent extends KubeObject {
  regarding: { name: string };
  series?: { count: number };
}
export const EVENT: Kind<KubeEvent> = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

export const DEVICE_ID = 'k8stest0000000000000000000';
export const PI = 'k8stest-pi';
export const MASTER = 'k8stest-master';

export const device: Device = {
  apiVersion: 'usher.internal/v1alpha1',
  kind: 'Device',
  metadata: { name: DEVICE_ID },
  spec: {
    publicKey: '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n',
    evidence: { kind: 'CardToken', tokenId: 'abcdefghjk', verifiedAt: '2026-01-01T00:00:00Z' },
    decision: 'Undecided',
  },
};

export function claimOf(spec: Json, name = 'k8stest-claim'): DeviceClaim {
  const claim = { apiVersion: 'usher.internal/v1alpha1', kind: 'DeviceClaim', metadata: { name }, spec };
  return claim as unknown as DeviceClaim;
}

export function nodeOf(name: string, labels: Record<string, string> = {}): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } } };
}

/** A pod that is assigned to the node {@link PI}; no kubelet runs there, so it is gone as soon as it may go. */
export function podOf(name: string): Pod {
  const metadata = { name, namespace: 'default', labels: { app: name } };
  const spec = { nodeName: PI, terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'k8stest' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
}

/** The status of a pod whose container is up, as a kubelet would report it. */
export const RUNNING = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

export interface Budget extends KubeObject {
  spec: Json;
}
export const BUDGET: Kind<Budget> = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  namespaced: true,
};

/** `ok`, or the code and message of the error. */
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'ok',
    (error: unknown) => `${asUsherError(error).code}: ${asUsherError(error).message}`,
  );
}
