import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { operations } from '../../../api/client/generated.ts';
import type {
  CreatedApiToken,
  CreatedToken,
  DeviceView,
  ManifestPreview,
  PasskeyView,
} from '../../../api/core/schemas.ts';
import { CATALOGUE } from '../../../foundation/error-catalogue.ts';
import { DEVICE, DEVICE_CLAIM } from '../../../k8s/core/resources.ts';
import { ApiContract, type Operation } from '../../support/api-contract.ts';
import { ApiFixture, device, DEVICE_ID, MAC, OTHER_ID, type Reply } from '../../support/api-fixture.ts';
import { CLUSTER_CA_PEM } from '../../support/cluster-ca.ts';
import { recordRoutes, type RecordedRoute } from '../../support/recorded-routes.ts';
import { putLeases, SampleServices } from '../../support/sample-services.ts';
import { alarms, approvalRules } from '../../support/settled-parts.ts';
import { SoftwareAuthenticator } from '../../support/software-authenticator.ts';
import { serviceWalks } from './service-walks.ts';

// Every operation of the document on the real application: its success and one of its errors are as documented. An
// operation that is not walked here does not compile.

type Headers = Record<string, string>;
interface Walk {
  /** A success, or the test that shows it where it needs more than this application. */
  done: (() => Promise<Reply>) | { shownBy: string };
  refused: () => Promise<Reply>;
}

const contract = new ApiContract();
const api = new ApiFixture();
const PASSWORD = 'copper-lantern-walks-slowly';
const PLACE = { host: 'usher.local', origin: 'https://usher.local' };
let routes: RecordedRoute[] = [];
let names = 0;

