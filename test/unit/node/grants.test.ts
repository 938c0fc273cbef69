import { describe, expect, it } from 'vitest';
import { judgeCommand, rememberCommand } from '../../../node/core/command-guard.ts';
import { endGrant, hasRunOut, mayAct, mayStillStop, NO_GRANT, takeGrant } from '../../../node/core/fencing/grant.ts';
import { check, newLiveness, ponged } from '../../../node/core/fencing/liveness.ts';
import { LineSplitter } from '../../../node/grant-protocol/lines.ts';
import { parseServiceMessage, parseStandbyMessage } from '../../../node/grant-protocol/messages.ts';

const grant = { epoch: 3, validUntilMs: 1_000, stopMs: 500 };

describe('a grant', () => {
  it('lets act until its end, and not an act that would reach beyond it', () => {
    const { state, outcome } = takeGrant(NO_GRANT, grant, 0);
    expect(outcome).toBe('begun');
    expect([mayAct(state, 999), mayAct(state, 1_000), mayAct(state, 900, 99), mayAct(state, 900, 100)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([hasRunOut(state, 999), hasRunOut(state, 1_000)]).toEqual([false, true]);
    expect([mayStillStop(grant, 1_499), mayStillStop(grant, 1_500)]).toEqual([true, false]);
  });

  it('never comes back once its epoch is over', () => {
    const ended = endGrant(takeGrant(NO_GRANT, grant, 0).state);
    expect(takeGrant(ended, { ...grant, validUntilMs: 9_000 }, 0).outcome).toBe('refused');
    expect(takeGrant(ended, { ...grant, epoch: 4 }, 0).outcome).toBe('begun');
  });

  it('that arrives too late is refused, and an older one too', () => {
    expect(takeGrant(NO_GRANT, grant, 1_000).outcome).toBe('refused');
    const { state } = takeGrant(NO_GRANT, grant, 0);
    expect(takeGrant(state, { ...grant, epoch: 2 }, 0).outcome).toBe('refused');
    expect(takeGrant(state, { ...grant, validUntilMs: 500 }, 0).state.current?.validUntilMs).toBe(1_000);
  });
});

describe('a command', () => {
  const good = { epoch: 7, commandId: 'c1', expiresInMs: 5_000, retained: false };
  const now = { epoch: 7, arrivedMs: 0, nowMs: 0, ttlMs: 3_000 };
  const seen = rememberCommand(new Map(), 'c0', 0, 3_000);

  it.each([
    ['good', good, now, undefined],
    ['without a grant', good, { ...now, epoch: undefined }, 'no-grant'],
    ['of an older epoch', { ...good, epoch: 6 }, now, 'older-epoch'],
    ['of a newer epoch', { ...good, epoch: 8 }, now, 'newer-epoch'],
    ['past its expiry', { ...good, expiresInMs: 1_000 }, { ...now, nowMs: 1_000 }, 'expired'],
    ['past what the service allows', good, { ...now, nowMs: 3_000 }, 'expired'],
    ['without expiry', { ...good, expiresInMs: undefined }, now, 'incomplete'],
    ['kept by the broker', { ...good, retained: true }, now, 'retained'],
    ['seen before', { ...good, commandId: 'c0' }, now, 'seen-before'],
  ])('%s', (_, command, at, refusal) => {
    expect(judgeCommand(command, at, seen)).toBe(refusal);
  });
});

describe('liveness', () => {
  it('is over when no answered ping is younger than the limit', () => {
    let { liveness } = check(newLiveness(0), 100, 1_000);
    liveness = ponged(liveness, 1);
    for (let nowMs = 350; nowMs < 1_100; nowMs += 250) {
      const checked = check(liveness, nowMs, 1_000);
      expect(checked.mute).toBe(false);
      liveness = checked.liveness;
    }
    expect(check(liveness, 1_100, 1_000).mute).toBe(true);
  });

  it('gives a new chance when the one who checks was paused', () => {
    expect(check(newLiveness(0), 60_000, 1_000).mute).toBe(false);
  });
});

describe('lines on the grant socket', () => {
  it.each([
    '',
    'null',
    '[]',
    '{"type":"hello"}',
    '{"type":"stopped","unit":"a"}',
    '{"type":"pong","id":-1}',
    '{"type":"x"}',
  ])('that are no message: %s', (line) => {
    expect(parseServiceMessage(line)).toBeUndefined();
    expect(parseStandbyMessage(line)).toBeUndefined();
  });

  it('come in pieces, and never too long', () => {
    const lines = new LineSplitter();
    expect(lines.push('{"a":1}\n{"b"')).toEqual(['{"a":1}']);
    expect(lines.push(':2}\n')).toEqual(['{"b":2}']);
    expect(lines.push('x'.repeat(20_000))).toBeUndefined();
  });
});
