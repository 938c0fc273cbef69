import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { Secret } from '../../../foundation/secret.ts';
import { createKubeClient } from '../../../k8s/client/create-kube-client.ts';
import { holderOf, type Lease, leaseLabels } from '../../../k8s/core/sensor-service/lease.ts';
import { LeaseStore } from '../../../node/standby/lease-store.ts';
import { LeaseServer } from '../../support/lease-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { SilentRelay } from '../../support/silent-relay.ts';

const NAME = { name: 'lathe.left', namespace: 'shop' };
/** As long as the standby waits for one answer with the fast profile. */
const ANSWER_MS = 750;
/** For what is answered: only so that a test ends. */
const LONG_MS = 5_000;

function leaseOf(holderIdentity: string): Lease {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...NAME, uid: 'u1', labels: leaseLabels('lathe', 'left') },
    spec: { holderIdentity, leaseTransitions: 1 },
  };
}

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A store whose packets go through a relay, and what its watch told it. */
async function connected() {
  const server = await LeaseServer.start();
  const relay = await SilentRelay.to(server.port);
  const access = { server: `http://127.0.0.1:${String(relay.port)}`, token: () => Promise.resolve(new Secret('t')) };
  const kube = createKubeClient({ access, logger: silentLogger, clock: systemClock });
  const clock = new ManualClock(0);
  const onDeaf = vi.fn();
  const lease = server.put(leaseOf('pi-a'));
  const store = new LeaseStore({ kube, clock, wallMs: () => Date.now(), logger: silentLogger, onDeaf });
  stops.push(
    () => server.close(),
    () => relay.close(),
    () => kube.close(),
    () => store.stop(),
  );
  const holders: (string | undefined)[] = [];
  store.onChange(({ object }) => holders.push(holderOf(object)));
  await store.synced();
  // The watch is there: it tells.
  server.put(lease);
  await expect.poll(() => holders).toEqual(['pi-a', 'pi-a']);
  return { server, relay, store, clock, onDeaf, holders };
}

describe('the Leases after packets were lost', { timeout: 20_000 }, () => {
  it('are read over a new connection, and a watch that stood still begins anew', async () => {
    const { server, relay, store, clock, onDeaf, holders } = await connected();
    expect(await store.read(NAME, AbortSignal.timeout(LONG_MS))).toMatchObject({ type: 'answered' });
    clock.advance(500);
    relay.goSilent();
    server.put(leaseOf('pi-b'));
    expect(await store.read(NAME, AbortSignal.timeout(ANSWER_MS))).toEqual({ type: 'unanswered' });
    // Connections of the silent time stay dead for ever: only others can help.
    relay.mend();
    const answer = await store.read(NAME, AbortSignal.timeout(LONG_MS));
    expect(answer).toMatchObject({ type: 'answered', lease: { spec: { holderIdentity: 'pi-b' } } });
    expect(holders).not.toContain('pi-b');
    clock.advance(100);
    await expect.poll(() => holders.at(-1)).toBe('pi-b');
    expect(onDeaf).toHaveBeenCalledOnce();
    server.put(leaseOf('pi-c'));
    await expect.poll(() => holders.at(-1)).toBe('pi-c');
  });

  it('are not asked for again while the watch tells of what was written', async () => {
    const { store, clock, onDeaf, holders } = await connected();
    const answer = await store.read(NAME, AbortSignal.timeout(LONG_MS));
    if (answer.type !== 'answered') expect.fail(answer.type);
    const change = { holder: 'pi-b', epoch: 2, leaseDurationMs: 3_000 };
    expect(await store.write(answer.lease, change, AbortSignal.timeout(LONG_MS))).toMatchObject({ type: 'answered' });
    await expect.poll(() => holders.at(-1)).toBe('pi-b');
    clock.advance(500);
    clock.advance(500);
    expect(onDeaf).not.toHaveBeenCalled();
  });
});
