import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVICE } from '../../k8s/core/resources.ts';
import { runs } from '../support/full-run.ts';
import { appliancePid } from './canary/inspector.ts';
import { Flood, metricOf, rssMbOf } from './support/flood.ts';
import { deviceOf, eventually, isNodeReady, type RunningSite, startRunningSite } from './support/running-site.ts';
import { newCard, Stranger } from './support/stranger.ts';

const KEYS = runs(1000, 10_000);
const SLOW = 480_000;

describe('a running site that is flooded', () => {
  let running: RunningSite;
  let flood: Flood;
  let honest: Stranger;
  let pid = 0;

  /** Requests of the appliance to the API server since its start, but for its own look at the list of names each minute. */
  const requests = async (): Promise<number> => {
    const counts = await metricOf(running, 'usher_kube_requests_total');
    const caused = [...counts].filter(([labels]) => !(labels.includes('verb="get"') && labels.includes('ConfigMap')));
    return caused.reduce((total, [, count]) => total + count, 0);
  };
  /** The same, once what operators did before is noted: the log of that is anchored in the cluster within a second. */
  const settledRequests = async (): Promise<number> => {
    let last = NaN;
    for (let now = await requests(); now !== last; now = await requests()) {
      last = now;
      await delay(1500);
    }
    return last;
  };
  const figure = async (metric: string): Promise<number> => [...(await metricOf(running, metric)).values()][0] ?? NaN;
  const devices = async (): Promise<number> => (await running.kube.list(DEVICE)).length;
  /** Asks as an honest device does, until the work is done; gives how often it was answered. */
  const servedWhile = async (work: Promise<unknown>): Promise<number> => {
    const over = new AbortController();
    const ended = work.finally(() => {
      over.abort();
    });
    const device = await honest.device();
    let served = 0;
    expect((await device.post('hello', device.hello({ type: 'none' }))).status).toBe(202);
    do {
      expect((await device.get('status')).status).toBe(202);
      served += 1;
      await delay(500);
    } while (!over.signal.aborted);
    await ended;
    return served;
  };

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'flod' });
    const { caPem } = await newCard(running);
    flood = await Flood.plugIn(running, caPem);
    honest = await Stranger.plugIn(running, 91, caPem);
    pid = await appliancePid(running);
  });
  afterAll(async () => {
    await flood.close();
    await honest.close();
    await running.stop();
  });

  it(
    `of ${String(KEYS)} new keys makes no object, asks the API server nothing, and grows within bounds`,
    async () => {
      // What the first ones cost once and for all, such as compiled code, is no growth.
      await flood.run({ do: 'fresh-keys', from: 20_000, keys: 100, perAddress: 5, parallel: 8 });
      const before = { requests: await settledRequests(), rss: await rssMbOf(running, pid), devices: await devices() };
      const { outcomes } = await flood.run({ do: 'fresh-keys', from: 0, keys: KEYS, perAddress: 5, parallel: 16 });
      expect(outcomes).toEqual({ pending: KEYS });
      expect(await devices()).toBe(before.devices);
      expect(await requests()).toBe(before.requests);
      expect(await figure('usher_candidates')).toBeLessThanOrEqual(2000);
      expect((await rssMbOf(running, pid)) - before.rss).toBeLessThan(100);
    },
    SLOW,
  );

  it(
    'still enrols an honest Pi with a card, and makes a node of it',
    async () => {
      const over = new AbortController();
      const flooding = (async () => {
        let told = 0;
        for (let from = 30_000; !over.signal.aborted; from += 100) {
          const { outcomes } = await flood.run({ do: 'fresh-keys', from, keys: 100, perAddress: 5, parallel: 4 });
          told += outcomes['pending'] ?? 0;
        }
        return told;
      })();
      try {
        await running.site.lab.addPi({ name: 'pi-1' });
        await running.site.lab.plug('pi-1');
        const { id } = await deviceOf(running, 'pi-1');
        await running.client.createClaim({ name: 'press', device: id, labels: { machine: 'press' } });
        await eventually('the node to be Ready', 300_000, () => isNodeReady(running, 'press'));
      } finally {
        over.abort();
        await flooding.catch(() => undefined);
      }
      expect(await flooding).toBeGreaterThan(0);
    },
    SLOW,
  );

  it(
    'from one address cuts that address off, and serves another',
    async () => {
      const flooding = flood.run({ do: 'fresh-keys', from: 0, keys: 500, perAddress: 500, parallel: 16 });
      expect(await servedWhile(flooding)).toBeGreaterThan(0);
      const { outcomes } = await flooding;
      const { pending = 0, RATE_LIMITED = 0, NO_APPLIANCE_FOUND = 0 } = outcomes;
      expect(pending).toBeLessThan(100);
      expect(RATE_LIMITED + NO_APPLIANCE_FOUND).toBeGreaterThan(400);
    },
    SLOW,
  );

  it(
    `by ${String(KEYS)} hellos of one key hears a few of them, and keeps one entry`,
    async () => {
      const before = { requests: await settledRequests(), hellos: await figure('usher_enrol_hellos_total') };
      const { outcomes } = await flood.run({ do: 'one-key', hellos: KEYS });
      // One that goes on all the same is not even let in.
      const { pending = 0, RATE_LIMITED = 0, NO_APPLIANCE_FOUND = 0, ...others } = outcomes;
      expect(others).toEqual({});
      expect(pending).toBeGreaterThan(0);
      expect(RATE_LIMITED + NO_APPLIANCE_FOUND).toBeGreaterThan(KEYS * 0.9);
      expect(await requests()).toBe(before.requests);
      expect((await figure('usher_enrol_hellos_total')) - before.hellos).toBe(pending);
    },
    SLOW,
  );

  it.each(['handshake', 'headers', 'body'] as const)(
    'by connections that never end their %s closes each of them, and serves others meanwhile',
    async (at) => {
      const flooding = flood.run({ do: 'stall', at, connections: 150 });
      expect(await servedWhile(flooding)).toBeGreaterThan(0);
      expect((await flooding).outcomes).toEqual({ closed: 150 });
    },
    SLOW,
  );

  it.each([false, true])(
    'by a body of 100 MB reads little of it (its length unsaid: %s), and serves others meanwhile',
    async (chunked) => {
      const before = await rssMbOf(running, pid);
      const flooding = flood.run({ do: 'big-body', bytes: 100 * 1024 * 1024, chunked });
      expect(await servedWhile(flooding)).toBeGreaterThan(0);
      const { outcomes, sentBytes = Infinity } = await flooding;
      expect(Object.keys(outcomes)).toEqual([expect.stringMatching(/^(413|closed)$/)]);
      expect(sentBytes).toBeLessThan(100 * 1024 * 1024);
      expect((await rssMbOf(running, pid)) - before).toBeLessThan(100);
    },
    SLOW,
  );

  it('is as it was afterwards: no object of a stranger, no connection left open', async () => {
    expect((await running.kube.list(DEVICE)).map(({ status }) => status?.nodeRef?.name)).toEqual(['press']);
    await eventually(
      'the connections to be closed',
      120_000,
      async () => (await figure('usher_enrol_connections')) < 20,
    );
    expect(await isNodeReady(running, 'press')).toBe(true);
  });
});
