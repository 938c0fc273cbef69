import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_MAP } from '../../k8s/core/resources.ts';
import type { ClusterEvent } from '../../k8s/k3s/cluster.ts';
import { K3sServer, type K3sServerOptions } from '../../k8s/k3s/server.ts';
import { startTestCluster, type TestCluster } from './support/cluster.ts';

describe.skipIf(process.env['USHER_K3S'] === undefined)('the k3s server that Usher runs', { timeout: 90_000 }, () => {
  let cluster: TestCluster;
  let server: K3sServer;
  let options: K3sServerOptions;
  const events: ClusterEvent[] = [];

  beforeAll(async () => {
    cluster = await startTestCluster();
    if (cluster.k3s === undefined || cluster.k3sOptions === undefined) return;
    server = cluster.k3s;
    options = cluster.k3sOptions;
    server.onEvent((event) => events.push(event));
  }, 180_000);

  afterAll(async () => {
    await cluster.stop();
  }, 60_000);

  it('keeps its secrets to root, and names its CA as agents check it', async () => {
    for (const file of ['config.yaml', 'server-token', 'agent-token', 'admin.kubeconfig', 'k3s.log']) {
      expect((await stat(join(options.stateDir, file))).mode & 0o777, file).toBe(0o600);
    }
    const served = await server.adminClient().getRaw('/cacerts');
    expect(await server.caHash()).toBe(createHash('sha256').update(served).digest('hex'));
    expect(server.joinServerUrl('10.0.0.1')).toBe('https://10.0.0.1:6443');
  });

  it('is started again when it is killed, and watches go on', async () => {
    const seen: string[] = [];
    const informer = cluster.admin.inform(CONFIG_MAP, { namespace: 'default' });
    informer.onChange((change) => seen.push(`${change.type} ${change.object.metadata.name}`));
    await informer.synced();
    const first = server.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await expect
      .poll(() => events.map((event) => event.type), { timeout: 60_000 })
      .toEqual(['exited', 'starting', 'ready']);
    expect(server.pid).not.toBe(first);
    const metadata = { name: 'k8stest-after', namespace: 'default' };
    await cluster.admin.create(CONFIG_MAP, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
    await expect.poll(() => seen, { timeout: 10_000 }).toContain('added k8stest-after');
    expect(await cluster.admin.delete(CONFIG_MAP, metadata)).toBe(true);
    await informer.stop();
  });

  it('is taken over, not started twice, when the appliance was killed', async () => {
    const token = await readFile(join(options.stateDir, 'agent-token'), 'utf8');
    const successor = new K3sServer(options);
    await successor.start();
    expect(successor.pid).toBe(server.pid);
    expect(await readFile(join(options.stateDir, 'agent-token'), 'utf8')).toBe(token);
    const startedMs = performance.now();
    await successor.stop();
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    expect(await cluster.admin.isReady()).toBe(false);
  });
});
