import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Clock, sleep } from '../foundation/clock.ts';
import { isUsherError, messageOf, UsherError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { AdminKubeClient } from './client/create-kube-client.ts';
import {
  APPROVED_NODES,
  CONFIG_MAP,
  type ConfigMap,
  type Kind,
  type KubeObject,
  MANAGED_BY,
} from './core/resources.ts';
import { DEVICE, DEVICE_CLAIM, NODE, USHER_NAMESPACE } from './core/resources.ts';
import { SENSOR_SERVICE } from './core/sensor-service/sensor-service.ts';
import { probePolicies } from './policy-probe.ts';

const MANIFESTS = [
  'namespace.yaml',
  'device-crd.yaml',
  'device-claim-crd.yaml',
  'sensor-service-crd.yaml',
  'node-labels-policy.yaml',
  'own-rights-policy.yaml',
  'own-workloads-policy.yaml',
  'standby-leases-policy.yaml',
  'approved-nodes-policy.yaml',
  'rights.yaml',
];
const POLICY_BINDING = 'ValidatingAdmissionPolicyBinding';
const INSTALL_MANAGER = 'usher-install';
const POLL_MS = 50;

const KINDS: Record<string, { plural: string; namespaced: boolean }> = {
  Namespace: { plural: 'namespaces', namespaced: false },
  CustomResourceDefinition: { plural: 'customresourcedefinitions', namespaced: false },
  ValidatingAdmissionPolicy: { plural: 'validatingadmissionpolicies', namespaced: false },
  ValidatingAdmissionPolicyBinding: { plural: 'validatingadmissionpolicybindings', namespaced: false },
  ServiceAccount: { plural: 'serviceaccounts', namespaced: true },
  ClusterRole: { plural: 'clusterroles', namespaced: false },
  ClusterRoleBinding: { plural: 'clusterrolebindings', namespaced: false },
  Role: { plural: 'roles', namespaced: true },
  RoleBinding: { plural: 'rolebindings', namespaced: true },
};

interface Crd extends KubeObject {
  status?: { conditions?: { type: string; status: string }[] };
}

export interface InstallOptions {
  /** With the rights of an administrator, impersonation included. */
  admin: AdminKubeClient;
  logger: Logger;
  clock: Clock;
  /** Nodes that need no ticket: this master's own, whose kubelet may not have made its Node yet. */
  masterNodeNames: readonly string[];
  /** How long the API server may take to obey the new CRDs and policies. */
  limitMs?: number;
}

/**
 * Installs what Usher needs in the cluster: CRDs, admission policies, its ServiceAccount and rights. Idempotent; an
 * upgrade is the same call. When it returns, the API server refuses unlisted nodes, foreign labels and what the
 * ServiceAccount must not do: each is tried with a dry run.
 * @throws UsherError TIMED_OUT when the API server does not obey in time, or the KUBE_* error of what it refused
 */
export async function installUsher(options: InstallOptions): Promise<void> {
  const { admin, logger } = options;
  const limitMs = options.limitMs ?? 30_000;
  const objects = (await Promise.all(MANIFESTS.map(readManifest))).flat();
  const apply = async (kinds: (kind: string) => boolean): Promise<void> => {
    const wanted = objects.filter((object) => kinds(object.kind));
    await Promise.all(wanted.map((o) => admin.apply(kindOf(o), o, { fieldManager: INSTALL_MANAGER, force: true })));
  };
  await apply((kind) => kind === 'Namespace');
  await apply((kind) => kind !== 'Namespace' && kind !== POLICY_BINDING);
  // Without the list of names, the binding of usher-approved-nodes would keep every node out.
  await seedApprovedNodes(admin, options.masterNodeNames);
  await apply((kind) => kind === POLICY_BINDING);
  const crds = objects.filter((object) => object.kind === 'CustomResourceDefinition');
  await until(options, limitMs, 'setting up the kinds Device, DeviceClaim and SensorService', async () => {
    const found = await Promise.all(crds.map((crd) => admin.get(kindOf<Crd>(crd), { name: crd.metadata.name })));
    return found.every((crd) => crd?.status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True'));
  });
  await Promise.all([admin.list(DEVICE), admin.list(DEVICE_CLAIM), admin.list(SENSOR_SERVICE)]);
  await until(options, limitMs, 'putting the admission policies into force', () => probePolicies(admin));
  logger.info({ objects: objects.length }, 'installed kinds, admission policies and rights');
}

/** The objects of one file of `k8s/manifests/`. */
export async function readManifest(file: string): Promise<KubeObject[]> {
  const text = await readFile(join(import.meta.dirname, 'manifests', file), 'utf8');
  return parseAllDocuments(text).map((document) => {
    const [problem] = document.errors;
    if (problem !== undefined)
      throw new UsherError('INTERNAL', { detail: `${file}: ${problem.message}` }, { cause: problem });
    return document.toJS() as KubeObject;
  });
}

/**
 * Makes the list of node names with those that exist already; once it is there, only this master's names are added, since
 * the others are listed and taken off by tickets.
 */
async function seedApprovedNodes(admin: AdminKubeClient, masters: readonly string[]): Promise<void> {
  const name = { name: APPROVED_NODES, namespace: USHER_NAMESPACE };
  const listed = await admin.get(CONFIG_MAP, name);
  const missing = masters.filter((master) => listed?.data?.[master] === undefined);
  if (listed !== undefined) {
    if (missing.length > 0) await admin.mergePatch(CONFIG_MAP, name, { data: asKeys(missing, 'master') });
    return;
  }
  const existing = (await admin.list(NODE)).map((node) => node.metadata.name);
  const seed: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...name, labels: { ...MANAGED_BY } },
    data: { ...asKeys(existing, 'was there before Usher'), ...asKeys(masters, 'master') },
  };
  try {
    await admin.create(CONFIG_MAP, seed);
  } catch (error) {
    if (!isUsherError(error, 'KUBE_ALREADY_EXISTS')) throw error;
    await admin.mergePatch(CONFIG_MAP, name, { data: seed.data });
  }
}

function asKeys(names: readonly string[], note: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, note]));
}

function kindOf<T extends KubeObject = KubeObject>(object: KubeObject): Kind<T> {
  const known = KINDS[object.kind];
  if (known === undefined) throw new UsherError('INTERNAL', { detail: `a manifest of the kind ${object.kind}` });
  return { apiVersion: object.apiVersion, kind: object.kind, ...known };
}

async function until(
  { clock, logger }: InstallOptions,
  limitMs: number,
  what: string,
  isDone: () => Promise<boolean>,
): Promise<void> {
  const deadlineMs = clock.nowMs() + limitMs;
  for (;;) {
    try {
      if (await isDone()) return;
    } catch (error) {
      if (clock.nowMs() >= deadlineMs) throw error;
      logger.debug({ detail: messageOf(error) }, 'the API server is not there yet');
    }
    if (clock.nowMs() >= deadlineMs) throw new UsherError('TIMED_OUT', { what, limitMs });
    await sleep(clock, POLL_MS);
  }
}
