import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findDevice } from '../../../api/core/device-lookup.ts';
import { RowIndex } from '../../../api/core/row-index.ts';
import type { AlarmView, ClusterCaView, DeviceView, LiveEvent, RevocationView } from '../../../api/core/schemas.ts';
import { UsherError } from '../../../foundation/errors.ts';
import type { Alarm, AlarmBook } from '../../../k8s/alarms.ts';
import { POD, type Pod } from '../../../k8s/core/pods.ts';
import {
  DEVICE,
  DEVICE_CLAIM,
  NODE,
  type Device,
  type DeviceClaim,
  type DeviceStatus,
  type Node,
} from '../../../k8s/core/resources.ts';
import { ApiFixture, candidate, codeOf, device, DEVICE_ID, OTHER_ID, type Reply } from '../../support/api-fixture.ts';
import { CLUSTER_CA_PEM } from '../../support/cluster-ca.ts';

const THIRD_ID = 'w9w9w9c0ffee00000000000000';
const CARD = { evidence: { kind: 'CardToken', tokenId: 'aaaaaaaaaa' } } as const;
const OTHER_CARD = { evidence: { kind: 'CardToken', tokenId: 'bbbbbbbbbb' } } as const;
const JOINED: DeviceStatus = {
  phase: 'Ready',
  claimRef: { name: 'lathe-left', uid: 'c' },
  nodeRef: { name: 'lathe-left', uid: 'n' },
  join: { schema: 1, state: 'ready', attempt: 1, nodeName: 'lathe-left', since: '2026-01-02T00:00:00Z' },
};
const used = (tokenId: string): UsherError => new UsherError('TOKEN_USED', { tokenId, usedBy: DEVICE_ID });

function claim(name: string, spec: Partial<DeviceClaim['spec']>, status: DeviceClaim['status'] = {}): DeviceClaim {
  return {
    ...{ apiVersion: DEVICE_CLAIM.apiVersion, kind: DEVICE_CLAIM.kind, metadata: { name } },
    spec: { match: {}, ...spec },
    status,
  };
}

const hardware = (serial: string, duid?: string): Device['status'] => ({
  hardware: { macs: [], serial, ...(duid === undefined ? {} : { duid }) },
});

