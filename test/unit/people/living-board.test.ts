import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ManifestPreview } from '../../../api/core/schemas.ts';
import { DEVICE, DEVICE_CLAIM, type DeviceClaim, type DeviceStatus } from '../../../k8s/core/resources.ts';
import { ApiFixture, codeOf, device, DEVICE_ID, OTHER_ID, type Reply } from '../../support/api-fixture.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const PASSWORD = 'copper-lantern-walks-slowly';
const SPEC = { match: { device: OTHER_ID }, replaces: DEVICE_ID };

let api: ApiFixture;
let clock: ManualClock;
beforeEach(async () => {
  clock = new ManualClock(Date.now());
  api = await new ApiFixture().start({ clock });
});
afterEach(() => api.stop());

/** A board that is bound to the claim `lathe-left`, its node Ready or not, and one that could take its place. */
async function boards(ready: 'True' | 'False'): Promise<void> {
  const since = '2026-01-01T00:00:00Z';
  const condition = { type: 'NodeReady', status: ready, reason: 'x', message: 'x', lastTransitionTime: since } as const;
  const status: DeviceStatus = {
    phase: 'Ready',
    claimRef: { name: 'lathe-left', uid: 'uid-1' },
    nodeRef: { name: 'lathe-left', uid: 'uid-2' },
    conditions: [condition],
    hardware: { macs: [], serial: 'S1', arch: 'arm64' },
  };
  const other: DeviceStatus = { phase: 'Pending', hardware: { macs: [], serial: 'S2', arch: 'arm64' } };
  for (const [name, said] of [
    [DEVICE_ID, status],
    [OTHER_ID, other],
  ] as const) {
    await api.kube.create(DEVICE, device(name));
    await api.kube.mergePatch(DEVICE, { name }, { status: said }, 'status');
  }
  const claim: DeviceClaim = {
    ...{ apiVersion: DEVICE_CLAIM.apiVersion, kind: DEVICE_CLAIM.kind, metadata: { name: 'lathe-left' } },
    spec: { match: { serial: 'S1' } },
  };
  await api.kube.create(DEVICE_CLAIM, claim);
  const bound = { deviceRef: { name: DEVICE_ID, uid: 'uid-3' } };
  await api.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-left' }, { status: bound }, 'status');
}

const send = (method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Reply> =>
  api.call(`/api/v1${path}`, { method, body, headers });
const personOf = async (role: string): Promise<Record<string, string>> => {
  await send('POST', '/users', { name: role, role, password: PASSWORD }, api.bearer);
  return api.signIn({ name: role, password: PASSWORD });
};
const importFile = async (headers: Record<string, string>): Promise<Reply> => {
  const spec = `{match: {device: ${OTHER_ID}}, replaces: ${DEVICE_ID}}`;
  const text = `apiVersion: ${DEVICE_CLAIM.apiVersion}\nkind: DeviceClaim\nmetadata: {name: lathe-left}\nspec: ${spec}\n`;
  const preview = await send('POST', '/claims/preview', { format: 'yaml', text }, headers);
  const { digest, rows } = preview.body as ManifestPreview;
  expect(rows).toMatchObject([{ outcome: 'changed' }]);
  return send('POST', '/claims/import', { format: 'yaml', text, digest, take: 'all' }, headers);
};
const WAYS: [string, (headers: Record<string, string>) => Promise<Reply>][] = [
  ['the word for it', (headers) => send('POST', `/devices/${DEVICE_ID}/replacement`, { with: OTHER_ID }, headers)],
  ['a change of the claim', (headers) => send('PATCH', '/claims/lathe-left', SPEC, headers)],
  ['a claim of another name', (headers) => send('POST', '/claims', { name: 'other', ...SPEC }, headers)],
  ['a file', importFile],
];
const replaced = async (): Promise<boolean> =>
  (await api.kube.list(DEVICE_CLAIM)).some(({ spec }) => spec.replaces !== undefined);

describe.each(WAYS)('the place of a board, given away by %s', (_way, give) => {
  it('is not a claimer’s to give while its node is Ready', async () => {
    await boards('True');
    const reply = await give(await personOf('claimer'));
    expect([reply.status, codeOf(reply), await replaced()]).toEqual([403, 'ROLE_NEEDED_TO_REPLACE', false]);
  });

  it('is when its node is not Ready', async () => {
    await boards('False');
    expect([(await give(await personOf('claimer'))).status < 300, await replaced()]).toEqual([true, true]);
  });

  it('is an admin’s who signed in a moment ago', async () => {
    await boards('True');
    const admin = await personOf('admin');
    clock.advance(10 * 60_000 + 1);
    expect([codeOf(await give(admin)), await replaced()]).toEqual(['FRESH_SIGN_IN_NEEDED', false]);
    const fresh = await api.signIn({ name: 'admin', password: PASSWORD });
    expect([(await give(fresh)).status < 300, await replaced()]).toEqual([true, true]);
  });
});

it('a claim that gave it away before the board came back cannot be turned to another newcomer', async () => {
  await boards('True');
  await api.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-left' }, { spec: { ...SPEC, match: { serial: 'S3' } } });
  const claimer = await personOf('claimer');
  const turned = await send('PATCH', '/claims/lathe-left', { match: { device: OTHER_ID } }, claimer);
  expect(codeOf(turned)).toBe('ROLE_NEEDED_TO_REPLACE');
  // Taking it back, and all that has nothing to do with it, stays a claimer's.
  for (const body of [{ labels: { a: '1' } }, { replaces: null }]) {
    expect((await send('PATCH', '/claims/lathe-left', body, claimer)).status).toBe(200);
  }
});
