import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../../../api/client/api-client.ts';
import type { ReceivedEvent } from '../../../api/client/event-reader.ts';
import { findAppliance } from '../../../api/client/find-appliance.ts';
import type { LiveEvent } from '../../../api/core/schemas.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { DEVICE } from '../../../k8s/core/resources.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { ApiFixture, device, DEVICE_ID, MAC } from '../../support/api-fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await new ApiFixture().start();
});
afterEach(() => api.stop());

const LIMIT_MS = 5000;

/** Takes one event after the other, each within five seconds. */
class Listener {
  readonly #stop = new AbortController();
  readonly #client: ApiClient;
  readonly #events: AsyncGenerator<ReceivedEvent, void, undefined>;

  constructor() {
    this.#client = new ApiClient(findAppliance({ tokenFile: api.cliFile, env: {} }));
    this.#events = this.#client.events(this.#stop.signal);
  }

  async next(): Promise<ReceivedEvent> {
    const limit = once(AbortSignal.timeout(LIMIT_MS), 'abort').then(() => undefined);
    const event = await Promise.race([this.#events.next().then(({ value }) => value ?? undefined), limit]);
    if (event === undefined) throw new UsherError('TIMED_OUT', { what: 'the next event', limitMs: LIMIT_MS });
    return event;
  }

  /** The next event of a type, whatever comes before. */
  async until<Type extends LiveEvent['type']>(type: Type): Promise<Extract<LiveEvent, { type: Type }>> {
    for (;;) {
      const { event } = await this.next();
      if (event.type === type) return event as Extract<LiveEvent, { type: Type }>;
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#events.return();
    this.#client.close();
  }
}

/** The raw stream until `enough` says so. */
async function read(headers: Record<string, string>, enough: (text: string) => boolean): Promise<string> {
  const { Agent, get } = await import('node:https');
  const agent = new Agent({ ca: api.file.caPem });
  return new Promise((resolve, reject) => {
    const path = `${api.origin}/api/v1/events`;
    const outgoing = get(
      path,
      { agent, headers: 'cookie' in headers ? headers : { ...api.bearer, ...headers }, timeout: 8000 },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (!enough(text)) return;
          outgoing.destroy();
          resolve(text);
        });
        response.on('error', reject);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new UsherError('TIMED_OUT', { what: 'events', limitMs: 8000 })));
    outgoing.on('error', reject);
  });
}

const idsIn = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

