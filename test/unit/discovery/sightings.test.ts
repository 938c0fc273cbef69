import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseMatchers } from '../../../discovery/core/matchers.ts';
import { capObservation } from '../../../discovery/core/observation.ts';
import { CHANGE_WINDOW_MS } from '../../../discovery/core/sighting-changes.ts';
import type { Observation, SightingChange } from '../../../discovery/core/sighting.ts';
import { createSightings, type Sightings } from '../../../discovery/core/sightings.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const MATCHERS = parseMatchers({
  matchers: [
    { name: 'pi', score: 40, why: 'MAC', vendor: 'Raspberry Pi*' },
    { name: 'name', score: 15, why: 'name', hostname: 'raspberrypi*' },
    { name: 'card', score: 60, why: 'card', vendorClass: 'usher:*' },
  ],
});
const PI = 'b8:27:eb:00:00:01';
const OTHER = '00:00:0c:00:00:01';

let clock: ManualClock;
let sightings: Sightings;
let changes: [SightingChange['type'], string][];

function start(options: { limit?: number; newPerMinute?: number } = {}): void {
  clock = new ManualClock(1_000_000);
  const vendorOf = (mac: string) => (mac.startsWith('b8:27:eb') ? 'Raspberry Pi Foundation' : undefined);
  sightings = createSightings({ clock, matchers: MATCHERS, vendorOf, ...options });
  changes = [];
  sightings.onChange(({ type, sighting }) => changes.push([type, sighting.mac]));
}

function see(mac: string, facts: Partial<Observation> = {}): void {
  sightings.observe(mac, { source: 'dhcp', interface: 'eth0', atMs: clock.nowMs(), ...facts });
}

