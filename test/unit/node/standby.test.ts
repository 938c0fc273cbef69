import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { LEASE, type LeaseTerms } from '../../../k8s/core/sensor-service/lease.ts';
import { CALM, NodeFixture, nowMs, type RunningService, type Told } from './standby-fixture.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;
let node: NodeFixture | undefined;
afterEach(async () => {
  await node?.stop();
  node = undefined;
});

/** How often a Lease is renewed in the fast profile: what a time is told by that no stall of the machine makes longer. */
const RENEWAL_MS = 500;
function writesOf({ kube }: NodeFixture): () => number {
  const from = kube.calls.length;
  return () => kube.calls.slice(from).filter(({ verb }) => verb === 'replace').length;
}

/** A service that is active in epoch 1; with the calm terms it stays so when the machine stands still for some seconds. */
async function makeActive(terms: Partial<LeaseTerms> = CALM): Promise<{ node: NodeFixture; service: RunningService }> {
  const made = await NodeFixture.make(terms);
  node = made;
  await made.standby.start();
  const service = await made.startService('11111111-2222-3333-4444-555555555555');
  await expect.poll(() => service.told.slice(0, 2).map(({ what }) => what)).toEqual(['ready', 'begun']);
  return { node: made, service };
}

describe('the standby', { timeout: 30_000 }, () => {
  it('makes the service active, and goes on renewing', async () => {
    const { node: made, service } = await makeActive();
    expect(service.told[1]).toMatchObject({ unit: 'left', epoch: 1 });
    const first = await made.lease();
    expect(first).toMatchObject({ holderIdentity: 'pi-a', leaseTransitions: 1, leaseDurationSeconds: 20 });
    await expect.poll(async () => (await made.lease())?.renewTime).not.toBe(first?.renewTime);
  });

  it('releases at once when the process was killed', async () => {
    const { node: made, service } = await makeActive();
    const killedMs = nowMs();
    const writes = writesOf(made);
    service.child.kill('SIGKILL');
    await expect.poll(async () => (await made.lease())?.holderIdentity, { interval: 5 }).toBe('');
    expect(writes()).toBeLessThanOrEqual(1_000 / RENEWAL_MS + 1);
    process.stderr.write(`killed to released: ${Math.round(nowMs() - killedMs)} ms\n`);
  });

  it('kills a frozen service, and releases only then', async () => {
    const { node: made, service } = await makeActive();
    const frozenMs = nowMs();
    const writes = writesOf(made);
    service.child.kill('SIGSTOP');
    const { pid = 0 } = service.child;
    await expect.poll(async () => (await made.lease())?.holderIdentity, { interval: 5 }).toBe('');
    // Node tells of an exit some time after it; what counts is that the kernel runs it no more.
    const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ') Z';
    expect(stat.slice(stat.lastIndexOf(')'))).toMatch(/^\) [ZX]/);
    process.stderr.write(`frozen to released: ${Math.round(nowMs() - frozenMs)} ms\n`);
    expect(writes()).toBeLessThanOrEqual(3_000 / RENEWAL_MS + 1);
  });

  it('dies, and the service goes safe by its own clock', async () => {
    const { node: made, service } = await makeActive({});
    await made.standby.stop();
    const stoppedMs = nowMs();
    const epoch = (await made.lease())?.leaseTransitions;
    const ending = (): Told | undefined => service.told.find((told) => told.what === 'ended' && told.epoch === epoch);
    await expect.poll(ending).toMatchObject({ reason: 'expired' });
    // By the service's own word: its grant can end no later than a renew deadline after the last renewal.
    const { atMs = NaN, lateMs = NaN } = ending() ?? {};
    expect(atMs - lateMs - stoppedMs).toBeLessThan(2_000 + 1_000);
    expect((await made.lease())?.holderIdentity).toBe('pi-a');
  });

  it('starts anew, and the service stays active in the same epoch', async () => {
    const { node: made, service } = await makeActive();
    const before = (await made.lease())?.renewTime;
    await made.restartStandby();
    await expect.poll(async () => (await made.lease())?.renewTime).not.toBe(before);
    await expect.poll(() => made.standby.status().active).toBe(1);
    expect(service.told.map(({ what }) => what)).toEqual(['ready', 'begun']);
    expect(await made.lease()).toMatchObject({ leaseTransitions: 1 });
  });

  it('ends the grant when the API server does not answer, and begins a new epoch afterwards', async () => {
    const { node: made, service } = await makeActive({});
    const { leaseTransitions: epoch = NaN } = (await made.lease()) ?? {};
    made.kube.before = () => new Promise(() => undefined);
    const ended = { what: 'ended', reason: 'expired', epoch };
    await expect.poll(() => service.told).toContainEqual(expect.objectContaining(ended));
    made.kube.before = () => undefined;
    const begun = { what: 'begun', epoch: epoch + 1 };
    await expect.poll(() => service.told).toContainEqual(expect.objectContaining(begun));
  });

  it('hands over when it is asked to', async () => {
    const { node: made, service } = await makeActive();
    const annotations = { 'usher.internal/yield-to': 'pi-b' };
    await made.kube.mergePatch(LEASE, { name: 'lathe.left', namespace: 'shop' }, { metadata: { annotations } });
    const ended = { what: 'ended', reason: 'yield' };
    await expect.poll(() => service.told).toContainEqual(expect.objectContaining(ended));
    await expect.poll(async () => (await made.lease())?.holderIdentity, { interval: 5 }).toBe('');
  });

  it.skipIf(!hasPython)('speaks with the Python program of the documentation', async () => {
    const made = await NodeFixture.make(CALM);
    node = made;
    await made.standby.start();
    await expect.poll(() => existsSync(made.socket)).toBe(true);
    const program = /```python\n([\s\S]+?)```/.exec(readFileSync('docs/service-protocol.md', 'utf8'))?.[1] ?? '';
    const podUid = '77777777-2222-3333-4444-555555555555';
    await made.addPod(podUid);
    const env = { ...process.env, USHER_GRANT_SOCKET: made.socket, USHER_POD_UID: podUid };
    const child = spawn('python3', ['-c', program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const service = made.adopt(child, podUid);
    await expect.poll(() => service.told).toEqual([{ what: 'begun', unit: 'left', epoch: 1 }]);
    const annotations = { 'usher.internal/yield-to': 'pi-b' };
    await made.kube.mergePatch(LEASE, { name: 'lathe.left', namespace: 'shop' }, { metadata: { annotations } });
    await expect.poll(() => service.told[1]).toEqual({ what: 'ended', unit: 'left', epoch: 1 });
    await expect.poll(async () => (await made.lease())?.holderIdentity, { interval: 5 }).toBe('');
  });

  it('never makes a process active that it could not kill', async () => {
    const made = await NodeFixture.make(CALM);
    node = made;
    await made.standby.start();
    const stranger = await made.startService('99999999-2222-3333-4444-555555555555');
    made.podUids.clear();
    await expect.poll(() => stranger.told.map(({ what }) => what)).toEqual(['ready']);
    // One that came later, but whose pod is known: the standby does grant roles.
    const known = await made.startService('11111111-2222-3333-4444-555555555555');
    await expect.poll(() => known.told.map(({ what }) => what)).toEqual(['ready', 'begun']);
    expect(stranger.told.map(({ what }) => what)).toEqual(['ready']);
    expect(made.standby.status().active).toBe(1);
  });
});
