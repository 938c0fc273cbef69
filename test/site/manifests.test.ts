import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_ALARMS } from '../../api/server/alarms.ts';
import { LiveModel } from '../../api/server/live-model.ts';
import { ManifestDesk } from '../../api/server/manifest/manifest-desk.ts';
import { systemClock } from '../../foundation/clock.ts';
import { silentLogger } from '../../foundation/logger.ts';
import type { AdminKubeClient } from '../../k8s/client/create-kube-client.ts';
import { isUsherError, UsherError } from '../../foundation/errors.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { DEVICE, DEVICE_CLAIM, NODE } from '../../k8s/core/resources.ts';
import { installUsher } from '../../k8s/install.ts';
import { serviceAccountClient } from '../../k8s/service-account.ts';
import { FakeCandidates, FakeSightings, SITE } from '../support/api-fixture.ts';
import { hasTestCluster, startTestCluster, type TestCluster } from './support/cluster.ts';

const ROWS = 100;
const TEXT = [
  'name,serial,labels,taints,pair',
  ...Array.from(
    { length: ROWS },
    (_, i) => `gh-${i},${String(i).padStart(16, 'a')},zone=a;nr=${i},x=y:NoExecute,p${i}:Backup`,
  ),
].join('\n');

describe.skipIf(!hasTestCluster())('files of claims on a real API server', { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let usher: AdminKubeClient;
  let desk: ManifestDesk;
  let model: LiveModel;
  let stop: () => Promise<unknown>;

  beforeAll(async () => {
    cluster = await startTestCluster();
    const { admin } = cluster;
    await installUsher({ admin, logger: silentLogger, clock: systemClock, masterNodeNames: [] });
    usher = serviceAccountClient({ admin, clock: systemClock, logger: silentLogger });
    const informers = { devices: usher.inform(DEVICE), claims: usher.inform(DEVICE_CLAIM), nodes: usher.inform(NODE) };
    await Promise.all([informers.devices.synced(), informers.claims.synced(), informers.nodes.synced()]);
    model = new LiveModel({
      ...{ sightings: new FakeSightings(), candidates: new FakeCandidates(), informers, alarms: NO_ALARMS },
      ...{ site: () => SITE, clock: systemClock, publish: () => undefined },
    });
    stop = () => Promise.all(Object.values(informers).map((informer) => informer.stop()));
    desk = new ManifestDesk(model, usher);
  }, 180_000);

  afterAll(async () => {
    for (const { metadata } of await cluster.admin.list(DEVICE_CLAIM)) {
      await cluster.admin.delete(DEVICE_CLAIM, { name: metadata.name });
    }
    model.close();
    await stop();
    await usher.close();
    await cluster.stop();
  }, 60_000);

  const importAll = (text: string, format: 'csv' | 'yaml' = 'csv') =>
    desk.import({ format, text, digest: desk.preview({ format, text }).digest, take: 'all' });

  it('are imported, and a second time change nothing', async () => {
    expect(await importAll(TEXT)).toEqual({ created: ROWS, changed: 0, unchanged: 0, left: [] });
    expect(await importAll(TEXT)).toEqual({ created: 0, changed: 0, unchanged: ROWS, left: [] });
    for (const format of ['csv', 'yaml'] as const) {
      const { counts } = desk.preview({ format, text: desk.export(format) });
      expect(counts).toEqual({ new: 0, changed: 0, unchanged: ROWS, conflict: 0, invalid: 0 });
    }
  });

  it('change what they say, and nothing while they are tried out', async () => {
    const before = await usher.get(DEVICE_CLAIM, { name: 'gh-0' });
    if (before === undefined) throw new TypeError('no claim');
    const changed = { ...before, spec: { ...before.spec, labels: { zone: 'b' } } };
    expect((await usher.replace(DEVICE_CLAIM, changed, { dryRun: true })).spec.labels).toEqual({ zone: 'b' });
    const other = { ...before, metadata: { name: 'never' }, spec: { match: { serial: 'never' } } };
    await usher.create(DEVICE_CLAIM, other, { dryRun: true });
    const renamed = { ...before, spec: { ...before.spec, nodeName: 'other' } };
    await expect(usher.replace(DEVICE_CLAIM, renamed, { dryRun: true })).rejects.toMatchObject({
      code: 'KUBE_INVALID',
    });
    expect(await usher.get(DEVICE_CLAIM, { name: 'never' })).toBeUndefined();
    expect(await usher.get(DEVICE_CLAIM, { name: 'gh-0' })).toEqual(before);
    expect(await importAll(TEXT.replace('zone=a', 'zone=b'))).toMatchObject({ changed: 1, unchanged: ROWS - 1 });
    expect((await usher.get(DEVICE_CLAIM, { name: 'gh-0' }))?.spec.labels).toEqual({ zone: 'b', nr: '0' });
  });

  /** The whole site but for what is written when, as text. */
  const claims = async (): Promise<string[]> =>
    (await usher.list(DEVICE_CLAIM))
      .map(({ metadata, spec }) => JSON.stringify([metadata.name, metadata.uid, spec]))
      .sort();
  const GROWN = `${TEXT.replaceAll('zone=a', 'zone=c')}\n${Array.from({ length: 20 }, (_, i) => `new-${i},${String(i).padStart(16, 'b')},zone=n,,`).join('\n')}`;
  /** Imports through a client whose creation of `new-7` meets something. */
  const importWhere = async (meet: (create: () => Promise<unknown>) => Promise<void>): Promise<string> => {
    const create: KubeClient['create'] = async (kind, object, options) => {
      const really = () => usher.create(kind, object, options);
      const isMeant = object.metadata.name === 'new-7' && options?.dryRun !== true;
      if (isMeant) await meet(really);
      return really();
    };
    const bound = (value: unknown): unknown => (typeof value === 'function' ? (value.bind(usher) as unknown) : value);
    const kube = new Proxy<KubeClient>(usher, {
      get: (target, name) => (name === 'create' ? create : bound(Reflect.get(target, name, target))),
    });
    const other = new ManifestDesk(model, kube);
    const { digest, counts } = other.preview({ format: 'csv', text: GROWN });
    expect(counts).toMatchObject({ new: 20, changed: ROWS, conflict: 0, invalid: 0 });
    try {
      await other.import({ format: 'csv', text: GROWN, digest, take: 'all' });
      return 'imported';
    } catch (error) {
      return isUsherError(error) ? error.code : String(error);
    }
  };

  it('are put back when one of them cannot be written after all: what was changed, and what was made', async () => {
    await importAll(TEXT);
    const before = await claims();
    const intruder = { spec: { match: { serial: 'of somebody else' } }, metadata: { name: 'new-7' } };
    const outcome = await importWhere(async () => {
      await cluster.admin.create(DEVICE_CLAIM, {
        apiVersion: DEVICE_CLAIM.apiVersion,
        kind: DEVICE_CLAIM.kind,
        ...intruder,
      });
    });
    expect(outcome).toBe('MANIFEST_UNDONE');
    const after = await claims();
    expect(after.filter((claim) => !claim.includes('of somebody else'))).toEqual(before);
    expect(after).toHaveLength(before.length + 1);
    await cluster.admin.delete(DEVICE_CLAIM, { name: 'new-7' });
    await expect.poll(() => model.index.claims().length, { timeout: 10_000 }).toBe(ROWS);
  });

  it('are put back also where a claim was made and the answer was lost', async () => {
    const before = await claims();
    const outcome = await importWhere(async (create) => {
      await create();
      throw new UsherError('KUBE_UNREACHABLE', { detail: 'the answer is lost' });
    });
    expect([outcome, await claims()]).toEqual(['MANIFEST_UNDONE', before]);
  });
});
