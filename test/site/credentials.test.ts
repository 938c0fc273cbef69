import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUsherError } from '../../foundation/errors.ts';
import type { AdminKubeClient } from '../../k8s/client/create-kube-client.ts';
import {
  APPROVED_NODES,
  CONFIG_MAP,
  DEVICE,
  DEVICE_CLAIM,
  NODE,
  SECRET,
  USHER_NAMESPACE,
  type DeviceClaim,
  type KubeSecret,
  type Node,
} from '../../k8s/core/resources.ts';
import { K3sThief } from './support/k3s-thief.ts';
import {
  deviceOf,
  eventually,
  isNodeReady,
  labelsOf,
  type RunningSite,
  startRunningSite,
} from './support/running-site.ts';

const NAME = 'honest';
const AGENT_FOLDER = '/var/lib/rancher/k3s/agent';
const APPROVED = { name: APPROVED_NODES, namespace: USHER_NAMESPACE };
const AUDIT_HEAD = { name: 'audit-head', namespace: USHER_NAMESPACE };
const STOLEN = { metadata: { labels: { machine: 'lathe', stolen: 'yes' } } };

describe('what a joined node can do with its own credentials', () => {
  let running: RunningSite;
  let thief: K3sThief;
  let masterName = '';

  const ownClient = async (name: string): Promise<AdminKubeClient> => {
    const machine = running.site.lab.machine('pi-1');
    const certificate = await machine.readFile(`${AGENT_FOLDER}/${name}.crt`);
    const key = await machine.readFile(`${AGENT_FOLDER}/${name}.key`);
    return thief.clientWith(certificate ?? '', key ?? '');
  };

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'cred', pis: 1 });
    thief = await K3sThief.of(running);
    masterName = (await running.kube.list(NODE))[0]?.metadata.name ?? '';
    const device = await deviceOf(running, 'pi-1');
    await running.client.createClaim({ name: NAME, device: device.id, labels: { machine: 'press' } });
    await eventually('the node to be Ready', 90_000, () => isNodeReady(running, NAME));
    await eventually('its labels', 30_000, async () => (await labelsOf(running, NAME))['machine'] === 'press');
  });
  afterAll(async () => {
    await thief.close();
    await running.stop();
  });

  const attempts: [who: string, certificate: string, subresource: string | undefined][] = [
    ['its kubelet, on nodes', 'client-kubelet', undefined],
    ['its kubelet, on nodes/status', 'client-kubelet', 'status'],
    ['its k3s-controller, on nodes', 'client-k3s-controller', undefined],
    ['its k3s-controller, on nodes/status', 'client-k3s-controller', 'status'],
  ];
  it.each(attempts)(
    '%s: a label that comes from no claim is refused by the API server',
    async (_who, certificate, subresource) => {
      const client = await ownClient(certificate);
      const patch = { metadata: { labels: { machine: 'lathe', stolen: 'yes' } } };
      const outcome = await client.mergePatch(NODE, { name: NAME }, patch, subresource).then(
        () => 'accepted',
        (error: unknown) => (isUsherError(error) ? error.code : 'other'),
      );
      expect(outcome).toBe('KUBE_FORBIDDEN');
      expect(await labelsOf(running, NAME)).toEqual({ machine: 'press' });
    },
  );

  it('its kubelet goes on reporting, so the policies do not stand in its way', async () => {
    const before = await running.kube.get(NODE, { name: NAME });
    const kubelet = await ownClient('client-kubelet');
    const seen = (before?.status?.conditions ?? []).map(({ type }) => type);
    expect(seen).toContain('Ready');
    const patch = { status: { nodeInfo: before?.status?.nodeInfo } };
    await expect(kubelet.mergePatch(NODE, { name: NAME }, patch, 'status')).resolves.toBeDefined();
  });

  const forbidden: [what: string, attempt: (client: AdminKubeClient) => Promise<unknown>][] = [
    ['list the Secrets of kube-system', (client) => client.list(SECRET, { namespace: 'kube-system' })],
    ['list those of Usher', (client) => client.list(SECRET, { namespace: USHER_NAMESPACE })],
    ['read the ticket key', (client) => client.get(SECRET, { name: 'ticket-key', namespace: USHER_NAMESPACE })],
    [
      'read the key of the enrolment CA',
      (client) => client.get(SECRET, { name: 'enrolment-ca', namespace: USHER_NAMESPACE }),
    ],
    [
      'read its own node password',
      (client) => client.get(SECRET, { name: `${NAME}.node-password.k3s`, namespace: 'kube-system' }),
    ],
    ['make another node', (client) => client.create(NODE, nodeNamed('accomplice'))],
    ["change the master's labels", (client) => client.mergePatch(NODE, { name: masterName }, STOLEN)],
    [
      "change them through the master's status",
      (client) => client.mergePatch(NODE, { name: masterName }, STOLEN, 'status'),
    ],
    ['delete the master', (client) => client.delete(NODE, { name: masterName })],
    ['list its own name anew', (client) => client.mergePatch(CONFIG_MAP, APPROVED, { data: { accomplice: 'x' } })],
    ['move the head of the audit log', (client) => client.mergePatch(CONFIG_MAP, AUDIT_HEAD, { data: { seq: '1' } })],
    ['approve itself', (client) => client.create(DEVICE_CLAIM, claimNamed('accomplice'))],
    ['see the devices', (client) => client.list(DEVICE)],
  ];
  describe.each(['client-kubelet', 'client-k3s-controller'])('its %s certificate', (certificate) => {
    it.each(forbidden)('may not %s', async (_what, attempt) => {
      const outcome = await attempt(await ownClient(certificate)).then(
        () => 'accepted',
        (error: unknown) => (isUsherError(error) ? error.code : 'other'),
      );
      expect(outcome).toBe('KUBE_FORBIDDEN');
    });
  });

  it('a leaked token makes no node of an unlisted name', async () => {
    const { status, certificate, key } = await thief.useToken(await makeToken(running), 'intruder');
    expect(status).toBe(200);
    const outcome = await thief
      .clientWith(certificate, key)
      .create(NODE, nodeNamed('intruder'))
      .then(
        () => 'accepted',
        (error: unknown) => (isUsherError(error) ? `${error.code}: ${error.message}` : 'other'),
      );
    expect(outcome).toMatch(/^KUBE_FORBIDDEN: .*(not approved|usher)/i);
    expect(await running.kube.get(NODE, { name: 'intruder' })).toBeUndefined();
  });
});

/** A bootstrap token as an attacker might have got hold of one; `id.secret`. */
async function makeToken({ kube }: RunningSite): Promise<string> {
  const [id, secret] = ['leaked', '0123456789abcdef'];
  const data = {
    'token-id': id,
    'token-secret': secret,
    expiration: new Date(Date.now() + 300_000).toISOString(),
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': 'system:bootstrappers:k3s:default-node-token',
  };
  const object: KubeSecret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'bootstrap.kubernetes.io/token',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
  };
  await kube.create(SECRET, object);
  return `${id}.${secret}`;
}

function nodeNamed(name: string): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name } };
}

function claimNamed(name: string): DeviceClaim {
  return {
    apiVersion: 'usher.internal/v1alpha1',
    kind: 'DeviceClaim',
    metadata: { name },
    spec: { match: { serial: '1000000000000001' } },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
