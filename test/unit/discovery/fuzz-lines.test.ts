import { expect, it } from 'vitest';
import { createLineSplitter } from '../../../discovery/core/line-splitter.ts';
import { parseLeases } from '../../../discovery/core/lease-file.ts';
import { parseMatchers } from '../../../discovery/core/matchers.ts';
import { parseNeighbour } from '../../../discovery/core/neighbour.ts';
import { createSightings } from '../../../discovery/core/sightings.ts';
import { runs } from '../../support/full-run.ts';
import { ALL_HOSTILE_STRINGS, firstUnprintable } from '../../support/hostile-strings.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Dice, fuzzSeed } from '../../support/seeded.ts';
import { anyMac } from './fuzz-dhcp.ts';

const LINES = runs(20_000, 200_000);

function lineOf(dice: Dice): string {
  const text = (): string => dice.pick(ALL_HOSTILE_STRINGS).slice(0, 600);
  const mac = dice.oneIn(4) ? text() : anyMac(dice);
  const lines = [
    () => `1800000000 ${mac} 10.77.0.${String(dice.below(300))} ${text()} ${text()}`,
    () => `0 ${mac} 10.77.0.5 * *`,
    () => `10.77.0.5 dev ${text()} lladdr ${mac} REACHABLE`,
    () => `Deleted 10.77.0.5 dev eth0 lladdr ${mac} STALE`,
    () => `duid 00:01:00:01:${text()}`,
    () => text(),
  ];
  const bytes = Buffer.from(dice.pick(lines)());
  for (let times = dice.below(4); times > 0 && bytes.length > 0; times -= 1)
    bytes[dice.below(bytes.length)] = dice.byte();
  return bytes.toString(dice.oneIn(2) ? 'utf8' : 'latin1');
}

it(`${String(LINES)} lines of lease files and neighbour tables that are wrong do no harm`, () => {
  const seed = fuzzSeed('lines');
  const matchers = parseMatchers({ matchers: [{ name: 'all', score: 60, why: 'all', hostname: '*' }] });
  const clock = new ManualClock(0);
  const sightings = createSightings({ clock, matchers, vendorOf: () => undefined, limit: 100, newPerMinute: 1000 });
  const split = createLineSplitter();
  let taken = 0;
  for (let index = 0; index < LINES; index += 1) {
    const dice = new Dice(seed, index);
    const line = lineOf(dice);
    try {
      const cut = dice.below(line.length + 1);
      const neighbours = [...split(line.slice(0, cut)), ...split(`${line.slice(cut)}\n`)].map(parseNeighbour);
      for (const { mac, ...facts } of parseLeases(line))
        sightings.observe(mac, { source: 'lease', interface: '', atMs: index, ...facts });
      for (const seen of neighbours) {
        if (seen !== undefined)
          sightings.observe(seen.mac, { source: 'neighbour', interface: seen.interface, ip: seen.ip, atMs: index });
      }
    } catch (error) {
      expect.fail(`USHER_SEED=${String(seed)} line ${String(index)} ${JSON.stringify(line)}\n${String(error)}`);
    }
    taken = sightings.counters().observations;
    clock.advance(50);
  }
  expect(taken).toBeGreaterThan(LINES / 10);
  expect(sightings.counters().known).toBeLessThanOrEqual(100);
  expect(firstUnprintable(sightings.list({ all: true }))).toBeUndefined();
});