const as = (method: string, path: string, body?: unknown, headers: Headers = api.bearer): Promise<Reply> =>
  api.call(`/api/v1${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
const get = (path: string, headers?: Headers): Promise<Reply> => as('GET', path, undefined, headers);
const post = (path: string, body?: unknown, headers?: Headers): Promise<Reply> => as('POST', path, body, headers);
const remove = (path: string, headers?: Headers): Promise<Reply> => as('DELETE', path, undefined, headers);
const fresh = (): string => `walk-${String((names += 1))}`;

const NEW_RULE = { name: 'greenhouse', tokenId: 'batch1', nameTemplate: 'gh-{n:2}', labels: { zone: 'a' } };
beforeAll(async () => {
  const identifyWays = { agent: { isListening: () => true, show: () => Promise.resolve(true) } };
  const options = { alarms, approvalRules, services: new SampleServices() };
  const ways = { ...identifyWays, node: { show: () => Promise.resolve(true) } };
  ({ routes } = await recordRoutes(() => api.start({ ...options, identifyWays: ways })));
  api.kube.raw.set('/cacerts', CLUSTER_CA_PEM);
  await putLeases(api.kube);
  api.sightings.see(MAC, { ip: '10.0.0.5' });
  await putDevice(DEVICE_ID);
  api.candidates.arrive(OTHER_ID);
});
afterAll(() => api.stop());

async function putDevice(id: string): Promise<void> {
  const wanted = device(id);
  await api.kube.create(DEVICE, wanted);
  await api.kube.mergePatch(DEVICE, { name: id }, { status: wanted.status }, 'status');
}
async function newClaim(): Promise<string> {
  const name = fresh();
  await post('/claims', { name, match: { serial: name } });
  return name;
}
async function newUser(): Promise<{ name: string; headers: Headers }> {
  const name = fresh();
  await post('/users', { name, role: 'claimer', password: PASSWORD });
  return { name, headers: { ...(await api.signIn({ name, password: PASSWORD })), ...PLACE } };
}
async function newPasskey(): Promise<{ made: Reply; headers: Headers; key: SoftwareAuthenticator }> {
  const { headers } = await newUser();
  const key = new SoftwareAuthenticator();
  const { challenge } = (await post('/passkeys/options', undefined, headers)).body as { challenge: string };
  return {
    made: await post('/passkeys', { name: 'phone', response: key.create(challenge, PLACE) }, headers),
    headers,
    key,
  };
}
const file = (name: string): object => ({ format: 'csv', text: `name,serial\n${name},${name}\n` });

const elsewhere = (shownBy: string): Walk['done'] => ({ shownBy });
const stranger = (method: string, path: string) => (): Promise<Reply> => as(method, path, undefined, {});
const unknown = (method: string, path: string, body?: unknown) => (): Promise<Reply> => as(method, path, body);

const WALKS: Record<keyof operations, Walk> = {
  getOpenApi: {
    done: () => get('/openapi.json', {}),
    refused: () => get('/openapi.json', { host: 'evil.example' }),
  },
  getSession: { done: () => get('/session'), refused: () => get('/session', { host: 'evil.example' }) },
  signIn: {
    done: () => post('/session', { code: api.server.newSignInCode().code.reveal() }, {}),
    refused: () => post('/session', { code: 'wrong' }, {}),
  },
  signOut: { done: async () => remove('/session', await api.signIn()), refused: stranger('DELETE', '/session') },
  getPasskeyRequestOptions: {
    done: () => post('/session/passkey/options', undefined, PLACE),
    refused: () => post('/session/passkey/options', undefined, {}),
  },
  signInByPasskey: {
    done: async () => {
      const { key } = await newPasskey();
      const { challenge } = (await post('/session/passkey/options', undefined, PLACE)).body as { challenge: string };
      return post('/session/passkey', { response: key.get(challenge, PLACE) }, PLACE);
    },
    refused: () => post('/session/passkey', { response: new SoftwareAuthenticator().get('x', PLACE) }, PLACE),
  },
  beginOidcSignIn: { done: elsewhere('test/unit/people/oidc.test.ts'), refused: () => get('/session/oidc', {}) },
  signInByOidc: { done: elsewhere('test/unit/people/oidc.test.ts'), refused: () => get('/session/oidc/callback', {}) },
  listSessions: { done: async () => get('/sessions', await api.signIn()), refused: stranger('GET', '/sessions') },
  endSession: {
    done: async () => {
      const headers = await api.signIn();
      const { items } = (await get('/sessions', headers)).body as { items: { id: string; current: boolean }[] };
      return remove(`/sessions/${items.find(({ current }) => current)?.id ?? ''}`, headers);
    },
    refused: unknown('DELETE', '/sessions/unknown'),
  },
  createSignInCode: {
    done: () => post('/sign-in-codes', {}),
    refused: async () => post('/sign-in-codes', {}, await api.signIn()),
  },
  listUsers: { done: () => get('/users'), refused: stranger('GET', '/users') },
  createUser: {
    done: () => post('/users', { name: fresh(), role: 'viewer', password: PASSWORD }),
    refused: () => post('/users', { name: 'console', role: 'viewer', password: PASSWORD }),
  },
  changeUser: {
    done: async () => as('PATCH', `/users/${(await newUser()).name}`, { role: 'viewer' }),
    refused: unknown('PATCH', '/users/unknown', { role: 'viewer' }),
  },
  removeUser: {
    done: async () => remove(`/users/${(await newUser()).name}`),
    refused: unknown('DELETE', '/users/unknown'),
  },
  changeOwnPassword: {
    done: async () =>
      post('/own-password', { present: PASSWORD, next: 'seven herons above the mill' }, (await newUser()).headers),
    refused: async () => post('/own-password', { present: 'wrong', next: PASSWORD }, (await newUser()).headers),
  },
  listPasskeys: { done: async () => get('/passkeys', (await newUser()).headers), refused: unknown('GET', '/passkeys') },
  addPasskey: {
    done: async () => (await newPasskey()).made,
    refused: async () =>
      post(
        '/passkeys',
        { name: 'x', response: new SoftwareAuthenticator().create('x', PLACE) },
        (await newUser()).headers,
      ),
  },
  getPasskeyCreationOptions: {
    done: async () => post('/passkeys/options', undefined, (await newUser()).headers),
    refused: () => post('/passkeys/options', undefined, { ...api.bearer, ...PLACE }),
  },
  removePasskey: {
    done: async () => {
      const { made, headers } = await newPasskey();
      return remove(`/passkeys/${(made.body as PasskeyView).id}`, headers);
    },
    refused: async () => remove('/passkeys/unknown', (await newUser()).headers),
  },
  listApiTokens: { done: () => get('/api-tokens'), refused: stranger('GET', '/api-tokens') },
  createApiToken: {
    done: () => post('/api-tokens', { name: fresh(), role: 'viewer' }),
    refused: unknown('POST', '/api-tokens', { name: 7 }),
  },
  revokeApiToken: {
    done: async () => {
      const { view } = (await post('/api-tokens', { name: fresh(), role: 'viewer' })).body as CreatedApiToken;
      return remove(`/api-tokens/${view.id}`);
    },
    refused: unknown('DELETE', '/api-tokens/unknown'),
  },
  listAudit: { done: () => get('/audit?limit=5'), refused: unknown('GET', '/audit?limit=none') },
  verifyAudit: { done: () => get('/audit/verification'), refused: stranger('GET', '/audit/verification') },
  exportAudit: { done: () => get('/audit/export'), refused: stranger('GET', '/audit/export') },
  getSite: { done: () => get('/site'), refused: stranger('GET', '/site') },
  followEvents: { done: elsewhere('test/unit/api/events.test.ts'), refused: stranger('GET', '/events') },
  listAlarms: { done: () => get('/alarms'), refused: stranger('GET', '/alarms') },
  dismissAlarm: { done: () => remove('/alarms/one'), refused: unknown('DELETE', '/alarms/unknown') },
  getClusterCa: { done: () => get('/cluster-ca'), refused: stranger('GET', '/cluster-ca') },
  listDevices: { done: () => get('/devices?limit=1'), refused: unknown('GET', '/devices?limit=0') },
  getDevice: { done: () => get('/devices/k4t7m2'), refused: unknown('GET', '/devices/unknown') },
  getStory: { done: () => get('/devices/k4t7m2/story'), refused: unknown('GET', '/devices/unknown/story') },
  replaceDevice: {
    done: async () => {
      const [old, newcomer] = ['aaaa0000000000000000000001', 'bbbb0000000000000000000001'];
      await putDevice(old);
      await putDevice(newcomer);
      await post('/claims', { name: fresh(), device: old });
      return post(`/devices/${old}/replacement`, { with: newcomer });
    },
    refused: unknown('POST', `/devices/${DEVICE_ID}/replacement`, { with: 'unknown' }),
  },
  previewRevocation: {
    done: () => get(`/devices/${DEVICE_ID}/revocation`),
    refused: unknown('GET', '/devices/unknown/revocation'),
  },
  decideDevice: {
    done: () => post(`/devices/${OTHER_ID}/decision`, { decision: 'Ignored' }),
    refused: () =>
      post(`/devices/${DEVICE_ID}/decision`, { decision: 'Ignored' }, { ...api.bearer, 'if-match': '"old"' }),
  },
  identifyDevice: {
    done: () => post(`/devices/${DEVICE_ID}/identify`, {}),
    refused: unknown('POST', '/devices/unknown/identify', {}),
  },
  printLabels: {
    done: () => post('/label-sheets', { items: [{ device: DEVICE_ID }], format: 'svg', paper: 'A4' }),
    refused: unknown('POST', '/label-sheets', { items: [{ claim: 'unknown' }], format: 'pdf', paper: 'A4' }),
  },
  listClaims: { done: () => get('/claims'), refused: unknown('GET', '/claims?cursor=%FF%FE') },
  createClaim: {
    done: () => post('/claims', { name: fresh(), match: { serial: 's' } }),
    refused: async () => post('/claims', { name: fresh(), device: DEVICE_ID }, await api.signIn()),
  },
  getClaim: { done: async () => get(`/claims/${await newClaim()}`), refused: unknown('GET', '/claims/unknown') },
  changeClaim: {
    done: async () => as('PATCH', `/claims/${await newClaim()}`, { labels: { a: '1' } }),
    refused: unknown('PATCH', '/claims/unknown', {}),
  },
  deleteClaim: {
    done: async () => remove(`/claims/${await newClaim()}`),
    refused: unknown('DELETE', '/claims/unknown'),
  },
  enterClaimCode: {
    done: () => post('/claim-codes', { code: 'K7QF-2M9X-TR4C-8WHD', device: OTHER_ID }),
    refused: unknown('POST', '/claim-codes', { code: 'K7QF' }),
  },
  getClaimCode: {
    done: async () => {
      await post('/claim-codes', { code: 'K7QF-2M9X-TR4C-8WHD', device: OTHER_ID });
      return get(`/claim-codes/${OTHER_ID}`);
    },
    refused: unknown('GET', `/claim-codes/${DEVICE_ID}`),
  },
  previewClaims: {
    done: () => post('/claims/preview', file(fresh())),
    refused: unknown('POST', '/claims/preview', { format: 'csv', text: 'colour\nred\n' }),
  },
  importClaims: {
    done: async () => {
      const wanted = file(fresh());
      const { digest } = (await post('/claims/preview', wanted)).body as ManifestPreview;
      return post('/claims/import', { ...wanted, digest, take: 'all' });
    },
    refused: () => post('/claims/import', { ...file(fresh()), digest: '0'.repeat(64), take: 'all' }),
  },
  exportClaims: { done: () => get('/claims/export?format=yaml'), refused: stranger('GET', '/claims/export') },
  listApprovalRules: { done: () => get('/approval-rules'), refused: stranger('GET', '/approval-rules') },
  createApprovalRule: {
    done: () => post('/approval-rules', NEW_RULE),
    refused: unknown('POST', '/approval-rules', { name: 7 }),
  },
  previewApprovalRule: {
    done: () => post('/approval-rules/preview', NEW_RULE),
    refused: unknown('POST', '/approval-rules/preview', {}),
  },
  changeApprovalRule: {
    done: () => as('PATCH', '/approval-rules/greenhouse', { isOn: true }),
    refused: unknown('PATCH', '/approval-rules/greenhouse', { isOn: 'yes' }),
  },
  deleteApprovalRule: {
    done: () => remove('/approval-rules/greenhouse'),
    refused: stranger('DELETE', '/approval-rules/greenhouse'),
  },
  listOciImages: { done: () => get('/oci/images'), refused: stranger('GET', '/oci/images') },
  loadOciImages: {
    done: () => as('POST', '/oci/images?name=usher.internal/walk:1'),
    refused: stranger('POST', '/oci/images'),
  },
  removeOciImage: {
    done: () => remove(`/oci/images/${encodeURIComponent('usher.internal/walk:1')}`),
    refused: stranger('DELETE', '/oci/images/x'),
  },
  ...serviceWalks({ get, post, stranger, unknown }),
  listEnrolTokens: { done: () => get('/enrol-tokens'), refused: unknown('GET', '/enrol-tokens?limit=x') },
  createEnrolToken: {
    done: () => post('/enrol-tokens', { kind: 'batch', uses: 3 }),
    refused: unknown('POST', '/enrol-tokens', { kind: 'card', uses: 2 }),
  },
  revokeEnrolToken: {
    done: async () => {
      const { view } = (await post('/enrol-tokens', { kind: 'batch' })).body as CreatedToken;
      return remove(`/enrol-tokens/${view.tokenId}`);
    },
    refused: unknown('DELETE', '/enrol-tokens/unknown'),
  },
  getPageCertificate: { done: () => get('/page-certificate'), refused: stranger('GET', '/page-certificate') },
};

it('the document names every path that the server has, and no other', async () => {
  const nameOf = ({ method, path }: RecordedRoute): string => `${method.toUpperCase()} ${path}`;
  const served = routes.filter(({ path }) => path.startsWith('/api/')).map(nameOf);
  expect([...new Set(served)].sort()).toEqual(contract.operations.map(nameOf).sort());
  expect((await get('/openapi.json')).body).toMatchObject({ openapi: '3.1.1' });
});

describe.each(contract.operations.map((operation): [string, Operation] => [operation.operationId, operation]))(
  '%s',
  (id, operation) => {
    const walk = WALKS[id as keyof operations];

    it('succeeds as documented', async () => {
      const { done } = walk;
      if (typeof done !== 'function') expect(existsSync(done.shownBy)).toBe(true);
      else expect(contract.successProblem(operation, await done())).toBeUndefined();
    });

    it('is refused as documented', async () => {
      expect(contract.errorProblem(operation, await walk.refused())).toBeUndefined();
      for (const code of operation['x-usher-errors']) expect(Object.keys(CATALOGUE)).toContain(code);
    });

    it('has examples that are as their schemas have it', () => {
      const bodies = Object.entries(operation.responses).filter(([status]) => status !== 'default');
      const contents = [operation.requestBody?.content, ...bodies.map(([, { content }]) => content)];
      for (const content of contents) {
        const media = content?.['application/json'];
        if (media === undefined) continue;
        expect(media.example, 'an example').toBeDefined();
        expect(contract.problemOf(media.schema, media.example)).toBeUndefined();
      }
    });
  },
);

describe('If-Match', () => {
  it('keeps a browser from claiming another device than it saw', async () => {
    const id = 'cccc0000000000000000000001';
    await putDevice(id);
    const seen = await get(`/devices/${id}`);
    const { version = '' } = seen.body as DeviceView;
    expect(seen.headers['etag']).toBe(`"${version}"`);
    const browser = await api.signIn();
    const claim = (headers: Headers): Promise<Reply> =>
      post('/claims', { name: 'swapped', device: id }, { ...browser, ...headers });
    expect((await claim({})).status).toBe(428);
    await api.kube.mergePatch(
      DEVICE,
      { name: id },
      { status: { hardware: { macs: [MAC], serial: 'another' } } },
      'status',
    );
    await expect.poll(async () => ((await get(`/devices/${id}`)).body as DeviceView).serial).toBe('another');
    expect((await claim({ 'if-match': `"${version}"` })).status).toBe(412);
    const { version: now = '' } = (await get(`/devices/${id}`)).body as DeviceView;
    expect((await claim({ 'if-match': `"old", "${now}"` })).status).toBe(201);
  });

  it('holds changes of a claim to what was seen; a change of its status does not count', async () => {
    const name = await newClaim();
    const etag = String((await get(`/claims/${name}`)).headers['etag']);
    await api.kube.mergePatch(DEVICE_CLAIM, { name }, { status: { phase: 'Waiting' } }, 'status');
    const change = (): Promise<Reply> =>
      as('PATCH', `/claims/${name}`, { labels: { a: name } }, { ...api.bearer, 'if-match': etag });
    expect((await change()).status).toBe(200);
    expect((await change()).status).toBe(412);
    expect((await remove(`/claims/${name}`, { ...api.bearer, 'if-match': etag })).status).toBe(412);
    expect((await remove(`/claims/${name}`, { ...api.bearer, 'if-match': '*' })).status).toBe(204);
  });

  it('holds a deletion to what was seen even when somebody writes at that very moment', async () => {
    const name = await newClaim();
    const etag = String((await get(`/claims/${name}`)).headers['etag']);
    let isWritten = false;
    const { before } = api.kube;
    api.kube.before = async ({ verb }) => {
      if (verb !== 'delete' || isWritten) return;
      isWritten = true;
      await api.kube.mergePatch(DEVICE_CLAIM, { name }, { spec: { labels: { a: 'another' } } });
    };
    expect((await remove(`/claims/${name}`, { ...api.bearer, 'if-match': etag })).status).toBe(412);
    expect((await get(`/claims/${name}`)).status).toBe(200);
    api.kube.before = before;
  });
});

it('lists are given in pages that neither repeat nor lose anything', async () => {
  for (let i = 0; i < 5; i += 1) await newClaim();
  const all = ((await get('/claims')).body as { items: { name: string }[] }).items.map(({ name }) => name);
  const paged: string[] = [];
  let cursor: string | undefined;
  do {
    const reply = await get(`/claims?limit=2${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    const page = reply.body as { items: { name: string }[]; nextCursor?: string };
    expect(page.items.length).toBeLessThanOrEqual(2);
    paged.push(...page.items.map(({ name }) => name));
    // One that is gone shifts nothing.
    if (cursor === undefined) await remove(`/claims/${page.items[0]?.name ?? ''}`);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(paged).toEqual(all);
});
