import { beforeEach, describe, expect, it } from 'vitest';
import { MOST_IGNORED_MACS } from '../../../api/core/ignored-mac.ts';
import { IgnoredMacs } from '../../../api/server/ignored-macs.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { CONFIG_MAP, MANAGED_BY } from '../../../k8s/core/resources.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const NAME = { name: 'ignored-macs', namespace: 'usher-system' };
const MAC = 'dc:a6:32:00:00:01';
const OTHER = 'dc:a6:32:00:00:02';
const ENTRY = JSON.stringify({ at: '2026-01-02T03:04:05Z', by: 'user anna' });

let kube: FakeKube;
beforeEach(() => {
  kube = new FakeKube();
});

async function open(): Promise<IgnoredMacs> {
  const macs = new IgnoredMacs({
    kube,
    clock: new ManualClock(),
    logger: silentLogger,
  });
  await settled();
  return macs;
}

/** Watches tell what there is in microtasks. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

const put = (data: Record<string, string>) =>
  kube.create(CONFIG_MAP, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...NAME, labels: { ...MANAGED_BY } },
    data,
  });

describe('MAC addresses that are ignored', () => {
  it('are known at once, after a restart and to other appliances, with who ignored them first', async () => {
    const [one, other] = [await open(), await open()];
    let told = 0;
    one.onChange(() => (told += 1));
    await one.ignore(MAC, 'user anna');
    const known = new Map([[MAC, { at: '2026-01-01T00:00:00.000Z', by: 'user anna' }]]);
    expect(one.list()).toEqual(known);
    expect(told).toBeGreaterThan(0);
    await settled();
    expect(other.list()).toEqual(known);
    await other.ignore(MAC, 'user ben');
    await one.stop();
    const restarted = await open();
    expect(restarted.list()).toEqual(known);
    await restarted.forget([MAC]);
    expect((await open()).list()).toEqual(new Map());
  });

  it('are written one by one, whoever else writes', async () => {
    const [one, other] = [await open(), await open()];
    await Promise.all([one.ignore(MAC, 'cli'), other.ignore(OTHER, 'cli')]);
    expect([...(await open()).list().keys()].sort()).toEqual([MAC, OTHER]);
    kube.failNext('replace', 'KUBE_CONFLICT', { times: 5 });
    await one.forget([MAC]);
    await settled();
    expect([...one.list().keys()]).toEqual([OTHER]);
    kube.failNext('replace', 'KUBE_CONFLICT', { times: 6 });
    await expect(one.forget([OTHER])).rejects.toMatchObject({ code: 'KUBE_CONFLICT' });
    expect([...one.list().keys()]).toEqual([OTHER]);
  });

  it('cost no write when nothing changes', async () => {
    const macs = await open();
    await macs.forget([]);
    await macs.forget([MAC]);
    await macs.ignore(MAC, 'cli');
    await macs.ignore(MAC, 'cli');
    expect(kube.writes()).toHaveLength(1);
  });

  it('are a thousand at most', async () => {
    const macOf = (n: number): string => `02-00-00-00-${n.toString(16).padStart(4, '0').replace(/(..)$/, '-$1')}`;
    await put(Object.fromEntries(Array.from({ length: MOST_IGNORED_MACS }, (_, n) => [macOf(n), ENTRY])));
    const macs = await open();
    expect(macs.list().size).toBe(MOST_IGNORED_MACS);
    await expect(macs.ignore(MAC, 'cli')).rejects.toMatchObject({
      ...{ code: 'IGNORED_MACS_FULL', message: '1000 MAC addresses are ignored already; no more can be remembered' },
    });
    // One that is there already needs no room.
    await macs.ignore('02:00:00:00:00:07', 'cli');
    await macs.forget(['02:00:00:00:00:07']);
    await macs.ignore(MAC, 'cli');
    expect(macs.list().has(MAC)).toBe(true);
  });

  it.each([
    ['no MAC address', { 'dc-a6-32-00-00': ENTRY }],
    ['upper case', { 'DC-A6-32-00-00-01': ENTRY }],
    ['no JSON', { 'dc-a6-32-00-00-01': 'yes' }],
    ['no time', { 'dc-a6-32-00-00-01': '{"at":"now","by":"me"}' }],
    ['nobody', { 'dc-a6-32-00-00-01': '{"at":"2026-01-02T03:04:05Z"}' }],
  ])('are not read from an entry with %s', async (_what, data) => {
    await put({ ...data, 'dc-a6-32-00-00-02': ENTRY });
    expect([...(await open()).list().keys()]).toEqual([OTHER]);
  });

  it('are none when the ConfigMap goes away', async () => {
    await put({ 'dc-a6-32-00-00-01': ENTRY });
    const macs = await open();
    expect(macs.list().size).toBe(1);
    await kube.delete(CONFIG_MAP, NAME);
    await settled();
    expect(macs.list().size).toBe(0);
  });
});
