import { describe, expect, it } from 'vitest';
import { UsherError } from '../../../foundation/errors.ts';
import { Candidates, type CandidateSighting } from '../../../join/enrol/candidates.ts';
import { LongPolls } from '../../../join/enrol/long-polls.ts';
import { RateLimiter } from '../../../join/enrol/rate-limiter.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const HOUR_MS = 3_600_000;
const sighting = (deviceId: string, macs: string[] = [], model = 'Pi 5'): CandidateSighting => ({
  deviceId,
  publicKeyPem: '',
  keyFingerprint: deviceId,
  ip: '192.168.8.7',
  hello: {
    v: 1,
    id: deviceId,
    agent: '1',
    bootId: 'b',
    hw: { macs, arch: 'arm64', model },
    evidence: { type: 'none' },
  },
});

describe('the list of candidates', () => {
  it('evicts the longest silent one', () => {
    const clock = new ManualClock();
    const list = new Candidates(clock, { devices: 3, keysPerMac: 3, idleMs: HOUR_MS });
    for (const id of ['a', 'b', 'c']) list.record(sighting(id));
    list.touch('a');
    list.record(sighting('d'));
    expect(list.list().map(({ deviceId }) => deviceId)).toEqual(['c', 'a', 'd']);
  });

  it('keeps at most three keys for one MAC', () => {
    const clock = new ManualClock();
    const list = new Candidates(clock);
    for (const id of ['a', 'b', 'c', 'd']) {
      clock.advance(10);
      list.record(sighting(id, ['b8:27:eb:00:00:01', `b8:27:eb:00:01:0${id}`]));
    }
    list.record(sighting('e', ['b8:27:eb:00:00:02']));
    expect(list.list().map(({ deviceId }) => deviceId)).toEqual(['b', 'c', 'd', 'e']);
  });

  it('lets nobody push out a holder of a genuine token with copies of its MAC', () => {
    const clock = new ManualClock();
    const list = new Candidates(clock);
    const macs = ['b8:27:eb:00:00:01'];
    list.record({ ...sighting('holder', macs), provenToken: { tokenId: 't', boundTo: ['old'] } });
    for (const id of ['a', 'b', 'c', 'd']) {
      clock.advance(10_000);
      list.record(sighting(id, macs));
    }
    expect(list.list().map(({ deviceId }) => deviceId)).toEqual(['holder', 'c', 'd']);
  });

  it('forgets after a day of silence, and holds no timer when empty', () => {
    const clock = new ManualClock();
    const list = new Candidates(clock);
    const told: string[] = [];
    list.onChange((id) => told.push(id));
    list.record(sighting('a'));
    list.record(sighting('b'));
    clock.advance(23 * HOUR_MS);
    list.touch('b');
    clock.advance(2 * HOUR_MS);
    expect(list.list().map(({ deviceId }) => deviceId)).toEqual(['b']);
    clock.advance(24 * HOUR_MS);
    expect(list.list()).toEqual([]);
    expect(told).toEqual(['a', 'b', 'a', 'b']);
    expect(clock.pending).toBe(0);
  });

  it('tells of what a person would see, and of nothing else', () => {
    const list = new Candidates(new ManualClock());
    const told: string[] = [];
    list.onChange((id) => told.push(id));
    const versions = [
      sighting('a'),
      sighting('a'),
      sighting('a', [], 'Pi 4'),
      { ...sighting('a', [], 'Pi 4'), refusal: new UsherError('TOKEN_USED', { tokenId: 't' }) },
    ].map((seen) => {
      list.record(seen);
      return list.versionOf('a') ?? 0;
    });
    expect(told).toHaveLength(3);
    expect(versions[1]).toBe(versions[0]);
    expect(new Set(versions).size).toBe(3);
    expect(list.get('a')?.refusal?.code).toBe('TOKEN_USED');
  });
});

describe('long polls', () => {
  const limits = { total: 3, perDevice: 2 };

  it('end by a change, by their time, or with their caller, and leave nothing behind', async () => {
    const clock = new ManualClock();
    const polls = new LongPolls(clock, limits);
    const caller = new AbortController();
    const ends = [
      polls.wait('a', 1000, new AbortController().signal),
      polls.wait('b', 2000, new AbortController().signal),
      polls.wait('c', 3000, caller.signal),
    ];
    polls.wake('a');
    clock.advance(2000);
    caller.abort();
    expect(await Promise.all(ends)).toEqual(['woken', 'over', 'over']);
    expect([polls.size, clock.pending]).toEqual([0, 0]);
  });

  it('are bounded in all and per device', async () => {
    const polls = new LongPolls(new ManualClock(), limits);
    const { signal } = new AbortController();
    const first = polls.wait('a', 1000, signal);
    void polls.wait('a', 1000, signal);
    void polls.wait('a', 1000, signal);
    expect(await first).toBe('over');
    void polls.wait('b', 1000, signal);
    expect(await polls.wait('c', 1000, signal)).toBe('over');
    expect(polls.size).toBe(3);
    polls.endAll();
    expect(polls.size).toBe(0);
  });
});

describe('the rate limiter', () => {
  it('refills evenly, per key, and says when', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter(clock, { uses: 2, perSec: 60 });
    expect([limiter.take('a'), limiter.take('a'), limiter.take('a'), limiter.take('b')]).toEqual([0, 0, 30, 0]);
    clock.advance(29_000);
    expect(limiter.peek('a')).toBe(1);
    clock.advance(1000);
    expect([limiter.take('a'), limiter.take('a')]).toEqual([0, 30]);
  });

  it('forgets no debt when the clock is set back', () => {
    const clock = new ManualClock(10_000_000);
    const limiter = new RateLimiter(clock, { uses: 1, perSec: 60 });
    limiter.take('a');
    clock.advance(-5_000_000);
    expect(limiter.take('a')).toBe(60);
    clock.advance(60_000);
    expect(limiter.take('a')).toBe(0);
  });
});