describe('who could take whose place', () => {
  const joined = (over: Partial<DeviceStatus> = {}): Device =>
    device(DEVICE_ID, { ...JOINED, ...hardware('S1', '00:01'), ...over }, CARD);

  it.each<[string, Device, string | undefined]>([
    ['the same serial', device(OTHER_ID, hardware('s1'), OTHER_CARD), 'Serial'],
    ['the same DUID', device(OTHER_ID, hardware('S2', '00:01'), OTHER_CARD), 'Duid'],
    ['the same card', device(OTHER_ID, hardware('S2'), CARD), 'Token'],
    ['nothing in common', device(OTHER_ID, hardware('S2'), OTHER_CARD), undefined],
    ['the same serial without evidence', device(OTHER_ID, hardware('S1'), { evidence: { kind: 'None' } }), undefined],
    ['the same serial, rejected', device(OTHER_ID, hardware('S1'), { ...OTHER_CARD, decision: 'Rejected' }), undefined],
    ['the same serial, but a node itself', device(OTHER_ID, { ...JOINED, ...hardware('S1') }, OTHER_CARD), undefined],
    [
      'the same batch',
      device(OTHER_ID, hardware('S2'), { evidence: { kind: 'BatchToken', tokenId: 'aaaaaaaaaa' } }),
      undefined,
    ],
  ])('a device with %s', (_what, newcomer, because) => {
    for (const order of [
      [joined(), newcomer],
      [newcomer, joined()],
    ]) {
      const index = new RowIndex();
      for (const each of order) index.setDevice(each);
      expect(index.view(OTHER_ID)?.offer?.because).toBe(because);
      expect(index.view(DEVICE_ID)?.offeredBy).toEqual(because === undefined ? undefined : [OTHER_ID]);
    }
  });

  it('a device without evidence only when it shows a genuine card that is used or expired', () => {
    const index = new RowIndex();
    index.setDevice(joined());
    const hw = { macs: [], arch: 'arm64', serial: 'S9' };
    const hello = { ...candidate(OTHER_ID).hello, hw };
    index.setCandidate(candidate(OTHER_ID, { hello: { ...hello, hw: { ...hw, serial: 'S1' } } }));
    expect(index.view(OTHER_ID)?.offer).toBeUndefined();
    expect([...index.setCandidate(candidate(OTHER_ID, { hello, refusal: used('aaaaaaaaaa') }))]).toContain(DEVICE_ID);
    expect(index.view(OTHER_ID)).toMatchObject({
      offer: { device: DEVICE_ID, shortId: 'k4t7m2', nodeName: 'lathe-left', claim: 'lathe-left', because: 'Token' },
      waitsFor: 'could take the place of node lathe-left: confirm the replacement, or reject this device',
    });
    index.setCandidate(candidate(OTHER_ID, { hello, refusal: new UsherError('TOKEN_UNKNOWN', { tokenId: 'x' }) }));
    expect([index.view(OTHER_ID)?.offer, index.view(DEVICE_ID)?.offeredBy]).toEqual([undefined, undefined]);
  });

  it.each(['revoked', 'replaced'])('nobody that of a %s device', (state) => {
    const index = new RowIndex();
    index.setDevice(device(OTHER_ID, hardware('S1'), OTHER_CARD));
    index.setDevice(joined());
    expect(index.view(OTHER_ID)?.offer).toBeDefined();
    const gone = joined({ join: { schema: 1, state, attempt: 1, since: '2026-01-02T00:00:00Z' } });
    expect([...index.setDevice(gone)]).toContain(OTHER_ID);
    expect(index.view(OTHER_ID)?.offer).toBeUndefined();
  });

  it('no longer once it is confirmed; then both rows say so', () => {
    const index = new RowIndex();
    index.setDevice(joined());
    index.setCandidate(candidate(OTHER_ID, { refusal: used('aaaaaaaaaa') }));
    const bound = { deviceRef: { name: DEVICE_ID, uid: 'u' } };
    const confirmed = claim('lathe-left', { match: { device: OTHER_ID }, replaces: DEVICE_ID }, bound);
    expect([...index.setClaim(confirmed)].sort()).toEqual([DEVICE_ID, OTHER_ID].sort());
    expect(index.view(OTHER_ID)).toMatchObject({
      claim: 'lathe-left',
      nodeName: 'lathe-left',
      waitsFor: 'is to take the place of device k4t7m2 as lathe-left: waits for its next hello',
    });
    expect([index.view(OTHER_ID)?.offer, index.view(DEVICE_ID)?.offeredBy]).toEqual([undefined, undefined]);
    index.setClaim({ ...confirmed, status: { deviceRef: { name: OTHER_ID, uid: 'u' } } });
    expect(index.view(DEVICE_ID)?.replacedBy).toBe(OTHER_ID);
    expect([...index.removeClaim('lathe-left')]).toContain(DEVICE_ID);
    expect(index.view(DEVICE_ID)?.replacedBy).toBeUndefined();
  });

  it('and the name is that of the successor, for people too', () => {
    const index = new RowIndex();
    index.setDevice(device(OTHER_ID, { ...JOINED, ...hardware('S1') }, OTHER_CARD));
    const join = {
      schema: 1,
      state: 'replaced',
      attempt: 1,
      since: '2026-01-02T00:00:00Z',
      nodeName: 'lathe-left',
    } as const;
    for (const nodeRef of [JOINED.nodeRef, undefined]) {
      const status: DeviceStatus = { phase: 'Replaced', ...hardware('S1'), join };
      index.setDevice(device(DEVICE_ID, nodeRef === undefined ? status : { ...status, nodeRef }, CARD));
      const rows = [...index.ids()].flatMap((id) => index.view(id) ?? []);
      expect(findDevice(rows, 'lathe-left').id).toBe(OTHER_ID);
      expect(index.view(DEVICE_ID)?.nodeName).toBe(nodeRef?.name);
    }
  });

  it('and the node of that name is the successor’s, once it says so', () => {
    const index = new RowIndex();
    const join = { schema: 1, state: 'replaced', attempt: 1, since: '2026-01-02T00:00:00Z', nodeName: 'lathe-left' };
    index.setDevice(device(DEVICE_ID, { phase: 'Replaced', join: { ...join, schema: 1 } }, CARD));
    const nodeOf = (owner: string): Node => ({
      ...{ apiVersion: NODE.apiVersion, kind: NODE.kind },
      metadata: { name: 'lathe-left', annotations: { 'usher.internal/device': owner } },
    });
    index.setNode(nodeOf(DEVICE_ID));
    expect(index.view(DEVICE_ID)?.waitsFor).toContain('waits for the pods of node lathe-left to leave');
    index.setNode(nodeOf(OTHER_ID));
    expect(index.view(DEVICE_ID)?.waitsFor).toContain('replaced by another device');
  });

  it('at little cost, however many show one card', () => {
    const index = new RowIndex();
    index.setDevice(joined());
    let touched = 0;
    for (let i = 0; i < 2000; i += 1) {
      const id = `n${String(i).padStart(25, '0')}`;
      touched += index.setCandidate({ ...candidate(id, { refusal: used('aaaaaaaaaa') }) }).size;
    }
    expect(touched).toBeLessThanOrEqual(3 * 2000);
    expect(index.view(DEVICE_ID)?.offeredBy).toHaveLength(16);
  });
});

