import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { systemClock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { Secret } from '../../../foundation/secret.ts';
import { type AdminKubeClient, createKubeClient } from '../../../k8s/client/create-kube-client.ts';
import type { RunningSite } from './running-site.ts';

const run = promisify(execFile);

/** What one needs to know of a cluster to talk to it without a kubeconfig. */
export interface ClusterAddress {
  server: string;
  'certificate-authority-data': string;
}

/** What a stolen join token gave: HTTP 200 and a kubelet's certificate, or a refusal. */
export interface Loot {
  status: number;
  text: string;
  certificate: string;
  key: string;
}

/** Whoever has got hold of a join token or of a node's certificates, and what he can do with them from anywhere. */
export class K3sThief {
  readonly cluster: ClusterAddress;
  readonly #clients: AdminKubeClient[] = [];

  private constructor(cluster: ClusterAddress) {
    this.cluster = cluster;
  }

  static async of({ site }: RunningSite): Promise<K3sThief> {
    const config = parse(await readFile(site.kubeconfig ?? '', 'utf8')) as { clusters: { cluster: ClusterAddress }[] };
    const [first] = config.clusters;
    if (first === undefined) throw new TypeError('the kubeconfig names no cluster');
    return new K3sThief(first.cluster);
  }

  /** A client of the API server with a certificate and its key, both PEM. */
  clientWith(certificate: string, key: string): AdminKubeClient {
    const user = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
    const text = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: this.cluster }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user }],
    });
    const access = { kubeconfigText: new Secret(text) };
    const client = createKubeClient({ access, clock: systemClock, logger: silentLogger });
    this.#clients.push(client);
    return client;
  }

  /**
   * Asks k3s for a kubelet's certificate as its agent does.
   * @param token the bearer's part of a join token, `id.secret`
   */
  async useToken(token: string, nodeName: string, password = 'f'.repeat(32)): Promise<Loot> {
    const folder = await mkdtemp(join(tmpdir(), 'usher-thief-'));
    try {
      const [keyFile, csrFile] = [join(folder, 'key.pem'), join(folder, 'csr.der')];
      await run('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', keyFile]);
      await run('openssl', ['req', '-new', '-key', keyFile, '-subj', '/CN=x', '-outform', 'DER', '-out', csrFile]);
      const headers = {
        authorization: `Bearer ${token}`,
        'k3s-node-name': nodeName,
        'k3s-node-password': password,
      };
      const { status, text } = await this.#post('/v1-k3s/client-kubelet.crt', headers, await readFile(csrFile));
      const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(text)?.[0] ?? '';
      return { status, text, certificate, key: await readFile(keyFile, 'utf8') };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #post(path: string, headers: Record<string, string>, body: Buffer): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const ca = Buffer.from(this.cluster['certificate-authority-data'], 'base64');
      const outgoing = request(`${this.cluster.server}${path}`, { method: 'POST', ca, headers, timeout: 20_000 });
      outgoing.once('timeout', () => outgoing.destroy(new TypeError('no answer of k3s within 20 s')));
      outgoing.once('error', reject);
      outgoing.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      outgoing.end(body);
    });
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
