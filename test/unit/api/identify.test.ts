import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IdentifyWays } from '../../../api/server/identifier.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { IDENTIFY_LABEL, imageOnNode, JOB } from '../../../k8s/core/identify-job.ts';
import { POD } from '../../../k8s/core/pods.ts';
import { DEVICE, NODE, USHER_NAMESPACE } from '../../../k8s/core/resources.ts';
import { IdentifyJobs } from '../../../k8s/identify-jobs.ts';
import { ApiFixture, codeOf, device, DEVICE_ID, MAC, OTHER_ID, type Reply } from '../../support/api-fixture.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { runUsher } from '../../support/run-usher.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('identify', { timeout: 60_000 }, () => {
  let api: ApiFixture;
  const clock = new ManualClock(Date.now());
  const asked: string[] = [];
  const listening = new Set<string>();
  let begins = true;
  const note = (line: string): Promise<boolean> => {
    asked.push(line);
    return Promise.resolve(begins);
  };
  const ways: IdentifyWays = {
    agent: {
      isListening: (id) => listening.has(id),
      show: (id, { words, seconds }) => note(`Agent ${id} ${words} ${String(seconds)}`),
    },
    node: { show: ({ nodeName }, { words, seconds }) => note(`Job ${nodeName} ${words} ${String(seconds)}`) },
  };
  beforeEach(async () => {
    asked.length = 0;
    listening.clear();
    begins = true;
    api = await new ApiFixture().start({ identifyWays: ways, clock });
  });
  afterEach(() => api.stop());

  const identify = (id: string, body: object = {}): Promise<Reply> =>
    api.call(`/api/v1/devices/${encodeURIComponent(id)}/identify`, { method: 'POST', headers: api.bearer, body });
  const joined = async (): Promise<void> => {
    const node = await api.kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'lathe-left' } });
    const ready = { phase: 'Ready', nodeRef: { name: 'lathe-left', uid: node.metadata.uid ?? '' } } as const;
    await api.kube.create(DEVICE, device(DEVICE_ID));
    await api.kube.mergePatch(DEVICE, { name: DEVICE_ID }, { status: device(DEVICE_ID, ready).status }, 'status');
    await expect
      .poll(async () => (await api.call('/api/v1/devices/lathe-left', { headers: api.bearer })).status)
      .toBe(200);
  };

  it('tells the words that the device shows, and until when; nothing is written', async () => {
    api.candidates.arrive(OTHER_ID);
    const { status, body } = await identify(OTHER_ID);
    const { words, ...rest } = body as { words: string };
    expect([status, rest]).toEqual([200, { until: new Date(clock.nowMs() + 30_000).toISOString(), how: 'Agent' }]);
    expect(asked).toEqual([`Agent ${OTHER_ID} ${words} 30`]);
    expect(api.kube.writes()).toEqual([]);
  });

  it('is one at a time for a device, and each shows its own words', async () => {
    api.candidates.arrive(OTHER_ID);
    api.candidates.arrive(DEVICE_ID);
    const [first, other] = [await identify(OTHER_ID), await identify(DEVICE_ID)];
    expect((first.body as { words: string }).words).not.toBe((other.body as { words: string }).words);
    const again = await identify(OTHER_ID);
    expect([again.status, codeOf(again)]).toEqual([409, 'IDENTIFY_RUNNING']);
    expect(again.text).toContain((first.body as { words: string }).words);
    clock.advance(30_000);
    expect((await identify(OTHER_ID)).status).toBe(200);
  });

  it('of a node goes by a Job, unless its agent listens', async () => {
    await joined();
    expect((await identify('lathe-left', { seconds: 5 })).body).toMatchObject({ how: 'Job' });
    clock.advance(5000);
    listening.add(DEVICE_ID);
    expect((await identify('lathe-left', { seconds: 5 })).body).toMatchObject({ how: 'Agent' });
  });

  it('begins anew on a node whose agent ended in the middle of it', async () => {
    await joined();
    listening.add(DEVICE_ID);
    expect((await identify('lathe-left')).body).toMatchObject({ how: 'Agent' });
    expect(codeOf(await identify('lathe-left'))).toBe('IDENTIFY_RUNNING');
    listening.delete(DEVICE_ID);
    expect((await identify('lathe-left')).body).toMatchObject({ how: 'Job' });
    // What a Job began goes on to its end, and nobody listens meanwhile.
    expect(codeOf(await identify('lathe-left'))).toBe('IDENTIFY_RUNNING');
  });

  it('is asked for by usher identify, which names the words to look for', async () => {
    api.candidates.arrive(OTHER_ID);
    const { code, out } = await runUsher(['identify', OTHER_ID, '--seconds', '60'], { USHER_TOKEN_FILE: api.cliFile });
    const words = asked[0]?.split(' ').slice(2, 4).join(' ').toUpperCase() ?? '';
    expect([code, out]).toEqual([0, `look for "${words}": it blinks for 60 s\n`]);
    const again = await runUsher(['identify', OTHER_ID], { USHER_TOKEN_FILE: api.cliFile });
    expect(again.err).toContain('[IDENTIFY_RUNNING]');
  });

  it('says so when nothing answers, and may be tried again at once', async () => {
    api.candidates.arrive(OTHER_ID);
    begins = false;
    expect(codeOf(await identify(OTHER_ID))).toBe('IDENTIFY_UNHEARD');
    begins = true;
    expect((await identify(OTHER_ID)).status).toBe(200);
  });

  it('needs a key: of a sighting there is nothing to ask', async () => {
    api.sightings.see(MAC);
    expect(codeOf(await identify(`mac:${MAC}`))).toBe('DEVICE_WITHOUT_KEY');
    expect(asked).toEqual([]);
  });

  it.each([4, 121, 7.5])('does not take %s seconds', async (seconds) => {
    api.candidates.arrive(OTHER_ID);
    expect(codeOf(await identify(OTHER_ID, { seconds }))).toBe('REQUEST_INVALID');
  });
});