/** An alarm book in memory. */
class FakeAlarms implements Pick<AlarmBook, 'list' | 'acknowledge' | 'onChange'> {
  readonly #alarms = new Map<string, Alarm>();
  readonly #handlers = new Set<() => void>();

  raise(id: string): void {
    const { code, message, remedy } = used('aaaaaaaaaa');
    this.#alarms.set(id, { id, code, message, remedy, since: '2026-01-01T00:00:00Z', device: OTHER_ID, occasion: 'x' });
    for (const handler of this.#handlers) handler();
  }

  list(): Alarm[] {
    return [...this.#alarms.values()];
  }

  acknowledge(id: string): Promise<boolean> {
    const isThere = this.#alarms.delete(id);
    for (const handler of this.#handlers) handler();
    return Promise.resolve(isThere);
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }
}

const alarms = new FakeAlarms();
let api: ApiFixture;
beforeEach(async () => {
  api = await new ApiFixture().start({ alarms, k3sDataDir: '/data', cli: { k3s: '/opt/k3s' } });
});
afterEach(() => api.stop());

const get = (path: string): Promise<Reply> => api.call(path, { headers: api.bearer });
const send = (method: string, path: string, body?: unknown): Promise<Reply> =>
  api.call(path, { method, headers: api.bearer, body });

async function put(id: string, status: DeviceStatus = {}, spec: Partial<Device['spec']> = {}): Promise<void> {
  const wanted = device(id, status, spec);
  await api.kube.create(DEVICE, wanted);
  await api.kube.mergePatch(DEVICE, { name: id }, { status: wanted.status }, 'status');
}

async function putJoined(): Promise<void> {
  const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
  const node = await api.kube.create(NODE, {
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'lathe-left' } },
    status: ready,
  });
  const made = await api.kube.create(
    DEVICE_CLAIM,
    claim('lathe-left', { match: { serial: 'S1' }, labels: { a: '1' } }),
  );
  const uid = made.metadata.uid ?? '';
  const status = { deviceRef: { name: DEVICE_ID, uid: 'd' } };
  await api.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-left' }, { status }, 'status');
  const nodeRef = { name: 'lathe-left', uid: node.metadata.uid ?? '' };
  await put(DEVICE_ID, { ...JOINED, ...hardware('S1'), claimRef: { name: 'lathe-left', uid }, nodeRef }, CARD);
}

describe('confirming a replacement', () => {
  const replace = (old: string, body: object): Promise<Reply> =>
    send('POST', `/api/v1/devices/${old}/replacement`, body);

  it('is one change of one claim, although others write at the same time; again is no change', async () => {
    await putJoined();
    api.candidates.arrive(OTHER_ID, { refusal: used('aaaaaaaaaa') });
    api.kube.failNext('replace', 'KUBE_CONFLICT', { times: 3 });
    const reply = await replace('lathe-left', { with: 'k4t7z9' });
    expect([reply.status, (reply.body as DeviceView).id]).toEqual([200, OTHER_ID]);
    expect((reply.body as DeviceView).claim).toBe('lathe-left');
    const spec = { match: { device: OTHER_ID }, labels: { a: '1' }, replaces: DEVICE_ID };
    expect((await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' }))?.spec).toEqual(spec);
    expect((await replace(DEVICE_ID, { with: OTHER_ID })).status).toBe(200);
    expect((await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' }))?.spec).toEqual(spec);
    expect((await get('/api/v1/claims/lathe-left')).body).toMatchObject({ replaces: DEVICE_ID });
  });

  it('is refused with the reason when it cannot become true', async () => {
    await putJoined();
    await put(OTHER_ID, hardware('S1'), OTHER_CARD);
    await put(THIRD_ID, { phase: 'Revoked', ...hardware('S3') }, { decision: 'Revoked' });
    api.candidates.arrive('nnevd0c0ffee00000000000000');
    api.sightings.see('dc:a6:32:00:00:01');
    const refused = async (old: string, body: object): Promise<string | undefined> => codeOf(await replace(old, body));
    expect(await refused('zzz', { with: OTHER_ID })).toBe('DEVICE_UNKNOWN');
    expect(await refused(DEVICE_ID, { with: 'zzz' })).toBe('DEVICE_UNKNOWN');
    expect(await refused(DEVICE_ID, {})).toBe('REQUEST_INVALID');
    expect(await refused(DEVICE_ID, { with: DEVICE_ID })).toBe('CLAIM_INVALID');
    expect(await refused(DEVICE_ID, { with: THIRD_ID })).toBe('DEVICE_REVOKED');
    expect(await refused(DEVICE_ID, { with: 'nnevd0' })).toBe('EVIDENCE_MISSING');
    expect(await refused(DEVICE_ID, { with: 'dc:a6:32:00:00:01' })).toBe('DEVICE_WITHOUT_KEY');
    expect(await refused(THIRD_ID, { with: OTHER_ID })).toBe('NODE_NAME_TAKEN');
    expect(await refused(OTHER_ID, { with: DEVICE_ID })).toBe('REPLACE_UNCLAIMED');
    await send('POST', '/api/v1/claims', { name: 'tank', device: OTHER_ID });
    expect(await refused(DEVICE_ID, { with: OTHER_ID })).toBe('DEVICE_CLAIMED');
  });

  it('is the same by PATCH, as GitOps would do it, and is taken back by it', async () => {
    await putJoined();
    const change = { match: { device: OTHER_ID }, replaces: 'lathe-left' };
    const changed = await send('PATCH', '/api/v1/claims/lathe-left', change);
    expect(changed.body).toMatchObject({ match: { device: OTHER_ID }, replaces: DEVICE_ID });
    const back = await send('PATCH', '/api/v1/claims/lathe-left', { match: { serial: 'S1' }, replaces: null });
    expect(back.body).not.toHaveProperty('replaces');
  });
});

describe('revoking', () => {
  it('is preceded by what it stops, and what it leaves', async () => {
    await putJoined();
    const pod: Pod = {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: {
        ...{ name: 'dashboard-1', namespace: 'site' },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'dashboard', uid: 'u', controller: true }],
      },
      spec: { nodeName: 'lathe-left', volumes: [{ name: 'tls', secret: { secretName: 'kafka-tls' } }] },
    };
    await api.kube.create(POD, pod);
    const view = (await get('/api/v1/devices/lathe-left/revocation')).body as RevocationView;
    expect(view).toMatchObject({
      ...{ device: DEVICE_ID, nodeName: 'lathe-left' },
      pods: [{ namespace: 'site', name: 'dashboard-1', owner: 'ReplicaSet/dashboard', movable: true }],
      secrets: [{ namespace: 'site', name: 'kafka-tls' }],
    });
    const words = view.afterwards.join(' ');
    for (const said of ['list', 'CA of the cluster', 'refuses to make a node', 'next check-in', 'Secret']) {
      expect(words).toContain(said);
    }
  });

  it('promises nothing about a certificate that a device never had', async () => {
    await put(OTHER_ID);
    const view = (await get(`/api/v1/devices/${OTHER_ID}/revocation`)).body as RevocationView;
    expect(view).toMatchObject({ pods: [], secrets: [], afterwards: [expect.stringContaining('never had a ticket')] });
    expect(view).not.toHaveProperty('nodeName');
    api.sightings.see('dc:a6:32:00:00:01');
    expect(codeOf(await get('/api/v1/devices/dc:a6:32:00:00:01/revocation'))).toBe('DEVICE_WITHOUT_KEY');
  });
});

describe("the cluster's CA", () => {
  it('is dated, with those who hold a certificate of it and should not, and a guide', async () => {
    api.kube.raw.set('/cacerts', CLUSTER_CA_PEM);
    const revoked = (since: string, nodeName?: string): DeviceStatus => ({
      phase: 'Revoked',
      hardware: { macs: [] },
      join: { schema: 1, state: 'revoked', attempt: 1, since, ...(nodeName === undefined ? {} : { nodeName }) },
    });
    await put(DEVICE_ID, revoked('2026-05-02T00:00:00Z', 'lathe-left'), { decision: 'Revoked' });
    await put(OTHER_ID, revoked('2026-04-30T00:00:00Z', 'before-the-ca'), { decision: 'Revoked' });
    await put(THIRD_ID, revoked('2026-05-02T00:00:00Z'), { decision: 'Revoked' });
    const view = (await get('/api/v1/cluster-ca')).body as ClusterCaView;
    expect(view).toMatchObject({ notBefore: '2026-05-01T00:00:00.000Z', notAfter: '2036-04-28T00:00:00.000Z' });
    expect(view.revoked).toEqual([{ device: DEVICE_ID, nodeName: 'lathe-left' }]);
    const commands = view.steps.flatMap(({ command }) => command ?? []);
    expect(commands).toContainEqual('/opt/k3s certificate rotate-ca --data-dir /data --path FOLDER_WITH_THE_NEW_CAS');
    expect(commands).toContainEqual('usher kubectl delete node NAME');
  });

  it('says so when the cluster answers something else', async () => {
    api.kube.raw.set('/cacerts', 'nothing');
    expect(codeOf(await get('/api/v1/cluster-ca'))).toBe('KUBE_FAILED');
  });
});

describe('alarms', () => {
  it('are listed, streamed and acknowledged', async () => {
    alarms.raise('TOKEN_USED.a');
    const { items } = (await get('/api/v1/alarms')).body as { items: AlarmView[] };
    expect(items).toEqual([
      {
        ...{ id: 'TOKEN_USED.a', code: 'TOKEN_USED', since: '2026-01-01T00:00:00Z', device: OTHER_ID },
        ...{ message: used('aaaaaaaaaa').message, remedy: used('aaaaaaaaaa').remedy },
      },
    ]);
    const listening = streamed(3);
    expect((await send('DELETE', '/api/v1/alarms/nothing')).status).toBe(404);
    await expect.poll(async () => (await listening.first)[1]).toEqual({ type: 'alarms', items });
    expect((await send('DELETE', '/api/v1/alarms/TOKEN_USED.a')).status).toBe(204);
    expect((await listening.all).at(-1)).toEqual({ type: 'alarms', items: [] });
    expect((await get('/api/v1/alarms')).body).toEqual({ items: [] });
  });
});

/** The first two, and the first `count`, events of a new stream, apart from those of the site and its services. */
function streamed(count: number): { first: Promise<LiveEvent[]>; all: Promise<LiveEvent[]> } {
  const first = Promise.withResolvers<LiveEvent[]>();
  const read = async (): Promise<LiveEvent[]> => {
    const { ApiClient } = await import('../../../api/client/api-client.ts');
    const { findAppliance } = await import('../../../api/client/find-appliance.ts');
    const client = new ApiClient(findAppliance({ tokenFile: api.cliFile, env: {} }));
    const seen: LiveEvent[] = [];
    try {
      for await (const { event } of client.events(AbortSignal.timeout(8000))) {
        if (event.type !== 'site' && event.type !== 'services') seen.push(event);
        if (seen.length === 2) first.resolve([...seen]);
        if (seen.length === count) break;
      }
      return seen;
    } finally {
      client.close();
    }
  };
  return { first: first.promise, all: read() };
}
