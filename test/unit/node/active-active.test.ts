import { afterEach, describe, expect, it } from 'vitest';
import {
  type Lease,
  LEASE,
  leaseLabels,
  type LeaseSpec,
  type LeaseTerms,
} from '../../../k8s/core/sensor-service/lease.ts';
import { termsOf } from './fencing-model/world.ts';
import { CALM, NodeFixture } from './standby-fixture.ts';

const POD = '11111111-2222-3333-4444-555555555555';
let node: NodeFixture | undefined;
afterEach(async () => {
  await node?.stop();
  node = undefined;
});

/** What the controller writes for a node's own seat where all are active. */
async function seat(
  made: NodeFixture,
  name: string,
  { spec = {}, isUnheld = false, terms = {} }: { spec?: LeaseSpec; isUnheld?: boolean; terms?: Partial<LeaseTerms> },
): Promise<void> {
  await made.kube.create<Lease>(LEASE, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: `lathe.left.${name}`,
      namespace: 'shop',
      labels: leaseLabels('lathe', 'left'),
      annotations: {
        'usher.internal/candidates': JSON.stringify([name]),
        'usher.internal/terms': JSON.stringify(termsOf('Fast', terms)),
        ...(isUnheld ? { 'usher.internal/unheld': 'true' } : {}),
      },
    },
    spec,
  });
}

const close = async (made: NodeFixture): Promise<unknown> =>
  made.kube.mergePatch(
    LEASE,
    { name: 'lathe.left', namespace: 'shop' },
    { metadata: { annotations: { 'usher.internal/candidates': '[]' } } },
  );

const holderOf = async (made: NodeFixture, name: string): Promise<string | undefined> =>
  (await made.kube.get(LEASE, { name, namespace: 'shop' }))?.spec?.holderIdentity;

describe('a service whose nodes are all active', { timeout: 30_000 }, () => {
  it('is granted its unit by the Lease of this node, and by no other', async () => {
    const made = await NodeFixture.make(CALM);
    node = made;
    await close(made);
    await seat(made, 'pi-a', { isUnheld: true, terms: CALM });
    await seat(made, 'pi-b', { isUnheld: true, terms: CALM });
    await made.standby.start();
    const service = await made.startService(POD);
    await expect.poll(() => service.told.map(({ what }) => what)).toEqual(['ready', 'begun']);
    expect(service.told[1]).toMatchObject({ unit: 'left', epoch: 1 });
    expect(await holderOf(made, 'lathe.left.pi-a')).toBe('pi-a');
    expect(await holderOf(made, 'lathe.left.pi-b')).toBeUndefined();
    expect(await holderOf(made, 'lathe.left')).toBeUndefined();
  });

  it('gets there from one active node without a process that ends, by a higher epoch', async () => {
    // A seat that somebody may hold is free only when a lease has run out: with short ones.
    const made = await NodeFixture.make();
    node = made;
    await made.standby.start();
    const service = await made.startService(POD);
    await expect.poll(() => service.told.slice(0, 2).map(({ what }) => what)).toEqual(['ready', 'begun']);
    const { leaseTransitions: epoch = NaN } = (await made.lease()) ?? {};
    // As the controller makes it, from whoever was active last.
    await seat(made, 'pi-a', { spec: { holderIdentity: 'pi-a', leaseTransitions: epoch } });
    await close(made);
    const told = (): string[] => service.told.map(({ what, epoch: of = '' }) => `${what} ${String(of)}`);
    await expect.poll(() => holderOf(made, 'lathe.left'), { timeout: 10_000 }).toBe('');
    await expect.poll(told, { timeout: 10_000 }).toContain(`begun ${String(epoch + 1)}`);
    expect(told()).toContain(`ended ${String(epoch)}`);
    expect(await holderOf(made, 'lathe.left.pi-a')).toBe('pi-a');
    expect(service.child.exitCode).toBeNull();
    // The end of the process is still the end of the role.
    service.child.kill('SIGKILL');
    await expect.poll(() => holderOf(made, 'lathe.left.pi-a'), { timeout: 10_000 }).toBe('');
  });
});
