import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../foundation/clock.ts';
import { until } from '../../../lab/wait.ts';
import { SAMPLE_APP } from '../../../lab/sample-app.ts';
import type { ContractCluster } from '../support/contract-cluster.ts';

const POD_LIMIT_MS = 60_000;
const UNINITIALIZED = 'node.cloudprovider.kubernetes.io/uninitialized';

interface Pod {
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

/** Lines 17 to 20: what runs on nodes. */
export function podLines(cluster: () => ContractCluster, isStandIn: () => boolean): void {
  beforeAll(() => cluster().ensureNode(cluster().alpha));

  it('17: a Ready node soon carries no taint of an uninitialised cloud', async () => {
    await until(systemClock, 'a node without the taint', 30_000, async () => {
      const taints = (await cluster().node('alpha'))?.spec.taints ?? [];
      return taints.some(({ key }) => key === UNINITIALIZED) ? undefined : true;
    });
  });

  it('18, 20: pods of two nodes reach each other where oom_score_adj cannot be lowered, and exec works', async () => {
    if (await mayLowerOomScore())
      console.log('line 20: this machine lets oom_score_adj be lowered, so it is not tried here');
    await Promise.all(['server', 'alpha'].map((node) => runPod(cluster(), node)));
    const [here, there] = await Promise.all(['server', 'alpha'].map((node) => podOn(cluster(), node)));
    expect(here?.status.podIP).not.toBe(there?.status.podIP);
    const fetch = ['exec', 'on-alpha', '--', 'wget', '-q', '-O', '-', `http://${here?.status.podIP ?? ''}:8080`];
    expect(await cluster().kubectl(fetch)).toBe('hello\n');
  });

  it('18: a NetworkPolicy that allows nothing closes a pod', async ({ skip }) => {
    if (isStandIn()) skip('the stand-in has no network policies (README.md of lab/k3s-stand-in)');
    const target = await podOn(cluster(), 'server');
    await cluster().apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'closed', namespace: 'default' },
      spec: { podSelector: {}, policyTypes: ['Ingress'] },
    });
    const command = `exec on-alpha -- sh -c`.split(' ');
    const probe = `nc -w 2 -z ${target.status.podIP ?? ''} 8080 && echo open || echo closed`;
    await expect.poll(() => cluster().kubectl([...command, probe]), { timeout: 30_000 }).toBe('closed\n');
    await cluster().kubectl(['delete', 'networkpolicy', 'closed']);
  });

  it('19: server and agent stay within the memory of a small machine', async () => {
    const [server, agent] = [await cluster().server.memoryMiB(), await cluster().alpha.memoryMiB()];
    console.log(`line 19: server with its own node ${server} MiB, agent ${agent} MiB`);
    expect(server).toBeGreaterThan(50);
    expect(server).toBeLessThan(1800);
    expect(agent).toBeLessThan(700);
  });
}

/** Starts the sample app on a node and waits until it runs. */
export async function runPod(cluster: ContractCluster, node: string): Promise<void> {
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `on-${node}`, namespace: 'default' },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'app', image: SAMPLE_APP, imagePullPolicy: 'Never' }],
    },
  });
  await until(systemClock, `a pod on ${node}`, POD_LIMIT_MS, async () => {
    return (await podOn(cluster, node)).status.phase === 'Running' ? true : undefined;
  });
}

export async function podOn(cluster: ContractCluster, node: string): Promise<Pod> {
  const pod = await cluster.get<Pod>(`/api/v1/namespaces/default/pods/on-${node}`);
  expect(pod, `the pod on ${node}`).toBeDefined();
  return pod as Pod;
}

async function mayLowerOomScore(): Promise<boolean> {
  const file = '/proc/self/oom_score_adj';
  const now = await readFile(file, 'utf8');
  try {
    await writeFile(file, String(Number(now) - 1));
    await writeFile(file, now);
    return true;
  } catch {
    return false;
  }
}
