import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { systemRandom } from '../../../foundation/random.ts';
import type { AdminKubeClient } from '../../../k8s/client/create-kube-client.ts';
import { ExistingCluster } from '../../../k8s/k3s/cluster.ts';
import { K3sServer, type K3sServerOptions } from '../../../k8s/k3s/server.ts';

const run = promisify(execFile);

/** An API server for tests. */
export interface TestCluster {
  admin: AdminKubeClient;
  /** Its server, when the test started it itself. */
  k3s?: K3sServer;
  /** What it was started with, for a second server object on the same state. */
  k3sOptions?: K3sServerOptions;
  stop(): Promise<void>;
}

/** Whether there is anything to test against: a k3s binary in USHER_K3S, or an API server in USHER_KUBECONFIG. */
export function hasTestCluster(): boolean {
  return process.env['USHER_K3S'] !== undefined || process.env['USHER_KUBECONFIG'] !== undefined;
}

/**
 * Starts the control plane of the k3s binary named by USHER_K3S in a network namespace and a state folder of its own
 * (needs root), or takes the API server of USHER_KUBECONFIG. Everything is removed by `stop`.
 */
export async function startTestCluster(): Promise<TestCluster> {
  const k3sPath = process.env['USHER_K3S'];
  const kubeconfigPath = process.env['USHER_KUBECONFIG'];
  if (k3sPath !== undefined) return await startK3s(k3sPath);
  if (kubeconfigPath === undefined) {
    throw new UsherError('CONFIG_INVALID', { detail: 'neither USHER_K3S nor USHER_KUBECONFIG is set' });
  }
  const cluster = new ExistingCluster({ kubeconfigPath, clock: systemClock, logger: silentLogger });
  await cluster.start();
  return { admin: cluster.adminClient(), stop: () => cluster.stop() };
}

async function startK3s(k3sPath: string): Promise<TestCluster> {
  const stateDir = await mkdtemp(join(tmpdir(), 'usher-k8s-'));
  const net = await makeNamespace();
  const k3sOptions: K3sServerOptions = {
    k3sPath,
    stateDir,
    nodeName: 'master',
    nodeIp: net.inside,
    apiAddress: net.inside,
    runsPods: false,
    launcher: ['ip', 'netns', 'exec', net.name],
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    stopLimitMs: 15_000,
  };
  const k3s = new K3sServer(k3sOptions);
  const stop = async (): Promise<void> => {
    await k3s.stop();
    await removeNamespace(net);
    await rm(stateDir, { recursive: true, force: true });
  };
  try {
    await k3s.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { admin: k3s.adminClient(), k3s, k3sOptions, stop };
}

interface Namespace {
  name: string;
  link: string;
  inside: string;
}

async function makeNamespace(): Promise<Namespace> {
  const id = process.pid % 60_000;
  const net = `10.213.${String((id >> 6) & 255)}`;
  const base = (id & 63) * 4;
  const name = `ush-k8s-${String(id)}`;
  const link = `uk8s${String(id)}`;
  const [outside, inside] = [`${net}.${String(base + 1)}`, `${net}.${String(base + 2)}`];
  await ip(`netns add ${name}`);
  await ip(`link add ${link} type veth peer name eth0 netns ${name}`);
  await ip(`addr add ${outside}/30 dev ${link}`);
  await ip(`link set ${link} up`);
  await ip(`-n ${name} link set lo up`);
  await ip(`-n ${name} addr add ${inside}/30 dev eth0`);
  await ip(`-n ${name} link set eth0 up`);
  await ip(`-n ${name} route add default via ${outside}`);
  return { name, link, inside };
}

async function removeNamespace({ name, link }: Namespace): Promise<void> {
  await ip(`link del ${link}`);
  await ip(`netns del ${name}`);
}

async function ip(words: string): Promise<void> {
  await run('ip', words.split(' '), { timeout: 10_000 });
}
