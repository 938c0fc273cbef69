import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEASE, TAKEOVER_BY_ANNOTATION, YIELD_TO_ANNOTATION } from '../../../k8s/core/sensor-service/lease.ts';
import { ApiFixture } from '../../support/api-fixture.ts';
import { LIMIT_MS, runUsher, type Outcome } from '../../support/run-usher.ts';
import { SERVICE_STATES } from '../../support/sample-service-states.ts';
import { putLeases, SampleServices } from '../../support/sample-services.ts';

const api = new ApiFixture();

beforeAll(async () => {
  await api.start({ services: new SampleServices(SERVICE_STATES) });
  await putLeases(api.kube);
});
afterAll(() => api.stop());

const usher = (args: string, typed = '') => runUsher(args.split(' '), { USHER_TOKEN_FILE: api.cliFile }, { typed });
const noteOf = async (name: string, key: string): Promise<string | undefined> =>
  (await api.kube.get(LEASE, { name, namespace: 'hall' }))?.metadata.annotations?.[key];
const forget = (name: string, key: string) =>
  api.kube.mergePatch(LEASE, { name, namespace: 'hall' }, { metadata: { annotations: { [key]: null } } });

describe('usher services', { timeout: 8 * LIMIT_MS }, () => {
  it('lists where each is active, who stands by, and why one does not run', async () => {
    const { out } = await usher('services');
    expect(out).toMatch(/hall\/heat +Sensor +no +no node has machine=oven: give a claim these labels/);
    expect(out).toMatch(/hall\/vibration +Sensor +left=pi-a right=pi-c +pi-b +yes +unit right has no standby/);
    expect((await usher('services -o wide')).out).toContain('usher.internal/lathe-vibration:1');
    expect((await usher('services -o json')).out).toContain('"name": "vibration"');
  });

  it('tells of one, unit by unit, and hands a unit over', async () => {
    const { out } = await usher('service hall/vibration');
    expect(out).toMatch(/unit left: active on pi-a, epoch 4, for \d+d\n {2}pi-a {2}active\n {2}pi-b {2}standby/);
    expect(out).toContain('pi-d  not running: node pi-d has no /dev/ttyUSB0: plug it in');
    expect(out).not.toContain('hand-over');
    const back =
      'node press-2 is ready and comes before press-3: usher service hand-over hall/noise presses --to press-2';
    expect((await usher('service hall/noise')).out).toContain(`  ${back}\n`);
    expect((await usher('services')).out).toMatch(/hall\/noise +Sensor +presses=press-3 +press-2 +yes *\n/);
    expect((await usher('service hall/valve')).out).toContain('usher service take-over hall/valve right');
    for (const to of ['--to pi-b', '-o table']) {
      const done = await usher(`service hand-over hall/vibration left ${to}`);
      expect([done.code, done.out]).toEqual([0, 'unit left of hall/vibration is being handed over to pi-b\n']);
      expect(await noteOf('vibration.left', YIELD_TO_ANNOTATION)).toBe('pi-b');
      await forget('vibration.left', YIELD_TO_ANNOTATION);
    }
    const { out: json } = await usher('service hand-over hall/vibration left -o json');
    expect(JSON.parse(json)).toMatchObject({ namespace: 'hall', name: 'vibration' });
  });

  it('takes a unit from a silent holder only when its name is typed, or with --yes', async () => {
    const takeOver = (rest: string, typed = ''): Promise<Outcome> =>
      usher(`service take-over hall/valve right${rest}`, typed);
    const nobody = await takeOver('');
    expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining('pi-c and pi-d\nwill drive at once')]);
    const other = await takeOver('', 'pi-d\n');
    expect([other.code, other.err]).toEqual([2, expect.stringContaining('nothing was changed')]);
    expect(await noteOf('valve.right', TAKEOVER_BY_ANNOTATION)).toBeUndefined();
    const done = await takeOver('', 'pi-c\n');
    expect([done.code, done.out]).toEqual([0, 'unit right of hall/valve is taken over by pi-d\n']);
    expect(await noteOf('valve.right', TAKEOVER_BY_ANNOTATION)).toBe('pi-d@7');
    await forget('valve.right', TAKEOVER_BY_ANNOTATION);
    const program = await takeOver(' --to pi-d --yes -o json');
    expect([program.code, program.err, JSON.parse(program.out)]).toMatchObject([0, '', { name: 'valve' }]);
    expect(await noteOf('valve.right', TAKEOVER_BY_ANNOTATION)).toBe('pi-d@7');
  });

  it('lets no program vouch: an API token is refused, with what to do instead', async () => {
    await forget('valve.right', TAKEOVER_BY_ANNOTATION);
    const body = { name: 'program', role: 'admin', expiresInSec: 3600 };
    const made = await api.call('/api/v1/api-tokens', { method: 'POST', headers: api.bearer, body });
    const { token } = made.body as { token: string };
    const file = join(api.stateDir, 'program.json');
    writeFileSync(file, JSON.stringify({ ...api.file, token }));
    const args = 'service take-over hall/valve right --yes';
    const { code, err } = await runUsher(args.split(' '), { USHER_TOKEN_FILE: file });
    expect([code, err]).toEqual([1, expect.stringContaining('[PERSON_NEEDED]')]);
    expect(err).toContain('Do it on the page, or with usher on the appliance.');
    expect(await noteOf('valve.right', TAKEOVER_BY_ANNOTATION)).toBeUndefined();
  });

  it.each([
    ['service hall/unknown', '[SERVICE_UNKNOWN]'],
    ['service vibration', '[CONFIG_INVALID]'],
    ['service hand-over hall/vibration middle --to pi-b', '[SERVICE_UNIT_UNKNOWN]'],
    ['service hand-over hall/vibration left --to pi-a', '[SERVICE_ALREADY_ACTIVE]'],
    ['service hand-over hall/vibration left --to pi-c', '[SERVICE_NODE_NO_CANDIDATE]'],
    ['service hand-over hall/vibration right --to pi-d', '[SERVICE_NODE_NOT_READY]'],
    ['service hand-over hall/valve right --to pi-d', '[SERVICE_UNIT_IDLE]'],
    ['service hand-over hall/vibration right', '[SERVICE_NODE_NOT_READY]'],
    ['service hand-over hall/alone pi-e', '[SERVICE_UNIT_ALONE]'],
    ['service take-over hall/vibration left --yes', '[TAKEOVER_NOT_NEEDED]'],
    ['service take-over hall/valve left --yes', '[SERVICE_UNIT_UNKNOWN]'],
    ['service take-over hall/valve right --to pi-a --yes', '[SERVICE_NODE_NO_CANDIDATE]'],
  ])('usher %s is refused with %s', async (args, code) => {
    const { code: exit, err } = await usher(args);
    expect([exit === 0, err]).toEqual([false, expect.stringContaining(code)]);
  });
});
