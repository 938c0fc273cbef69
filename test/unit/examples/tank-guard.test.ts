import { describe, expect, it } from 'vitest';
import {
  decide,
  type GuardCommand,
  type GuardSettings,
  type Position,
  UNKNOWN_UNIT,
  withLevel,
  withValve,
} from '../../../examples/tank-guard/guard.ts';
import { readMessage } from '../../../examples/tank-guard/site-messages.ts';

const SETTINGS: GuardSettings = {
  ...{ closeAtPercent: 90, openBelowPercent: 75, staleMs: 5_000 },
  ...{ repeatMs: 2_000, renewOpenMs: 5_000 },
};

/** A guard on a clock that the test moves. */
class Guard {
  nowMs = 0;
  #view = UNKNOWN_UNIT;

  level(percent: number, epoch = 1): GuardCommand | undefined {
    this.#view = withLevel(this.#view, percent, epoch, this.nowMs);
    return this.look();
  }

  valve(position: Position, epoch: number): GuardCommand | undefined {
    this.#view = withValve(this.#view, position, epoch, this.nowMs);
    return this.look();
  }

  look(afterMs = 0): GuardCommand | undefined {
    this.nowMs += afterMs;
    const { view, command } = decide(this.#view, this.nowMs, SETTINGS);
    this.#view = view;
    return command;
  }
}

describe('the guard of a tank', () => {
  it('closes when the tank is high, and opens again only when it is low', () => {
    const guard = new Guard();
    expect(guard.level(50)).toBeUndefined();
    expect(guard.valve('closed', 3)).toEqual({ position: 'open', epoch: 3 });
    expect(guard.valve('open', 3)).toBeUndefined();
    expect(guard.level(89.9)).toBeUndefined();
    expect(guard.level(90)).toEqual({ position: 'closed', epoch: 3 });
    expect(guard.valve('closed', 3)).toBeUndefined();
    expect(guard.level(75)).toBeUndefined();
    expect(guard.level(74.9)).toEqual({ position: 'open', epoch: 3 });
  });

  it('asks again when nothing happens, and at once when another node drives the valve', () => {
    const guard = new Guard();
    guard.valve('open', 3);
    expect(guard.level(95)).toBeUndefined();
    expect(guard.look(1_999)).toBeUndefined();
    expect(guard.look(1)).toEqual({ position: 'closed', epoch: 3 });
    expect(guard.valve('open', 4)).toEqual({ position: 'closed', epoch: 4 });
  });

  it('closes when nobody sees the tank', () => {
    const guard = new Guard();
    guard.level(50);
    guard.valve('open', 1);
    expect(guard.look(5_000)).toMatchObject({ position: 'open' });
    expect(guard.look(1)).toEqual({ position: 'closed', epoch: 1 });
  });

  it('keeps an open valve open by asking again', () => {
    const guard = new Guard();
    guard.level(50);
    expect(guard.valve('closed', 1)).toMatchObject({ position: 'open' });
    expect(guard.valve('open', 1)).toBeUndefined();
    guard.nowMs += 4_999;
    expect(guard.level(51)).toBeUndefined();
    expect(guard.look(1)).toEqual({ position: 'open', epoch: 1 });
  });

  it('does not listen to whom was active before, until the epochs begin anew', () => {
    const guard = new Guard();
    guard.level(50, 7);
    expect(guard.valve('open', 7)).toMatchObject({ position: 'open' });
    expect(guard.level(99, 6)).toBeUndefined();
    expect(guard.valve('closed', 6)).toBeUndefined();
    guard.nowMs += 30_000;
    expect(guard.valve('open', 1)).toEqual({ position: 'closed', epoch: 1 });
  });

  it.each([
    ['site/telemetry/tank-level/north/level', '{"levelPercent":91.5}', '2', { type: 'level', percent: 91.5 }],
    ['site/state/valve/north', '{"position":"open"}', '2', { type: 'valve', position: 'open' }],
    ['site/state/valve/north', '{"position":"ajar"}', '2', undefined],
    ['site/state/valve/north', '{"position":"open"}', undefined, undefined],
    ['site/state/valve/north', '{"position":"open"}', '-1', undefined],
    ['site/telemetry/tank-level/north/level', '{"levelPercent":"91"}', '2', undefined],
    ['site/telemetry/tank-level/north/level', 'null', '2', undefined],
    ['site/telemetry/tank-level/north/level', '{', '2', undefined],
    ['site/telemetry/tank-level/north/temperature', '{"levelPercent":91}', '2', undefined],
    ['site/state/valve/#', '{"position":"open"}', '2', undefined],
  ])('reads %s %s of epoch %s', (topic, payload, epoch, message) => {
    const read = readMessage(topic, payload, epoch);
    if (message === undefined) expect(read).toBeUndefined();
    else expect(read).toEqual({ unit: 'north', epoch: 2, ...message });
  });
});
