import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClaimView, CreatedToken, DeviceList, DeviceView } from '../../../api/core/schemas.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { CONFIG_MAP, DEVICE, DEVICE_CLAIM, NODE, RETRY_ANNOTATION } from '../../../k8s/core/resources.ts';
import { ApiFixture, codeOf, device, DEVICE_ID, MAC, OTHER_ID, SITE, type Reply } from '../../support/api-fixture.ts';

let api: ApiFixture;
beforeEach(async () => {
  api = await new ApiFixture().start();
});
afterEach(() => api.stop());

const get = (path: string): Promise<Reply> => api.call(path, { headers: api.bearer });
const send = (method: string, path: string, body?: unknown): Promise<Reply> =>
  api.call(path, { method, headers: api.bearer, body });

/** As the join controller would: a Device with its status. */
async function putDevice(id: string): Promise<void> {
  const wanted = device(id);
  await api.kube.create(DEVICE, wanted);
  await api.kube.mergePatch(DEVICE, { name: id }, { status: wanted.status }, 'status');
}

describe('claims', () => {
  it('are made for a device, listed, changed and deleted', async () => {
    await putDevice(DEVICE_ID);
    const made = await send('POST', '/api/v1/claims', {
      name: 'lathe-left',
      device: 'k4t7m2',
      labels: { machine: 'lathe' },
    });
    expect([made.status, made.headers['location']]).toEqual([201, '/api/v1/claims/lathe-left']);
    expect(made.body).toMatchObject({ match: { device: DEVICE_ID }, phase: 'Waiting', nodeName: 'lathe-left' });
    expect((await get('/api/v1/devices/k4t7m2')).body).toMatchObject({ claim: 'lathe-left', claimable: false });
    expect((await get('/api/v1/claims')).body).toEqual({ items: [made.body] });

    const changed = await send('PATCH', '/api/v1/claims/lathe-left', { labels: { location: 'left' } });
    expect((changed.body as ClaimView).labels).toEqual({ location: 'left' });
    expect((await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' }))?.spec).toEqual({
      match: { device: DEVICE_ID },
      labels: { location: 'left' },
    });

    expect((await send('DELETE', '/api/v1/claims/lathe-left')).status).toBe(204);
    expect((await get('/api/v1/claims')).body).toEqual({ items: [] });
    expect(codeOf(await get('/api/v1/claims/lathe-left'))).toBe('CLAIM_UNKNOWN');
    expect(codeOf(await send('DELETE', '/api/v1/claims/lathe-left'))).toBe('CLAIM_UNKNOWN');
    expect(codeOf(await send('PATCH', '/api/v1/claims/lathe-left', {}))).toBe('CLAIM_UNKNOWN');
  });

  it('are refused with the reason when they cannot become true', async () => {
    await putDevice(DEVICE_ID);
    await api.kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'master' } });
    api.candidates.arrive(OTHER_ID);
    await send('POST', '/api/v1/claims', { name: 'lathe-left', device: DEVICE_ID });
    const claim = async (body: object): Promise<string | undefined> =>
      codeOf(await send('POST', '/api/v1/claims', body));
    expect(await claim({ name: 'lathe-left', match: { serial: '1' } })).toBe('CLAIM_EXISTS');
    expect(await claim({ name: 'other', device: DEVICE_ID })).toBe('DEVICE_CLAIMED');
    expect(await claim({ name: 'other', nodeName: 'lathe-left', match: { serial: '1' } })).toBe('NODE_NAME_TAKEN');
    expect(await claim({ name: 'master', match: { serial: '1' } })).toBe('NODE_NAME_TAKEN');
    expect(await claim({ name: 'other', device: OTHER_ID })).toBe('EVIDENCE_MISSING');
    expect(await claim({ name: 'other', device: 'zzz' })).toBe('DEVICE_UNKNOWN');
    expect(await claim({ name: 'other', device: DEVICE_ID, match: { serial: '1' } })).toBe('CLAIM_INVALID');
    expect(await claim({ name: 'other', match: { serial: '1' }, replaces: 'nothing' })).toBe('CLAIM_INVALID');
    expect(await claim({ name: 'other', match: { serial: '1' }, label: {} })).toBe('REQUEST_INVALID');
    expect(await api.kube.list(DEVICE_CLAIM)).toHaveLength(1);
  });

  it("say in the operators' words what Kubernetes refused", async () => {
    api.kube.failNext('create', 'KUBE_ALREADY_EXISTS');
    expect(codeOf(await send('POST', '/api/v1/claims', { name: 'a', match: { serial: '1' } }))).toBe('CLAIM_EXISTS');
    api.kube.failNext('create', 'KUBE_INVALID');
    const reply = await send('POST', '/api/v1/claims', { name: 'a', match: { serial: '1' } });
    expect(reply.text).toContain('"The claim is not valid: injected"');
    api.kube.failNext('create', 'KUBE_UNREACHABLE');
    expect((await send('POST', '/api/v1/claims', { name: 'a', match: { serial: '1' } })).status).toBe(503);
  });

  it('are changed although the binder writes at the same time', async () => {
    await send('POST', '/api/v1/claims', { name: 'a', match: { serial: '1' } });
    api.kube.failNext('replace', 'KUBE_CONFLICT', { times: 4 });
    expect((await send('PATCH', '/api/v1/claims/a', { labels: { a: '1' } })).status).toBe(200);
    api.kube.failNext('replace', 'KUBE_CONFLICT', { times: 5 });
    expect(codeOf(await send('PATCH', '/api/v1/claims/a', { labels: { a: '2' } }))).toBe('KUBE_CONFLICT');
  });
});

