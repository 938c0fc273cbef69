import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { type ContractCluster, JOIN_LIMIT_MS } from '../support/contract-cluster.ts';
import { DATA } from '../support/k3s-machine.ts';
import type { Sender } from '../support/supervisor-client.ts';

const MANIFESTS = fileURLToPath(new URL('../../../k8s/manifests/', import.meta.url));
const POLICY_LIMIT_MS = 20_000;
const APPROVED = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'approved-nodes', namespace: 'usher-system' },
};

/** Lines 11 to 13: what a node may do to others, and the policies of Usher that bound it. */
export function authorityLines(cluster: () => ContractCluster): void {
  beforeAll(() => cluster().ensureNode(cluster().alpha));

  it('11: the certificate that all nodes share labels other nodes, and lists nodes and pods', async () => {
    const controller = await controllerOf(cluster());
    expect(await label(cluster(), controller, 'alpha/status', 'stolen')).toBe(200);
    expect((await cluster().node('alpha'))?.metadata.labels?.['stolen']).toBe('yes');
    for (const kind of ['nodes', 'pods']) {
      expect((await cluster().supervisor.send(`/api/v1/${kind}`, controller)).status).toBe(200);
    }
    expect((await cluster().supervisor.send('/api/v1/secrets', controller)).status).toBe(403);
  });

  it('11: a kubelet sets any label on its own node that is not under kubernetes.io, and none on others', async () => {
    const kubelet = await kubeletOf(cluster());
    expect(await label(cluster(), kubelet, 'alpha', 'self-made')).toBe(200);
    expect(await label(cluster(), kubelet, 'alpha', 'x.node-restriction.kubernetes.io/a')).toBe(403);
    expect(await label(cluster(), kubelet, 'server', 'self-made')).toBe(403);
  });

  it('12: a policy closes both, and joins and restarts go on working under it', async () => {
    const { alpha } = cluster();
    const [controller, kubelet] = [await controllerOf(cluster()), await kubeletOf(cluster())];
    const policy = await readFile(`${MANIFESTS}node-labels-policy.yaml`, 'utf8');
    await cluster().apply(policy);
    // A label of its own for each try: one that is there already may stay.
    let tries = 0;
    const another = (): Promise<number> => label(cluster(), kubelet, 'alpha', `try-${(tries += 1)}`);
    await expect.poll(another, { timeout: POLICY_LIMIT_MS }).toBe(403);
    expect(await label(cluster(), kubelet, 'alpha/status', 'b')).toBe(403);
    expect(await label(cluster(), controller, 'alpha/status', 'c')).toBe(403);
    expect(await label(cluster(), cluster().admin, 'alpha', 'by-the-administrator')).toBe(200);
    await alpha.killK3s();
    const token = await cluster().makeToken();
    await cluster().startAgent(alpha, { token: token.join });
    await alpha.machine.exec(
      ['sh', '-c', 'until busybox wget -q -O /dev/null http://127.0.0.1:10248/healthz; do sleep 0.1; done'],
      {
        timeoutMs: JOIN_LIMIT_MS,
      },
    );
    await cluster().deleteToken(token);
    const node = await cluster().joinFresh(alpha);
    expect(node.metadata.labels).not.toHaveProperty('by-the-administrator');
    await cluster().kubectl(['delete', '-f', '-'], policy);
  });

  it('13: a machine whose name is not listed waits, and joins once it is', async () => {
    const { beta } = cluster();
    const policy = await readFile(`${MANIFESTS}approved-nodes-policy.yaml`, 'utf8');
    await cluster().apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'usher-system' } });
    await cluster().apply({ ...APPROVED, data: { somebody: '' } });
    await cluster().apply(policy);
    const kubelet = await kubeletOf(cluster());
    await expect.poll(() => dryRunNode(cluster(), kubelet), { timeout: POLICY_LIMIT_MS }).toBe(403);
    await beta.reflash();
    const token = await cluster().makeToken();
    await cluster().startAgent(beta, { token: token.join });
    await beta.waitForLog(/node \\?"beta\\?" not found|nodes \\?"beta\\?" is forbidden/, JOIN_LIMIT_MS);
    expect(await cluster().node('beta')).toBeUndefined();
    const startMs = performance.now();
    await cluster().apply({ ...APPROVED, data: { somebody: '', beta: '' } });
    await cluster().waitForReady('beta', JOIN_LIMIT_MS);
    console.log(`line 13: Ready ${Math.round(performance.now() - startMs)} ms after its name was listed`);
    await cluster().deleteToken(token);
  });

  it('13: without the list nobody can create a Node, not even the administrator', async () => {
    await cluster().kubectl(['-n', 'usher-system', 'delete', 'configmap', 'approved-nodes']);
    await expect.poll(() => dryRunNode(cluster(), cluster().admin, 'somebody'), { timeout: POLICY_LIMIT_MS }).toBe(422);
    await cluster().kubectl(['delete', '-f', '-'], await readFile(`${MANIFESTS}approved-nodes-policy.yaml`, 'utf8'));
    await expect.poll(() => dryRunNode(cluster(), cluster().admin, 'somebody'), { timeout: POLICY_LIMIT_MS }).toBe(201);
  });
}

/** The certificate that any holder of a token gets, whatever its name. */
async function controllerOf(cluster: ContractCluster): Promise<Sender> {
  const token = await cluster.makeToken();
  const { status, certificate } = await cluster.supervisor.askCertificate('client-k3s-controller', token, {
    name: 'nobody',
    password: 'none',
  });
  expect(status).toBe(200);
  await cluster.deleteToken(token);
  return { certificate };
}

/** What the kubelet of alpha shows the API server. */
async function kubeletOf({ alpha }: ContractCluster): Promise<Sender> {
  const read = async (name: string): Promise<string> => (await alpha.machine.readFile(`${DATA}/agent/${name}`)) ?? '';
  return { certificate: { cert: await read('client-kubelet.crt'), key: await read('client-kubelet.key') } };
}

/** Sets a label to `yes`; gives the status code. */
async function label(cluster: ContractCluster, sender: Sender, node: string, key: string): Promise<number> {
  const { status } = await cluster.supervisor.send(`/api/v1/nodes/${node}`, {
    ...sender,
    method: 'PATCH',
    headers: { 'Content-Type': 'application/strategic-merge-patch+json' },
    body: JSON.stringify({ metadata: { labels: { [key]: 'yes' } } }),
  });
  return status;
}

/** What the API server would say to a new Node; 409 and 201 both mean that no policy is against it. */
function dryRunNode(cluster: ContractCluster, sender: Sender, name = 'alpha'): Promise<number> {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name } };
  return cluster.create('/api/v1/nodes?dryRun=All', node, sender);
}
