import { describe, expect, it } from 'vitest';
import { ChangeGate } from '../../../api/server/change-gate.ts';
import { Sessions } from '../../../api/server/sessions.ts';
import { SignIn } from '../../../api/server/sign-in.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ANNA = { user: { name: 'anna', role: 'viewer' }, way: 'password', ip: '10.0.0.9', browser: '' } as const;

function outcome(act: () => void): string {
  try {
    act();
    return 'signed in';
  } catch (error) {
    return error instanceof UsherError ? error.code : 'other';
  }
}

describe('one-time codes', () => {
  it('work once, however they are typed', () => {
    const signIn = new SignIn(new ManualClock(), systemRandom);
    const code = signIn.newCode().code.reveal();
    expect(code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    const typed = code.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
    expect(outcome(() => signIn.redeem(typed, '10.0.0.9'))).toBe('signed in');
    expect(outcome(() => signIn.redeem(code, '10.0.0.9'))).toBe('SIGN_IN_FAILED');
  });

  it('expire after ten minutes', () => {
    const clock = new ManualClock();
    const signIn = new SignIn(clock, systemRandom);
    const { code } = signIn.newCode();
    clock.advance(10 * MINUTE);
    expect(outcome(() => signIn.redeem(code.reveal(), '10.0.0.9'))).toBe('SIGN_IN_FAILED');
  });

  it('may be guessed five times in a quarter of an hour, then half as often each time', () => {
    const clock = new ManualClock();
    const signIn = new SignIn(clock, systemRandom);
    const tries = (): string[] =>
      Array.from({ length: 6 }, () => outcome(() => signIn.redeem('0000-0000', '10.0.0.9')));
    const failed = Array<string>(5).fill('SIGN_IN_FAILED');
    expect(tries()).toEqual([...failed, 'SIGN_IN_LIMITED']);
    expect(outcome(() => signIn.redeem(signIn.newCode().code.reveal(), '10.0.0.9'))).toBe('SIGN_IN_LIMITED');
    expect(outcome(() => signIn.redeem(signIn.newCode().code.reveal(), '10.0.0.8'))).toBe('signed in');
    clock.advance(15 * MINUTE);
    expect(tries()).toEqual([...failed, 'SIGN_IN_LIMITED']);
    clock.advance(15 * MINUTE);
    expect(tries()[0]).toBe('SIGN_IN_LIMITED');
    clock.advance(15 * MINUTE);
    expect(outcome(() => signIn.redeem(signIn.newCode().code.reveal(), '10.0.0.9'))).toBe('signed in');
  });
});

describe('sessions', () => {
  it('end when unused for twelve hours, and after a week in any case', () => {
    const clock = new ManualClock();
    const sessions = new Sessions(clock, systemRandom);
    const [idle, busy] = [sessions.begin(ANNA), sessions.begin(ANNA)];
    for (let hours = 0; hours < 7 * 24 - 11; hours += 11) {
      clock.advance(11 * HOUR);
      expect(sessions.find(busy.token)).toBe(busy.session);
    }
    expect(sessions.find(idle.token)).toBeUndefined();
    clock.advance(11 * HOUR);
    expect(sessions.isAlive(busy.session)).toBe(false);
    expect(sessions.find(busy.token)).toBeUndefined();
  });

  it('are bounded: the one unused for longest ends', () => {
    const sessions = new Sessions(new ManualClock(), systemRandom);
    const [first, second] = [sessions.begin(ANNA), sessions.begin(ANNA)];
    sessions.find(first.token);
    for (let i = 0; i < 255; i += 1) sessions.begin({ ...ANNA, user: { name: `user-${i}`, role: 'viewer' } });
    expect([sessions.isAlive(first.session), sessions.isAlive(second.session)]).toEqual([true, false]);
  });
});

describe('the gate for changes', () => {
  it('passes the first change at once and of a burst only the last', () => {
    const clock = new ManualClock();
    const gate = new ChangeGate(clock);
    const passed: string[] = [];
    const offer = (text: string): void => gate.offer('row', text, () => passed.push(text));
    offer('a');
    expect(passed).toEqual(['a']);
    for (const text of ['b', 'c', 'd']) offer(text);
    expect(passed).toEqual(['a']);
    clock.advance(100);
    expect(passed).toEqual(['a', 'd']);
    clock.advance(100);
    offer('d');
    expect(passed).toEqual(['a', 'd']);
    offer('e');
    offer('d');
    clock.advance(100);
    expect(passed).toEqual(['a', 'd', 'e', 'd']);
  });

  it('tells of a removal at once, and of nothing that was removed before', () => {
    const clock = new ManualClock();
    const gate = new ChangeGate(clock);
    const passed: string[] = [];
    gate.remove('row', () => passed.push('gone'));
    gate.offer('row', 'a', () => passed.push('a'));
    gate.offer('row', 'b', () => passed.push('b'));
    gate.remove('row', () => passed.push('gone'));
    clock.advance(1000);
    expect(passed).toEqual(['a', 'gone']);
  });
});