const IGNORED = { name: 'ignored-macs', namespace: 'usher-system' };

describe('decisions', () => {
  const decide = (id: string, decision: string): Promise<Reply> =>
    send('POST', `/api/v1/devices/${id}/decision`, { decision });

  it('are recorded on the device, and taken back', async () => {
    await putDevice(DEVICE_ID);
    expect(((await decide('k4t7m2', 'Rejected')).body as DeviceView).stage).toBe('Rejected');
    expect((await api.kube.get(DEVICE, { name: DEVICE_ID }))?.spec.decision).toBe('Rejected');
    expect(((await decide('k4t7m2', 'Undecided')).body as DeviceView).stage).toBe('Pending');
  });

  it('make the object of a device that showed no evidence, so that they are remembered', async () => {
    api.candidates.arrive(OTHER_ID);
    expect(await api.kube.list(DEVICE)).toHaveLength(0);
    expect((await decide(OTHER_ID, 'Undecided')).status).toBe(200);
    expect(await api.kube.list(DEVICE)).toHaveLength(0);
    expect(((await decide(OTHER_ID, 'Ignored')).body as DeviceView).stage).toBe('Ignored');
    expect((await api.kube.get(DEVICE, { name: OTHER_ID }))?.spec).toMatchObject({
      ...{ decision: 'Ignored', evidence: { kind: 'None' } },
    });
  });

  it.each([DEVICE_ID, OTHER_ID])(
    'to ignore hold for a board with a new key too, until that of %s is undone',
    async (id) => {
      api.candidates.arrive(DEVICE_ID);
      expect((await decide(DEVICE_ID, 'Ignored')).status).toBe(200);
      // It was flashed anew: what was in memory of its old key is forgotten.
      api.candidates.leave(DEVICE_ID);
      api.candidates.arrive(OTHER_ID);
      const stages = async (): Promise<string[][]> =>
        ((await get('/api/v1/devices')).body as DeviceList).items.map((row) => [row.id, row.stage]).sort();
      expect(await stages()).toEqual([
        [DEVICE_ID, 'Ignored'],
        [OTHER_ID, 'Ignored'],
      ]);
      const undone = await decide(id, 'Undecided');
      expect([undone.status, (undone.body as DeviceView).stage]).toEqual([200, 'NoEvidence']);
      expect(await stages()).toEqual([
        [DEVICE_ID, 'NoEvidence'],
        [OTHER_ID, 'NoEvidence'],
      ]);
      expect((await api.kube.get(DEVICE, { name: DEVICE_ID }))?.spec.decision).toBe('Undecided');
    },
  );

  it('about a mere hint are to ignore it, and no other', async () => {
    api.sightings.see(MAC);
    for (const decision of ['Rejected', 'Retry', 'Revoked'])
      expect(codeOf(await decide(MAC, decision))).toBe('DEVICE_WITHOUT_KEY');
    const reply = await decide(`mac:${MAC}`, 'Ignored');
    expect([reply.status, (reply.body as DeviceView).stage]).toEqual([200, 'Ignored']);
    expect((await api.kube.get(CONFIG_MAP, IGNORED))?.data).toEqual({
      [MAC.replaceAll(':', '-')]: expect.stringMatching(/^\{"at":"20[^"]+Z","by":"cli"\}$/) as string,
    });
    expect(await api.kube.list(DEVICE)).toEqual([]);
    const undone = await decide(MAC, 'Undecided');
    expect([undone.status, (undone.body as DeviceView).stage]).toEqual([200, 'Seen']);
    expect((await api.kube.get(CONFIG_MAP, IGNORED))?.data).toEqual({});
    expect((await decide(MAC, 'Undecided')).status).toBe(200);
  });

  it('to ignore a hint are not taken while a claim names it, nor kept when Kubernetes is away', async () => {
    api.sightings.see(MAC);
    api.kube.failNext('create', 'KUBE_UNREACHABLE', { kind: 'ConfigMap' });
    expect(codeOf(await decide(MAC, 'Ignored'))).toBe('KUBE_UNREACHABLE');
    expect(((await get(`/api/v1/devices/mac:${MAC}`)).body as DeviceView).stage).toBe('Seen');
    await send('POST', '/api/v1/claims', { name: 'lathe', match: { mac: MAC } });
    expect(codeOf(await decide(MAC, 'Ignored'))).toBe('DEVICE_CLAIMED');
  });

  it.each(['a row of its own', 'its new key'])(
    'to ignore a hint outlast its key and its sight; undone on %s',
    async (on) => {
      api.sightings.see(MAC);
      await decide(MAC, 'Ignored');
      api.candidates.arrive(OTHER_ID);
      const rows = async (): Promise<string[][]> =>
        ((await get('/api/v1/devices')).body as DeviceList).items.map((row) => [row.id, row.stage]);
      expect(await rows()).toEqual([[OTHER_ID, 'Ignored']]);
      if (on === 'its new key') {
        expect(((await decide(OTHER_ID, 'Undecided')).body as DeviceView).stage).toBe('NoEvidence');
      } else {
        api.candidates.leave(OTHER_ID);
        api.sightings.forget(MAC);
        expect(await rows()).toEqual([[`mac:${MAC}`, 'Ignored']]);
        expect(((await decide(MAC, 'Undecided')).body as DeviceView).stage).toBe('Seen');
        expect(await rows()).toEqual([]);
        api.candidates.arrive(OTHER_ID);
      }
      expect(await rows()).toEqual([[OTHER_ID, 'NoEvidence']]);
    },
  );

  it('ask the join controller to try again', async () => {
    await putDevice(DEVICE_ID);
    const beforeMs = Date.now();
    expect((await decide('k4t7m2', 'Retry')).status).toBe(200);
    const annotations = (await api.kube.get(DEVICE, { name: DEVICE_ID }))?.metadata.annotations;
    expect(Date.parse(annotations?.[RETRY_ANNOTATION] ?? '')).toBeGreaterThanOrEqual(beforeMs);
  });
});

describe('enrol tokens', () => {
  it('are shown once, with the file for the card', async () => {
    const made = (await send('POST', '/api/v1/enrol-tokens', { kind: 'batch', uses: 20, note: 'hall 3' }))
      .body as CreatedToken;
    expect(made.card).toMatchObject({ v: 1, token: made.token });
    const list = await get('/api/v1/enrol-tokens');
    expect(list.body).toEqual({ items: [made.view] });
    expect(list.text).not.toContain(made.token);
    expect((await send('DELETE', `/api/v1/enrol-tokens/${made.view.tokenId}`)).status).toBe(204);
    expect(codeOf(await send('DELETE', '/api/v1/enrol-tokens/x'))).toBe('TOKEN_UNKNOWN');
    expect(codeOf(await send('POST', '/api/v1/enrol-tokens', { kind: 'card', uses: 2 }))).toBe('REQUEST_INVALID');
  });
});

describe('the page', () => {
  it('is served for every path that a browser asks for, its hashed files for ever', async () => {
    const html = { headers: { accept: 'text/html' } };
    for (const path of ['/', '/claims/lathe-left', '/index.html']) {
      const reply = await api.call(path, html);
      expect([path, reply.status, reply.headers['cache-control']]).toEqual([path, 200, 'no-cache']);
      expect(reply.text).toContain('<title>Usher');
    }
    expect((await api.call('/assets/main-1234.js')).headers['cache-control']).toContain('immutable');
    expect(codeOf(await api.call('/assets/gone.js'))).toBe('ROUTE_UNKNOWN');
    expect((await api.call('/%2e%2e/cli.json', html)).text).not.toContain('token');
    expect((await api.call('/..%2fcli.json', html)).text).not.toContain('token');
  });
});

describe('site, health and metrics', () => {
  it('say how it is', async () => {
    expect((await get('/api/v1/site')).body).toEqual(SITE);
    api.kube.before = () => {
      throw new UsherError('INTERNAL', { detail: 'health is answered from memory' });
    };
    expect((await api.call('/healthz')).body).toEqual({ ok: true, kubernetes: { ready: true } });
    expect((await api.call('/healthz')).headers['ratelimit']).toBeDefined();
    expect(codeOf(await api.call('/metrics'))).toBe('ROUTE_UNKNOWN');
    await api.stop();
    const registry = { metrics: () => Promise.resolve('usher_up 1\n'), contentType: 'text/plain; version=0.0.4' };
    api = await new ApiFixture().start({ registry, isKubernetesReady: () => false });
    expect((await api.call('/healthz')).body).toEqual({ ok: true, kubernetes: { ready: false } });
    expect((await api.call('/metrics')).text).toBe('usher_up 1\n');
  });
});