describe('the event stream', () => {
  it('begins with all there is and goes on with each change', async () => {
    api.sightings.see(MAC, { hostname: 'raspberrypi' });
    const listener = new Listener();
    const { event } = await listener.next();
    expect(event).toMatchObject({
      type: 'snapshot',
      devices: [{ id: `mac:${MAC}`, hostname: 'raspberrypi' }],
      claims: [],
    });
    expect((await listener.next()).event).toEqual({ type: 'alarms', items: [] });
    expect((await listener.next()).event.type).toBe('services');
    await api.kube.create(DEVICE, device(DEVICE_ID));
    await api.kube.mergePatch(DEVICE, { name: DEVICE_ID }, { status: device(DEVICE_ID).status }, 'status');
    const seen: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const each = (await listener.next()).event;
      seen.push(each.type === 'device' ? `device ${each.device.macs.join()}` : each.type);
    }
    expect(seen).toContain('device-removed');
    expect(seen).toContain(`device ${MAC}`);
    await api.call('/api/v1/claims', { method: 'POST', headers: api.bearer, body: { name: 'a', device: DEVICE_ID } });
    expect((await listener.until('claim')).claim.name).toBe('a');
    expect((await listener.until('device')).device.claim).toBe('a');
    await api.call('/api/v1/claims/a', { method: 'DELETE', headers: api.bearer });
    expect((await listener.until('claim-removed')).name).toBe('a');
    await listener.stop();
  });

  it('resumes after the last event that was received, and with a snapshot when that is unknown', async () => {
    const first = await read({}, (text) => text.includes('"snapshot"'));
    const [lastId = 0] = idsIn(first);
    api.sightings.see(MAC);
    api.sightings.see('dc:a6:32:00:00:01');
    const resumed = await read({ 'last-event-id': String(lastId) }, (text) => idsIn(text).length === 2);
    expect(idsIn(resumed)).toEqual([lastId + 1, lastId + 2]);
    expect(resumed).not.toContain('snapshot');
    for (const unknown of ['1', String(lastId + 1_000_000), 'x', '']) {
      expect(await read({ 'last-event-id': unknown }, (text) => text.includes('}\n\n'))).toContain('"snapshot"');
    }
  });

  it('tells of a burst on one thing at most twice, the newest last', async () => {
    const listener = new Listener();
    await listener.next();
    for (let i = 0; i < 1000; i += 1) api.sightings.see(MAC, { hostname: `pi-${i}` });
    expect((await listener.until('device')).device.hostname).toBe('pi-0');
    expect((await listener.until('device')).device.hostname).toBe('pi-999');
    await listener.stop();
  });

  it('is silent when nothing changed but the time it was seen', async () => {
    const clock = await restartWithClock();
    const { firstSeenMs, lastSeenMs } = api.sightings.see(MAC);
    const listener = new Listener();
    await listener.next();
    await listener.next();
    const { id } = await listener.next();
    api.sightings.see(MAC, { firstSeenMs, lastSeenMs });
    clock.advance(1000);
    api.sightings.see(MAC, { firstSeenMs, lastSeenMs });
    clock.advance(1000);
    api.sightings.forget(MAC);
    const next = await listener.next();
    expect([next.event.type, Number(next.id) - Number(id)]).toEqual(['device-removed', 1]);
    await listener.stop();
  });

  it('brings a sighting to the reader within a few milliseconds', async () => {
    const listener = new Listener();
    await listener.next();
    const tookMs: number[] = [];
    for (let i = 0; i < 50; i += 1) {
      const startMs = performance.now();
      api.sightings.see(`dc:a6:32:00:00:${i.toString(16).padStart(2, '0')}`);
      await listener.until('device');
      tookMs.push(performance.now() - startMs);
    }
    tookMs.sort((a, b) => a - b);
    expect(tookMs[25]).toBeLessThan(25);
    await listener.stop();
  });

  it('ends for a browser that signed out', async () => {
    const clock = await restartWithClock();
    const headers = await api.signIn();
    const isOpen = Promise.withResolvers<undefined>();
    const ended = read(headers, (text) => {
      if (text.includes('snapshot')) isOpen.resolve(undefined);
      return text.includes('heart');
    });
    await isOpen.promise;
    await api.call('/api/v1/session', { method: 'DELETE', headers });
    clock.advance(15_000);
    await expect(ended).rejects.toThrow(/aborted|hang up|ended/);
  });
});

/** The same fixture with a clock that stands still. */
async function restartWithClock(): Promise<ManualClock> {
  const clock = new ManualClock(Date.now());
  await api.server.close();
  await api.start({ clock });
  return clock;
}

describe('the client', () => {
  it('gives the very error that the appliance threw', async () => {
    const client = new ApiClient(findAppliance({ tokenFile: api.cliFile, env: {} }));
    await expect(client.device('zzz')).rejects.toMatchObject({
      ...{ code: 'DEVICE_UNKNOWN', message: 'No device matches zzz', http: 404 },
      remedy: expect.stringContaining('usher devices') as string,
    });
    client.close();
  });

  it('trusts no other authority', async () => {
    const other = await new ApiFixture({ ownAuthority: true }).start();
    const appliance = findAppliance({ tokenFile: api.cliFile, env: { USHER_SERVER: other.file.url } });
    const client = new ApiClient(appliance);
    await expect(client.site()).rejects.toMatchObject({ code: 'APPLIANCE_UNREACHABLE' });
    client.close();
    await other.stop();
  });

  it('says when no appliance answers', async () => {
    const client = new ApiClient(findAppliance({ server: 'https://127.0.0.1:1', tokenFile: api.cliFile, env: {} }));
    await expect(client.site()).rejects.toMatchObject({ code: 'APPLIANCE_UNREACHABLE' });
    client.close();
  });

  it('goes on where it was when the connection breaks', async () => {
    const listener = new Listener();
    await listener.next();
    const { port } = api.server;
    await api.server.close();
    await api.start({ port });
    api.sightings.see(MAC);
    expect((await listener.until('snapshot')).devices).toHaveLength(1);
    await listener.stop();
  });
});
