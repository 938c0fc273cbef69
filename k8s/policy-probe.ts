import { isUsherError } from '../foundation/errors.ts';
import type { AdminKubeClient } from './client/create-kube-client.ts';
import { APPROVED_NODES, CONFIG_MAP, type KubeSecret, NODE, type Node, SECRET } from './core/resources.ts';
import { USHER_NAMESPACE } from './core/resources.ts';
import { DAEMON_SET, type DaemonSet } from './core/sensor-service/workload.ts';
import { USHER_ACCOUNT } from './service-account.ts';

/** A name that no claim can give a node (it is no DNS label), so that the probe never meets a real one. */
const PROBE_NODE = 'usher.policy.probe';

/**
 * True when the API server enforces all of Usher's policies: it is asked, without storing anything, for what each of them
 * must refuse. A new policy takes effect up to a second after it was made.
 */
export async function probePolicies(admin: AdminKubeClient): Promise<boolean> {
  const kubelet = admin.impersonating({
    user: `system:node:${PROBE_NODE}`,
    groups: ['system:nodes', 'system:authenticated'],
  });
  const usher = admin.impersonating({ user: `system:serviceaccount:${USHER_NAMESPACE}:${USHER_ACCOUNT}` });
  return (
    (await refusedBy('usher-approved-nodes', () => kubelet.dryRunCreate(NODE, probeNode({})))) &&
    (await labelsAreRefused(admin)) &&
    (await refusedBy('usher-own-rights', () => usher.dryRunCreate(SECRET, probeSecret()))) &&
    (await refusedBy('usher-own-workloads', () => usher.dryRunCreate(DAEMON_SET, probeDaemonSet())))
  );
}

/** A Node that may be created, but not with a label of its own choice: the label policy is the only one to refuse it. */
async function labelsAreRefused(admin: AdminKubeClient): Promise<boolean> {
  const [listed] = Object.keys(
    (await admin.get(CONFIG_MAP, { name: APPROVED_NODES, namespace: USHER_NAMESPACE }))?.data ?? {},
  );
  if (listed === undefined) return true;
  const kubelet = admin.impersonating({
    user: `system:node:${listed}`,
    groups: ['system:nodes', 'system:authenticated'],
  });
  const node = probeNode({ 'usher-policy-probe': 'true' }, listed);
  return await refusedBy('usher-node-labels', () => kubelet.dryRunCreate(NODE, node));
}

async function refusedBy(policy: string, attempt: () => Promise<unknown>): Promise<boolean> {
  try {
    await attempt();
    return false;
  } catch (error) {
    if (isUsherError(error, 'KUBE_FORBIDDEN')) return error.message.includes(`'${policy}'`);
    if (isUsherError(error, 'KUBE_ALREADY_EXISTS')) return false;
    throw error;
  }
}

function probeNode(labels: Record<string, string>, name = PROBE_NODE): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
}

function probeDaemonSet(): DaemonSet {
  const labels = { 'usher-policy-probe': 'true' };
  const containers = [{ name: 'probe', image: 'probe' }];
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'usher-policy-probe', namespace: 'kube-system' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}

function probeSecret(): KubeSecret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'usher-policy-probe', namespace: 'kube-system' },
    type: 'Opaque',
  };
}
