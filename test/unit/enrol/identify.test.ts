import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identifyWords } from '../../../join/core/identify-words.ts';
import { Identifications } from '../../../join/enrol/identifications.ts';
import { EnrolStatus, Identify } from '../../../join/protocol/messages.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import type { TestDevice } from '../../support/test-device.ts';

const WHAT: Identify = { words: 'amber otter', seconds: 30 };

describe('a wish to see which device it is', () => {
  let site: EnrolSite;
  let device: TestDevice;
  let version: number;
  beforeEach(async () => {
    site = await EnrolSite.start();
    device = await site.newDevice();
    version = EnrolStatus.parse((await device.post('hello', device.hello({ type: 'none' }))).json()).version;
  });
  afterEach(() => site.close());

  const poll = async (waitSec: number): Promise<EnrolStatus> =>
    EnrolStatus.parse((await device.get(`status?wait=${String(waitSec)}&version=${String(version)}`)).json());

  it('wakes the long poll at once, and changes neither version nor state', async () => {
    const writes = site.kube.writes().length;
    const waiting = poll(25);
    await expect.poll(() => site.server.isListening(device.deviceId), { timeout: 3000 }).toBe(true);
    expect(await site.server.show(device.deviceId, WHAT, 3000)).toBe(true);
    expect(await waiting).toMatchObject({ version, state: 'pending', identify: WHAT });
    expect(site.kube.writes()).toHaveLength(writes);
  });

  it('is told by the next poll when it came between two, and a second one waits again', async () => {
    const told = site.server.show(device.deviceId, WHAT, 3000);
    expect((await poll(25)).identify).toEqual(WHAT);
    expect(await told).toBe(true);
    const startMs = performance.now();
    expect((await poll(1)).identify?.words).toBe(WHAT.words);
    expect(performance.now() - startMs).toBeGreaterThan(900);
  });

  it('is forgotten when nobody asks in time', async () => {
    expect(await site.server.show(device.deviceId, WHAT, 20)).toBe(false);
    expect((await poll(0)).identify).toBeUndefined();
  });
});

describe('what devices are asked to show', () => {
  it('counts down, and is over with its time', () => {
    const clock = new ManualClock();
    const shown = new Identifications(clock);
    void shown.offer('a', WHAT, 5000);
    expect([shown.isNews('a'), shown.isNews('b'), shown.tell('b')]).toEqual([true, false, {}]);
    expect(shown.tell('a')).toEqual({ identify: WHAT });
    clock.advance(12_500);
    expect([shown.isNews('a'), shown.tell('a')]).toEqual([false, { identify: { ...WHAT, seconds: 18 } }]);
    clock.advance(17_500);
    expect(shown.tell('a')).toEqual({});
  });

  it('is a pair of words that nobody else shows, and that the device takes', () => {
    const taken = new Set<string>();
    // The same bytes each time: the next free pair is taken.
    for (let count = 0; count < 1100; count += 1)
      taken.add(identifyWords({ bytes: () => new Uint8Array([7, 7]) }, taken));
    expect(taken.size).toBe(1100);
    for (const words of taken) expect(Identify.safeParse({ words, seconds: 30 }).success, words).toBe(true);
  });
});