describe('the Job on a node', () => {
  const node = { deviceId: DEVICE_ID, shortId: 'k4t7m2', nodeName: 'lathe-left' };
  const what = { words: 'amber otter', seconds: 30 };
  const options = { namespace: USHER_NAMESPACE, labelSelector: IDENTIFY_LABEL };
  let kube: FakeKube;
  let clock: ManualClock;
  beforeEach(() => {
    kube = new FakeKube();
    clock = new ManualClock(Date.now());
  });
  const jobs = (): IdentifyJobs => new IdentifyJobs({ kube, clock, logger: silentLogger });
  const left = async (): Promise<number> => (await kube.list(JOB, { namespace: USHER_NAMESPACE })).length;
  /** Lets the time pass in which a Job waits for its pod. */
  const meanwhile = async <T>(work: Promise<T>): Promise<T> => {
    const stop = setInterval(() => clock.advance(250), 1);
    return work.finally(() => clearInterval(stop));
  };
  const podIs = (phase: string, reason?: string): Promise<unknown> =>
    kube.create(POD, {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { name: 'identify-x', namespace: USHER_NAMESPACE, labels: { [IDENTIFY_LABEL]: DEVICE_ID } },
      status: { phase, ...(reason === undefined ? {} : { containerStatuses: [{ state: { waiting: { reason } } }] }) },
    });

  it.each<[string, string | undefined]>([
    ['Running', undefined],
    ['Succeeded', undefined],
    ['Pending', 'ErrImageNeverPull'],
  ])('has begun when its pod is %s %s, and goes with its time', async (phase, reason) => {
    await podIs(phase, reason);
    expect(await meanwhile(jobs().show(node, what, 5000))).toBe(true);
    expect(await left()).toBe(1);
    clock.advance(30_000);
    await expect.poll(left).toBe(0);
  });

  it('is taken back when the kubelet does not begin', async () => {
    await podIs('Pending', 'ContainerCreating');
    expect(await meanwhile(jobs().show(node, what, 5000))).toBe(false);
    expect(await left()).toBe(0);
  });

  it('is one at a time, also for an appliance that has forgotten, and is swept at its next start', async () => {
    await podIs('Running');
    await meanwhile(jobs().show(node, what, 5000));
    await expect(jobs().show(node, what, 5000)).rejects.toMatchObject({ code: 'IDENTIFY_RUNNING' });
    await jobs().sweep();
    expect(await left()).toBe(0);
    expect(await kube.list(JOB, options)).toEqual([]);
  });

  it('takes an image that the node has, best the one that pods are made of', () => {
    const names = (...all: string[]): { names: string[] }[] =>
      all.map((name) => ({ names: [`${name}@sha256:0`, name] }));
    const pause = 'docker.io/rancher/mirrored-pause:3.6';
    expect(imageOnNode(names('docker.io/library/app:1', pause))).toBe(pause);
    expect(imageOnNode(names('docker.io/library/app:1'))).toBe('docker.io/library/app:1');
    expect(imageOnNode([])).toBeUndefined();
  });
});
