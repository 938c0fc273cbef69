import { describe, expect, it } from 'vitest';
import { WaitingLine } from '../../../join/core/waiting-line.ts';

describe('the line of devices that wait for a place', () => {
  it('asks a few to come back soon, and a thousand one after the other', () => {
    const line = new WaitingLine();
    const waits = Array.from({ length: 1000 }, () => line.turnAway(1_000_000));
    expect(waits.slice(0, 3)).toEqual([5, 6, 6]);
    for (let second = 7; second < 60; second += 1) expect(waits.filter((wait) => wait === second)).toHaveLength(16);
    expect(Math.max(...waits)).toBe(60);
  });

  it('is short again when few are turned away', () => {
    const line = new WaitingLine();
    for (let n = 0; n < 500; n += 1) line.turnAway(0);
    expect(line.turnAway(30_000)).toBe(7);
    expect(line.turnAway(3_600_000)).toBe(5);
  });
});
