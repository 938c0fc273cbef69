import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storyOf, type StorySources } from '../../../api/core/story.ts';
import { StoryView } from '../../../api/core/schemas.ts';
import { storyText } from '../../../cli/story-text.ts';
import { EVENT, type KubeEvent } from '../../../k8s/core/kube-event.ts';
import { DEVICE } from '../../../k8s/core/resources.ts';
import { ApiFixture, candidate, codeOf, device, DEVICE_ID, MAC, OTHER_ID } from '../../support/api-fixture.ts';
import { UsherError } from '../../../foundation/errors.ts';

const BORN = '2026-01-01T00:00:00Z';
const atSec = (seconds: number): string => new Date(Date.parse(BORN) + seconds * 1000).toISOString();

function event(regarding: { kind: string; name: string }, facts: Partial<KubeEvent>): KubeEvent {
  return {
    ...{ apiVersion: EVENT.apiVersion, kind: EVENT.kind, metadata: { name: 'e', namespace: 'default' } },
    ...{ reportingController: '', reportingInstance: '', eventTime: BORN, reason: 'Said', note: 'something' },
    ...{ type: 'Normal', regarding: { apiVersion: '', ...regarding } },
    ...facts,
  };
}
const ofDevice = (reason: string, seconds: number, facts: Partial<KubeEvent> = {}): KubeEvent =>
  event({ kind: 'Device', name: DEVICE_ID }, { reason, eventTime: atSec(seconds), ...facts });

function sources(facts: Partial<StorySources>): StorySources {
  return { id: DEVICE_ID, sightings: [], events: [], nowMs: Date.parse(atSec(100)), ...facts };
}
const born = { ...device(DEVICE_ID), metadata: { name: DEVICE_ID, creationTimestamp: BORN } };

describe('the story of a device', () => {
  it('is told in order, with how long each step of the join took', () => {
    const { entries } = storyOf(
      sources({
        device: born,
        events: [ofDevice('Ready', 12.5), ofDevice('Approved', 3), ofDevice('TicketMade', 3.25)],
        sightings: [
          {
            ...{
              mac: MAC,
              interface: 'eth0',
              firstSeenMs: Date.parse(BORN) - 2000,
              lastSeenMs: 0,
              reasons: [],
              score: 60,
            },
            observations: [
              {
                source: 'dhcp',
                interface: 'eth0',
                atMs: Date.parse(BORN) - 1900,
                messageType: 'DISCOVER',
                hostname: 'raspberrypi',
              },
            ],
          },
        ],
      }),
    );
    expect(entries.map(({ reason, tookMs }) => [reason, tookMs])).toEqual([
      ['FirstSeen', undefined],
      ['SeenByDhcp', undefined],
      ['Introduced', undefined],
      ['Approved', 3000],
      ['TicketMade', 250],
      ['Ready', 9250],
    ]);
    expect(entries[1]).toMatchObject({ from: 'lan', message: 'DHCP DISCOVER, calls itself raspberrypi on eth0' });
    expect(StoryView.safeParse({ device: DEVICE_ID, entries }).success).toBe(true);
  });

  it("counts repeated Events once, and reads a kubelet's, which say their time otherwise", () => {
    const claimed = {
      ...born,
      status: { ...born.status, join: { schema: 1, state: 'ready', attempt: 1, nodeName: 'n', since: BORN } },
    } as const;
    const node = { eventTime: null, deprecatedLastTimestamp: atSec(9), deprecatedCount: 4, reason: 'NodeNotReady' };
    const { entries } = storyOf(
      sources({
        device: claimed,
        events: [
          ofDevice('LabelsFailed', 1, {
            series: { count: 3, lastObservedTime: '2026-01-01T00:00:05.000000Z' },
            type: 'Warning',
          }),
          event({ kind: 'Node', name: 'n' }, node),
          event({ kind: 'Node', name: 'n' }, { eventTime: atSec(-60), reason: 'OfTheNodeBefore' }),
          event({ kind: 'Node', name: 'other' }, node),
        ],
      }),
    );
    expect(entries.map(({ at, reason, count }) => [at, reason, count])).toEqual([
      [atSec(0), 'Introduced', undefined],
      [atSec(5), 'LabelsFailed', 3],
      [atSec(9), 'NodeNotReady', 4],
    ]);
  });

  it('is told by conditions where the Events are forgotten, and not twice', () => {
    const condition = (type: 'Claimed' | 'NodeReady', seconds: number, status: 'True' | 'False' = 'True') => ({
      ...{ type, status, reason: type, message: `${type} holds`, lastTransitionTime: atSec(seconds) },
    });
    const conditions = [condition('Claimed', 1), condition('NodeReady', 50)];
    const told = (events: KubeEvent[]): string[] =>
      storyOf(sources({ device: { ...born, status: { conditions } }, events })).entries.map(({ reason }) => reason);
    expect(told([])).toEqual(['Introduced', 'Claimed', 'NodeReady']);
    expect(told([ofDevice('Ready', 50)])).toEqual(['Introduced', 'Claimed', 'Ready']);
  });

  it('shows a failure and a refusal with what to do', () => {
    const { code, message, remedy } = new UsherError('TOKEN_USED', { tokenId: 't' });
    const failed = { ...born, status: { failure: { code, message, remedy, since: atSec(4) } } };
    expect(storyOf(sources({ device: failed })).entries.at(-1)).toMatchObject({
      reason: code,
      remedy,
      type: 'Warning',
    });
    const refused = candidate(OTHER_ID, { refusal: new UsherError('TOKEN_USED', { tokenId: 't' }), lastSeenMs: 1 });
    const { entries } = storyOf(sources({ id: OTHER_ID, candidate: refused }));
    expect(entries.map(({ reason }) => reason)).toEqual(['Hello', 'TOKEN_USED']);
    expect(storyText({ device: OTHER_ID, entries }, false)).toContain(`remedy: ${remedy}`);
  });

  it('is bounded, and what the network said is made safe', () => {
    const events = Array.from({ length: 500 }, (_, i) => ofDevice('Said', i, { note: '\u001b[31mred' }));
    const { entries } = storyOf(sources({ device: born, events }));
    expect(entries).toHaveLength(200);
    expect(entries.at(-1)?.at).toBe(atSec(499));
    expect(JSON.stringify(entries)).not.toContain('\\u001b');
  });
});

