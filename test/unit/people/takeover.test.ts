import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AuditEntry } from '../../../api/core/schemas.ts';
import { LEASE, TAKEOVER_BY_ANNOTATION } from '../../../k8s/core/sensor-service/lease.ts';
import { ApiFixture, codeOf, type Reply } from '../../support/api-fixture.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { putLeases, SampleServices } from '../../support/sample-services.ts';

const PASSWORD = 'copper-lantern-walks-slowly';
const FRESH_MS = 10 * 60_000;
type Headers = Record<string, string>;

let api: ApiFixture;
let clock: ManualClock;
beforeEach(async () => {
  clock = new ManualClock(Date.now());
  api = await new ApiFixture().start({ clock, services: new SampleServices() });
  await putLeases(api.kube);
});
afterEach(() => api.stop());

const post = (path: string, body: unknown, headers: Headers): Promise<Reply> =>
  api.call(`/api/v1${path}`, { method: 'POST', headers, body });
const takeOver = (headers: Headers): Promise<Reply> =>
  post('/services/hall/valve/units/right/takeover', { to: 'pi-d', vouched: true, epoch: 7 }, headers);
const word = async (): Promise<string | undefined> =>
  (await api.kube.get(LEASE, { name: 'valve.right', namespace: 'hall' }))?.metadata.annotations?.[
    TAKEOVER_BY_ANNOTATION
  ];
const personOf = async (role: string): Promise<Headers> => {
  await post('/users', { name: role, role, password: PASSWORD }, api.bearer);
  return api.signIn({ name: role, password: PASSWORD });
};

it('is vouched for by an admin who signed in a moment ago, whose name is in the audit log', async () => {
  const admin = await personOf('admin');
  clock.advance(FRESH_MS + 1);
  const old = await takeOver(admin);
  expect([old.status, codeOf(old), await word()]).toEqual([403, 'FRESH_SIGN_IN_NEEDED', undefined]);
  const fresh = await takeOver(await api.signIn({ name: 'admin', password: PASSWORD }));
  expect([fresh.status, await word()]).toEqual([202, 'pi-d@7']);
  const { body } = await api.call('/api/v1/audit?action=takeOverUnit', { headers: api.bearer });
  const [entry] = (body as { items: AuditEntry[] }).items;
  expect(entry).toMatchObject({
    ...{ actor: { id: 'admin' }, result: 'ok', target: 'hall/valve unit right' },
    ...{ from: 'pi-c@7', to: 'pi-d' },
  });
});

it('is not vouched for by a claimer, nor by the token of an admin’s program', async () => {
  const claimer = await takeOver(await personOf('claimer'));
  expect([codeOf(claimer), await word()]).toEqual(['ROLE_NEEDED', undefined]);
  const made = await post('/api-tokens', { name: 'program', role: 'admin', expiresInSec: 3600 }, api.bearer);
  const { token } = made.body as { token: string };
  const program = await takeOver({ authorization: `Bearer ${token}` });
  expect([program.status, codeOf(program), await word()]).toEqual([403, 'PERSON_NEEDED', undefined]);
});