const macOf = (n: number): string =>
  `b8:27:eb:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;

beforeEach(() => {
  start();
});

describe('sightings', () => {
  it('show what was seen, where, when and why it matched', () => {
    see(PI.toUpperCase(), { hostname: 'raspberrypi', messageType: 'DISCOVER' });
    clock.advance(50);
    see(PI, { source: 'neighbour', ip: '10.0.0.9' });
    expect(sightings.list()).toEqual([
      {
        mac: PI,
        vendor: 'Raspberry Pi Foundation',
        ip: '10.0.0.9',
        hostname: 'raspberrypi',
        interface: 'eth0',
        firstSeenMs: 1_000_000,
        lastSeenMs: 1_000_050,
        observations: [
          { source: 'neighbour', interface: 'eth0', atMs: 1_000_050, ip: '10.0.0.9' },
          { source: 'dhcp', interface: 'eth0', atMs: 1_000_000, hostname: 'raspberrypi', messageType: 'DISCOVER' },
        ],
        reasons: [
          { matcher: 'pi', score: 40, why: 'MAC' },
          { matcher: 'name', score: 15, why: 'name' },
        ],
        score: 55,
      },
    ]);
    expect(sightings.get('B8-27-EB-00-00-01')?.score).toBe(55);
  });

  it('list candidates, first seen first, and the rest only when asked', () => {
    see(OTHER);
    clock.advance(1);
    see(macOf(2));
    clock.advance(1);
    see(macOf(1));
    see(macOf(2));
    expect(sightings.list().map(({ mac }) => mac)).toEqual([macOf(2), macOf(1)]);
    expect(sightings.list({ all: true }).map(({ mac }) => mac)).toEqual([OTHER, macOf(2), macOf(1)]);
  });

  it('keep what only an earlier message of the source said, until the address is given back', () => {
    see(PI, { messageType: 'REQUEST', hostname: 'pi', vendorClass: 'x' });
    see(PI, { messageType: 'ACK', ip: '10.0.0.9' });
    expect(sightings.get(PI)).toMatchObject({ hostname: 'pi', ip: '10.0.0.9' });
    see(PI, { messageType: 'RELEASE' });
    expect(sightings.get(PI)?.ip).toBeUndefined();
    expect(sightings.get(PI)?.observations).toHaveLength(1);
  });

  it('take the newest address, but the name the machine gives itself', () => {
    see(PI, { hostname: 'from-dhcp', ip: '10.0.0.1' });
    clock.advance(1);
    see(PI, { source: 'lease', interface: '', hostname: 'from-lease', ip: '10.0.0.2' });
    expect(sightings.get(PI)).toMatchObject({ hostname: 'from-dhcp', ip: '10.0.0.2', interface: 'eth0' });
  });

  it.each(['ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:fb', '00:00:00:00:00:00', 'nonsense', ''])(
    'are not made of %j',
    (mac) => {
      see(mac, { vendorClass: 'usher:1' });
      expect(sightings.list({ all: true })).toEqual([]);
    },
  );
});

describe('changes', () => {
  it('tell a candidate once; an unchanged repeat, a renewal among them, tells nothing', () => {
    see(PI, { messageType: 'REQUEST', ip: '10.0.0.9' });
    clock.advance(60_000);
    see(PI, { messageType: 'ACK', ip: '10.0.0.9' });
    expect(changes).toEqual([['added', PI]]);
  });

  it('tell the crossing of the threshold in both directions', () => {
    see(OTHER, { hostname: 'raspberrypi' });
    expect(changes).toEqual([]);
    see(OTHER, { vendorClass: 'usher:1' });
    see(OTHER, { vendorClass: 'other' });
    see(OTHER, { vendorClass: 'usher:1' });
    expect(changes.map(([type]) => type)).toEqual(['added', 'removed', 'added']);
  });

  it('come at once, but a burst is told by its last state after the window', () => {
    see(PI, { hostname: 'a' });
    const hostnames: unknown[] = [];
    sightings.onChange(({ sighting }) => hostnames.push(sighting.hostname));
    for (const hostname of ['b', 'c', 'd']) see(PI, { hostname });
    expect(hostnames).toEqual(['b']);
    clock.advance(CHANGE_WINDOW_MS);
    expect(hostnames).toEqual(['b', 'd']);
    see(PI, { hostname: 'e' });
    see(PI, { hostname: 'd' });
    clock.advance(CHANGE_WINDOW_MS);
    expect(hostnames).toEqual(['b', 'd']);
    clock.advance(CHANGE_WINDOW_MS);
    expect(clock.pending).toBe(0);
  });

  it('reach the other listeners when one throws, and stop when unsubscribed', () => {
    const seen: string[] = [];
    sightings.onChange(() => {
      throw new TypeError('a listener of the test');
    });
    const unsubscribe = sightings.onChange(({ type }) => seen.push(type));
    see(PI);
    unsubscribe();
    see(macOf(2));
    expect(seen).toEqual(['added']);
    expect(changes).toHaveLength(2);
  });
});

describe('bounds', () => {
  it('evict the hint not heard of for longest, and say so', () => {
    start({ limit: 3 });
    for (const n of [1, 2, 3]) see(macOf(n));
    see(macOf(1));
    see(macOf(4));
    expect(sightings.list().map(({ mac }) => mac)).toEqual([macOf(1), macOf(3), macOf(4)]);
    expect(changes.at(-1)).toEqual(['added', macOf(4)]);
    expect(changes).toContainEqual(['removed', macOf(2)]);
    expect(sightings.counters()).toMatchObject({ evicted: 1, known: 3 });
  });

  it('take a whole site in one go, then 200 new MAC addresses a minute, and known ones always', () => {
    for (let n = 0; n < 2000; n += 1) see(macOf(n));
    expect(sightings.counters()).toMatchObject({ known: 1200, refusedNew: 800 });
    see(macOf(0), { hostname: 'still-heard' });
    expect(sightings.get(macOf(0))?.hostname).toBe('still-heard');
    clock.advance(30_000);
    for (let n = 1200; n < 2000; n += 1) see(macOf(n));
    expect(sightings.counters().known).toBe(1300);
  });

  it('never hold more than the limit however long a flood lasts', () => {
    start({ limit: 4096 });
    for (let n = 0; n < 10_000; n += 1) {
      see(macOf(n % 65_536));
      clock.advance(300);
    }
    expect(sightings.counters().known).toBe(4096);
  });

  it('cap and clean every string from the network', () => {
    see(PI, {
      hostname: `\u001b[2J${'h'.repeat(300)}`,
      vendorClass: 'v'.repeat(300),
      clientId: 'c'.repeat(600),
      service: 's'.repeat(300),
      parameterList: Array.from({ length: 255 }, (_, n) => n),
      txt: Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k${String(n)}`, '\u202e' + 't'.repeat(300)])),
    });
    const [seen] = sightings.get(PI)?.observations ?? [];
    expect(seen?.hostname).toBe(`[2J${'h'.repeat(60)}`);
    expect(seen?.vendorClass).toHaveLength(64);
    expect(seen?.clientId).toHaveLength(128);
    expect(seen?.service).toHaveLength(64);
    expect(seen?.parameterList).toHaveLength(64);
    expect(Object.keys(seen?.txt ?? {})).toHaveLength(16);
    expect(Object.values(seen?.txt ?? {})[0]).toBe('t'.repeat(64));
  });

  it('hold for any text in any field', () => {
    const text = fc.string({ unit: 'binary', maxLength: 400 });
    const facts = fc.record({
      hostname: text,
      vendorClass: text,
      service: text,
      suspicious: text,
      txt: fc.dictionary(text, text),
    });
    fc.assert(
      fc.property(facts, (raw) => {
        const capped = JSON.stringify(capObservation({ source: 'mdns', interface: 'eth0', atMs: 0, ...raw }));
        expect(capped.length).toBeLessThan(8192);
        expect(capped).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]|\\u00[01]/u);
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});