describe('GET /api/v1/devices/{id}/story', () => {
  let api: ApiFixture;
  beforeEach(async () => {
    api = await new ApiFixture().start();
    await api.kube.create(DEVICE, device(DEVICE_ID));
    await api.kube.mergePatch(DEVICE, { name: DEVICE_ID }, { status: device(DEVICE_ID).status }, 'status');
    await api.kube.create(EVENT, ofDevice('Approved', 3));
    await api.kube.create(EVENT, {
      ...event({ kind: 'Device', name: OTHER_ID }, {}),
      metadata: { name: 'f', namespace: 'default' },
    });
  });
  afterEach(() => api.stop());
  const story = async (id: string): Promise<{ status: number; reasons: string[]; code: string | undefined }> => {
    const reply = await api.call(`/api/v1/devices/${id}/story`, { headers: api.bearer });
    const parsed = StoryView.safeParse(reply.body);
    return {
      status: reply.status,
      reasons: parsed.data?.entries.map(({ reason }) => reason) ?? [],
      code: codeOf(reply),
    };
  };

  it('is for operators, and finds a device by any of its names', async () => {
    expect((await api.call(`/api/v1/devices/${DEVICE_ID}/story`)).status).toBe(401);
    expect(await story('k4t7m2')).toMatchObject({ status: 200, reasons: ['Approved', 'Introduced'] });
    expect(await story('nobody')).toMatchObject({ code: 'DEVICE_UNKNOWN' });
  });

  it('is told as far as memory goes while Kubernetes is away, and says so', async () => {
    api.sightings.see(MAC);
    api.kube.failNext('list', 'KUBE_UNREACHABLE', { times: 3 });
    expect((await story(DEVICE_ID)).reasons).toEqual(['Introduced', 'FirstSeen', 'KUBE_UNREACHABLE']);
  });
});
