import { describe, expect, it } from 'vitest';
import type { Position, Valve } from '../../../examples/valve/valve.ts';
import { positionOf, ValveKeeper, type ValveState, WATCHDOG_MS } from '../../../examples/valve/valve-keeper.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A valve that writes down what it hears, a role that the test ends, and a clock that it moves. */
class World {
  readonly heard: string[] = [];
  readonly told: ValveState[] = [];
  readonly clock = new ManualClock(0);
  readonly waited: number[] = [];
  isActive = true;
  isDeaf = false;
  readonly valve: Valve = {
    open: () => Promise.resolve(),
    arm: (ms) => this.#hear(`watchdog ${ms}`),
    move: (to: Position) => this.#hear(to),
  };
  readonly keeper = new ValveKeeper({
    valve: this.valve,
    act: (act) => {
      if (!this.isActive) throw new UsherError('GRANT_MISSING', { unit: 'north' });
      return act();
    },
    tell: (state) => this.told.push(state),
    openForMs: 15_000,
    nowMs: () => this.clock.nowMs(),
    wait: (ms) => Promise.resolve(void this.waited.push(ms)),
  });

  #hear(word: string): Promise<void> {
    if (this.isDeaf) return Promise.reject(new UsherError('INTERNAL', { detail: 'no answer' }));
    this.heard.push(word);
    return Promise.resolve();
  }
}

describe('the keeper of a valve', () => {
  it('begins with the watchdog and closed, obeys, and says it again and again', async () => {
    const { keeper, heard, told } = new World();
    await keeper.refresh();
    await keeper.obey('open', 'c1', 1_000);
    await keeper.refresh();
    expect(heard).toEqual([`watchdog ${WATCHDOG_MS}`, 'closed', 'open', 'open']);
    expect(told).toEqual([{ position: 'closed' }, { position: 'open', commandId: 'c1' }]);
  });

  it('begins anew when the valve did not hear the first words', async () => {
    const world = new World();
    world.isDeaf = true;
    await expect(world.keeper.refresh()).rejects.toThrow();
    world.isDeaf = false;
    await world.keeper.refresh();
    expect(world.heard).toEqual([`watchdog ${WATCHDOG_MS}`, 'closed']);
  });

  it('does nothing when the role has ended, whether it knows or not', async () => {
    const world = new World();
    await world.keeper.refresh();
    world.isActive = false;
    await expect(world.keeper.obey('open', 'c1', 1_000)).rejects.toMatchObject({ code: 'GRANT_MISSING' });
    await expect(world.keeper.refresh()).rejects.toMatchObject({ code: 'GRANT_MISSING' });
    expect(world.heard).not.toContain('open');
    expect(world.keeper.state).toEqual({ position: 'closed' });
  });

  it('does not carry out what waited too long, or came after the end', async () => {
    const world = new World();
    await world.keeper.refresh();
    world.clock.advance(1_000);
    await world.keeper.obey('open', 'old', 1_000);
    const [ended, late] = [world.keeper.end(true), world.keeper.obey('open', 'late', 99_000)];
    await Promise.all([ended, late]);
    expect(world.heard).not.toContain('open');
  });

  it('closes when whoever opened it does not say so again', async () => {
    const { keeper, heard, told, clock } = new World();
    await keeper.refresh();
    await keeper.obey('open', 'c1', 1_000);
    clock.advance(14_999);
    await keeper.obey('open', 'c2', 20_000);
    clock.advance(14_999);
    await keeper.refresh();
    expect(heard.at(-1)).toBe('open');
    clock.advance(1);
    await keeper.refresh();
    expect(heard.at(-1)).toBe('closed');
    expect(told.at(-1)).toEqual({ position: 'closed' });
  });

  it.each([
    ['closes it', true, false, ['closed'], []],
    ['leaves it to whoever may be driving it', false, false, [], []],
    ['waits until it has closed by itself, when it does not hear', true, true, [], [WATCHDOG_MS - 400]],
  ])('at the end %s', async (_what, mayTouch, isDeaf, heard, waited) => {
    const world = new World();
    await world.keeper.refresh();
    await world.keeper.obey('open', 'c1', 1_000);
    world.heard.length = 0;
    world.clock.advance(400);
    world.isActive = false;
    world.isDeaf = isDeaf;
    await world.keeper.end(mayTouch);
    expect(world.heard).toEqual(heard);
    expect(world.waited).toEqual(waited);
  });

  it.each([
    ['{"position":"open"}', 'open'],
    ['{"position":"closed","why":"x"}', 'closed'],
    ['{"position":"OPEN"}', undefined],
    ['"open"', undefined],
    ['null', undefined],
    ['', undefined],
    ['\xff', undefined],
  ])('reads %j as %s', (payload, position) => {
    expect(positionOf(Buffer.from(payload, 'latin1'))).toBe(position);
  });
});
