import { expect, it } from 'vitest';
import { type ContractCluster, JOIN_LIMIT_MS } from '../support/contract-cluster.ts';
import { DATA } from '../support/k3s-machine.ts';

const REFUSED =
  /Node password rejected, duplicate hostname or contents of '\/etc\/rancher\/node\/password' may not match/;
/** Above k3s' own grace of 16 s in this cluster. */
const NOT_READY_LIMIT_MS = 40_000;
/** k3s tries a refused join again after 5 to 10 s. */
const RETRY_LIMIT_MS = 30_000;

/** Lines 8 to 10 and 16: machines that come back, with a dead token, an old certificate or an empty disk. */
export function comebackLines(cluster: () => ContractCluster): void {
  it('8: a join goes through although its token is deleted as soon as the Node object is there', async () => {
    const { alpha } = cluster();
    await alpha.reflash();
    const token = await cluster().makeToken();
    await cluster().startAgent(alpha, { token: token.join });
    await cluster().waitForNode('alpha', JOIN_LIMIT_MS);
    await cluster().deleteToken(token);
    await cluster().waitForReady('alpha', JOIN_LIMIT_MS);
  });

  it('8, 16: after a power cut it is NotReady in time, and comes back with the dead token', async () => {
    const { alpha } = cluster();
    const before = await cluster().node('alpha');
    await alpha.powerCut();
    let startMs = performance.now();
    await cluster().waitForReady('alpha', NOT_READY_LIMIT_MS, 'Unknown');
    const notReadyMs = performance.now() - startMs;
    await alpha.boot();
    startMs = performance.now();
    await cluster().startAgent(alpha, { token: cluster().deadToken() });
    const after = await cluster().waitForReady('alpha', JOIN_LIMIT_MS);
    const backMs = performance.now() - startMs;
    console.log(`line 16: NotReady after ${Math.round(notReadyMs)} ms; power back to Ready ${Math.round(backMs)} ms`);
    expect(after.metadata.uid).toBe(before?.metadata.uid);
    expect(notReadyMs).toBeGreaterThan(8000);
  });

  it('8: with no token at all it never comes back', async () => {
    const { alpha } = cluster();
    await alpha.powerCut();
    await alpha.boot();
    await cluster().startAgent(alpha, { token: '' });
    await alpha.waitForLog(/token must not be empty/, RETRY_LIMIT_MS, 2);
    expect(await alpha.isRunning()).toBe(true);
  });

  it('9: with the certificate of a deleted Node it never joins, until that certificate is removed', async () => {
    const { alpha } = cluster();
    await alpha.powerCut();
    await cluster().deleteNode('alpha');
    await alpha.boot();
    const token = await cluster().makeToken();
    await cluster().startAgent(alpha, { token: token.join });
    await alpha.waitForLog(
      /Node authorization rejected, retrying without client certificate authentication/,
      RETRY_LIMIT_MS,
      2,
    );
    await alpha.waitForLog(/http: ContentLength=\d+ with Body length 0/, RETRY_LIMIT_MS, 2);
    expect(await cluster().node('alpha')).toBeUndefined();
    await alpha.killK3s();
    await alpha.machine.exec(['sh', '-c', `rm ${DATA}/agent/client-kubelet.*`]);
    const startMs = performance.now();
    await cluster().startAgent(alpha, { token: token.join });
    await cluster().waitForReady('alpha', JOIN_LIMIT_MS);
    console.log(`line 9: Ready ${Math.round(performance.now() - startMs)} ms after the certificate was removed`);
    await cluster().deleteToken(token);
  });

  it('5, 10: with an empty disk it is refused its old name, until the Node is deleted', async () => {
    const { alpha } = cluster();
    await alpha.reflash();
    const token = await cluster().makeToken();
    await cluster().startAgent(alpha, { token: token.join });
    await alpha.waitForLog(REFUSED, RETRY_LIMIT_MS, 2);
    const old = await cluster().node('alpha');
    await cluster().kubectl(['delete', 'node', 'alpha']);
    const node = await cluster().waitForNode('alpha', JOIN_LIMIT_MS, old?.metadata.uid);
    expect(node.metadata.uid).not.toBe(old?.metadata.uid);
    await cluster().waitForReady('alpha', JOIN_LIMIT_MS);
    await cluster().deleteToken(token);
  });
}
