import { describe, expect, it } from 'vitest';
import { UsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { KubeAlarmBook } from '../../../k8s/alarms.ts';
import { alarmIdOf, alarmOf, MOST_ALARMS, surplusOf, type NewAlarm } from '../../../k8s/core/alarm-list.ts';
import { CONFIG_MAP } from '../../../k8s/core/resources.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const used = (device: string): NewAlarm => ({ code: 'TOKEN_USED', params: { tokenId: 'abc' }, device });
const leaked: NewAlarm = {
  code: 'NODE_PASSWORD_UNEXPECTED',
  params: { nodeName: 'intruder', secret: 's' },
  nodeName: 'intruder',
  occasion: 'uid-1',
};

async function open(kube = new FakeKube()): Promise<{ kube: FakeKube; clock: ManualClock; book: KubeAlarmBook }> {
  const clock = new ManualClock();
  const book = new KubeAlarmBook({ kube, clock, logger: silentLogger });
  await book.synced();
  return { kube, clock, book };
}

describe('the alarm book', () => {
  it('shows an alarm with its remedy, once however often it is raised, and costs no request for what is known', async () => {
    const { kube, book } = await open();
    await book.raise(used('device-a'));
    const requests = kube.calls.length;
    for (let again = 0; again < 50; again += 1) await book.raise(used('device-a'));
    expect(book.list()).toMatchObject([{ id: 'TOKEN_USED.device-a', code: 'TOKEN_USED', device: 'device-a' }]);
    expect(book.list()[0]?.remedy).toMatch(/Compare both devices/);
    expect(kube.calls).toHaveLength(requests);
  });

  it('is the same after a restart, with the same ids', async () => {
    const { kube, book } = await open();
    await book.raise(used('device-a'));
    await book.raise(leaked);
    await book.stop();
    const { book: next } = await open(kube);
    expect(next.list()).toEqual(book.list());
    await next.raise(leaked);
    expect(next.list()).toHaveLength(2);
  });

  it('forgets what was acknowledged, until there is another occasion', async () => {
    const { kube, book } = await open();
    await book.raise(leaked);
    const [id = ''] = book.list().map((alarm) => alarm.id);
    expect(await book.acknowledge(id)).toBe(true);
    expect(await book.acknowledge(id)).toBe(false);
    await book.raise(leaked);
    const { book: other } = await open(kube);
    await other.raise(leaked);
    expect([...book.list(), ...other.list()]).toEqual([]);
    await book.raise({ ...leaked, occasion: 'uid-2' });
    expect(book.list().map((alarm) => alarm.id)).toEqual([id]);
  });

  it('says that there is nothing to acknowledge under an unknown id', async () => {
    const { book } = await open();
    expect(await book.acknowledge('TOKEN_USED.nobody')).toBe(false);
  });

  it('loses nothing when two appliances raise at the same moment', async () => {
    const { kube, book } = await open();
    const { book: other } = await open(kube);
    await Promise.all([
      book.raise(used('one')),
      other.raise(used('two')),
      book.raise(leaked),
      other.raise(used('three')),
    ]);
    const { book: third } = await open(kube);
    expect(
      third
        .list()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['NODE_PASSWORD_UNEXPECTED.intruder', 'TOKEN_USED.one', 'TOKEN_USED.three', 'TOKEN_USED.two']);
  });

  it('shows an alarm at once while the API server is away, and keeps it when that is back', async () => {
    const { kube, clock, book } = await open();
    kube.before = () => {
      throw new UsherError('KUBE_UNREACHABLE', { detail: 'gone' });
    };
    await book.raise(leaked);
    expect(book.list()).toHaveLength(1);
    kube.before = () => undefined;
    clock.advance(60_000);
    await expect
      .poll(async () =>
        Object.keys((await kube.get(CONFIG_MAP, { name: 'alarms', namespace: 'usher-system' }))?.data ?? {}),
      )
      .toEqual(['NODE_PASSWORD_UNEXPECTED.intruder']);
  });

  it('writes a flood together: far fewer requests than alarms, never more than the bound, and other kinds stay', async () => {
    const { kube, book } = await open();
    await book.raise(leaked);
    kube.calls.length = 0;
    await Promise.all(Array.from({ length: 2000 }, (_, index) => book.raise(used(`device-${String(index)}`))));
    expect(book.list()).toHaveLength(MOST_ALARMS);
    expect(book.list().some(({ code }) => code === 'NODE_PASSWORD_UNEXPECTED')).toBe(true);
    expect(kube.calls.length).toBeLessThan(20);
  });

  it('goes on beside an entry that somebody wrote by hand and that is no alarm', async () => {
    const { kube, book } = await open();
    await book.raise(leaked);
    const name = { name: 'alarms', namespace: 'usher-system' };
    await kube.mergePatch(CONFIG_MAP, name, { data: { odd: '{"code": 1', stranger: '{}' } });
    await book.raise(used('device-a'));
    expect(book.list()).toHaveLength(2);
  });

  it('tells of every change of the list', async () => {
    const { book } = await open();
    let told = 0;
    const stop = book.onChange(() => (told += 1));
    await book.raise(leaked);
    expect(told).toBeGreaterThan(0);
    stop();
    const before = told;
    await book.raise(used('x'));
    expect(told).toBe(before);
  });
});

describe('which alarms make room', () => {
  const at = (alarm: NewAlarm, ms: number): ReturnType<typeof alarmOf> => alarmOf(alarm, ms);
  it('the oldest acknowledged one first, though others are older', () => {
    const alarms = [
      at(used('a'), 0),
      { ...at(used('b'), 1), acknowledgedAt: 'x' },
      { ...at(used('c'), 2), acknowledgedAt: 'x' },
    ];
    expect(surplusOf(alarms, 2)).toEqual([alarmIdOf(used('b'))]);
    expect(surplusOf(alarms, 1)).toEqual([alarmIdOf(used('b')), alarmIdOf(used('c'))]);
  });

  it('then the oldest of the commonest code', () => {
    const alarms = [at(leaked, 0), at(used('a'), 1), at(used('b'), 2)];
    expect(surplusOf(alarms, 2)).toEqual([alarmIdOf(used('a'))]);
  });
});
