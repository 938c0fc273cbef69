import { beforeAll, expect, it } from 'vitest';
import { type ContractCluster, JOIN_LIMIT_MS } from '../support/contract-cluster.ts';
import { podOn, runPod } from './pods.ts';

const DEATH_LIMIT_MS = 30_000;

/** Lines 14 and 15: the server goes away and comes back. */
export function outageLines(cluster: () => ContractCluster): void {
  beforeAll(() => cluster().ensureNode(cluster().alpha));

  it('15: a server killed by SIGKILL is back soon; agents and pods live on', async () => {
    await runPod(cluster(), 'alpha');
    await cluster().server.killK3s();
    const backMs = await cluster().startServer();
    console.log(`line 15: the API was back ${Math.round(backMs)} ms after the start`);
    await cluster().waitForReady('alpha', JOIN_LIMIT_MS);
    expect(await cluster().alpha.isRunning()).toBe(true);
    const { status } = await podOn(cluster(), 'alpha');
    expect(status.phase).toBe('Running');
    expect(status.containerStatuses?.map(({ restartCount }) => restartCount)).toEqual([0]);
  });

  it('14: another --agent-token ends the server', async () => {
    const { server } = cluster();
    await server.killK3s();
    await server.start(cluster().serverArgs('another-agent-token'));
    await server.waitForLog(
      /server\/cred\/passwd newer than datastore and could cause a cluster outage/,
      DEATH_LIMIT_MS,
    );
    await expect.poll(() => server.isRunning(), { timeout: DEATH_LIMIT_MS }).toBe(false);
  });

  it('15: an agent booted while the server is away waits, starts no pod, and is back with the server', async () => {
    const { alpha, server } = cluster();
    await server.killK3s();
    await alpha.powerCut();
    await alpha.boot();
    await cluster().startAgent(alpha, { token: cluster().deadToken() });
    await alpha.waitForLog(/failed to get CA certs|connect: connection refused/, JOIN_LIMIT_MS, 2);
    const { stdout } = await alpha.machine.exec(['sh', '-c', 'pgrep -fc "[c]ontainerd-shim|[h]ttpd" || true']);
    expect(Number(stdout)).toBe(0);
    await cluster().startServer();
    const restarts = async (): Promise<number> => {
      const { status } = await podOn(cluster(), 'alpha');
      return status.phase === 'Running' ? (status.containerStatuses?.[0]?.restartCount ?? 0) : 0;
    };
    await expect.poll(restarts, { timeout: JOIN_LIMIT_MS }).toBeGreaterThan(0);
    await cluster().waitForReady('alpha', JOIN_LIMIT_MS);
  });
}
