import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { systemClock } from '../../foundation/clock.ts';
import { isUsherError } from '../../foundation/errors.ts';
import { silentLogger } from '../../foundation/logger.ts';
import { Secret } from '../../foundation/secret.ts';
import { type AdminKubeClient, createKubeClient } from '../../k8s/client/create-kube-client.ts';
import { NODE, SECRET, type KubeSecret, type Node } from '../../k8s/core/resources.ts';
import {
  deviceOf,
  eventually,
  isNodeReady,
  labelsOf,
  type RunningSite,
  startRunningSite,
} from './support/running-site.ts';

const run = promisify(execFile);
const NAME = 'honest';
const AGENT_FOLDER = '/var/lib/rancher/k3s/agent';

interface Kubeconfig {
  clusters: { name: string; cluster: { server: string; 'certificate-authority-data': string } }[];
}

describe('what a joined node can do with its own credentials', () => {
  let running: RunningSite;
  let cluster: Kubeconfig['clusters'][number]['cluster'];
  const clients: AdminKubeClient[] = [];

  /** A client with a certificate and key, both PEM. */
  const clientWith = (certificate: string, key: string): AdminKubeClient => {
    const text = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } }],
    });
    const client = createKubeClient({
      access: { kubeconfigText: new Secret(text) },
      clock: systemClock,
      logger: silentLogger,
    });
    clients.push(client);
    return client;
  };
  const ownClient = async (name: string): Promise<AdminKubeClient> => {
    const machine = running.site.lab.machine('pi-1');
    const certificate = await machine.readFile(`${AGENT_FOLDER}/${name}.crt`);
    const key = await machine.readFile(`${AGENT_FOLDER}/${name}.key`);
    return clientWith(certificate ?? '', key ?? '');
  };

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'cred', pis: 1 });
    const kubeconfig = parse(await readFile(running.site.kubeconfig ?? '', 'utf8')) as Kubeconfig;
    const [first] = kubeconfig.clusters;
    cluster = {
      ...first?.cluster,
      server: first?.cluster.server ?? '',
      'certificate-authority-data': first?.cluster['certificate-authority-data'] ?? '',
    };
    const device = await deviceOf(running, 'pi-1');
    await running.client.createClaim({ name: NAME, device: device.id, labels: { machine: 'press' } });
    await eventually('the node to be Ready', 90_000, () => isNodeReady(running, NAME));
    await eventually('its labels', 30_000, async () => (await labelsOf(running, NAME))['machine'] === 'press');
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
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

  it('a leaked token makes no node of an unlisted name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'usher-cred-'));
    try {
      const token = await makeToken(running);
      const key = join(folder, 'key.pem');
      const csr = join(folder, 'csr.der');
      await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key]);
      await run('openssl', ['req', '-new', '-key', key, '-subj', '/CN=x', '-outform', 'DER', '-out', csr]);
      const reply = await supervisorPost(cluster, '/v1-k3s/client-kubelet.crt', token, await readFile(csr));
      expect(reply.status).toBe(200);
      const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(reply.body)?.[0] ?? '';
      await writeFile(join(folder, 'intruder.crt'), certificate);
      const intruder = clientWith(certificate, await readFile(key, 'utf8'));
      const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'intruder' } };
      const outcome = await intruder.create(NODE, node).then(
        () => 'accepted',
        (error: unknown) => (isUsherError(error) ? `${error.code}: ${error.message}` : 'other'),
      );
      expect(outcome).toMatch(/^KUBE_FORBIDDEN: .*(not approved|usher)/i);
      expect(await running.kube.get(NODE, { name: 'intruder' })).toBeUndefined();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
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

/** What a k3s agent sends to get its kubelet's certificate. */
function supervisorPost(
  cluster: Kubeconfig['clusters'][number]['cluster'],
  path: string,
  token: string,
  body: Buffer,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${cluster.server}${path}`, {
      method: 'POST',
      ca: Buffer.from(cluster['certificate-authority-data'], 'base64'),
      headers: { authorization: `Bearer ${token}`, 'k3s-node-name': 'intruder', 'k3s-node-password': 'f'.repeat(32) },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, body: text });
      });
    });
    outgoing.end(body);
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
