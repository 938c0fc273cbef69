import { describe, expect, it } from 'vitest';
import { encodeQr } from '../../../bootstrap-image/agent/adapters/qr.ts';
import { nextStep, type Situation } from '../../../bootstrap-image/agent/core/agent-plan.ts';
import {
  consoleLine,
  consoleText,
  issueText,
  type ConsoleView,
} from '../../../bootstrap-image/agent/core/console-text.ts';
import { CODE_GRACE_MS, CODE_SHOWN_MS, DisplayCodes } from '../../../bootstrap-image/agent/core/display-codes.ts';
import { halfBlocks } from '../../../bootstrap-image/agent/core/half-blocks.ts';
import { problemInOwnWords, refused } from '../../../bootstrap-image/agent/core/refusal.ts';
import { pollPauseMs } from '../../../bootstrap-image/agent/core/retry-schedule.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { Secret } from '../../../foundation/secret.ts';
import { claimCodeUrl } from '../../../join/protocol/claim-code.ts';
import { ENROL_STATES } from '../../../join/protocol/messages.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { readQrFromScreen } from '../../support/qr-picture.ts';

const ID = 'qk4t7m00000000000000000000';
const CODE = new Secret('K7QF2M9XTR4C8WHD');

describe('the QR code of a text screen', () => {
  it.each([
    ['https://usher.local', 23],
    ['https://192.168.100.100:8443', 23],
    [`https://${'usher.'.repeat(11)}local`, 25],
  ])('of %s fits on it and says the URL', async (base, mostRows) => {
    const url = claimCodeUrl(base, ID, CODE);
    const lines = halfBlocks(encodeQr(url));
    expect(lines.length).toBeLessThanOrEqual(mostRows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const view: ConsoleView = {
      deviceId: ID,
      step: 'poll',
      claimCode: { on: 'screen', typed: 'QK4T7M-K7QF', qr: lines },
    };
    expect(await readQrFromScreen(issueText(view))).toBe(url);
    expect(consoleText(view)).toContain('QK4T7M-K7QF');
    expect(consoleLine(view)).toContain('QK4T7M-K7QF');
  });

  it('is not there when the code is on a label', () => {
    const text = consoleText({ deviceId: ID, step: 'poll', claimCode: { on: 'label' } });
    expect(text).toMatch(/Code +on the label/);
    expect(text).not.toMatch(/[█▀▄]/);
  });
});

describe('the codes of a screen', () => {
  it('change every ten minutes; the one before counts for five more', () => {
    const clock = new ManualClock();
    let shown = 0;
    const codes = new DisplayCodes({ clock, random: systemRandom, onChange: () => (shown += 1) });
    const first = codes.current.reveal();
    clock.advance(CODE_SHOWN_MS - 1);
    expect([codes.current.reveal(), shown]).toEqual([first, 0]);
    clock.advance(1);
    expect(shown).toBe(1);
    expect(codes.usable.map((code) => code.reveal())).toEqual([codes.current.reveal(), first]);
    clock.advance(CODE_GRACE_MS);
    expect(codes.usable).toHaveLength(1);
    codes.renew();
    expect([codes.usable.length, shown]).toEqual([1, 2]);
    codes.close();
    expect(clock.pending).toBe(0);
  });
});

describe('before the appliance has proven itself', () => {
  const stranger: Situation = {
    ...{ siteKnown: false, hasCode: true, codeEntered: false, cardHoldsToken: false, phase: 'new', connected: true },
    ...{
      state: undefined,
      artifactsReady: true,
      ticketConfirmed: true,
      joinedReported: true,
      k3sConfigured: true,
      k3sDown: false,
    },
  };

  it.each(ENROL_STATES)('%s makes it do nothing but wait, or prove its code', (state) => {
    expect(nextStep({ ...stranger, state })).toBe('poll');
    expect(nextStep({ ...stranger, state, codeEntered: true })).toBe('prove');
  });

  it.each([
    ['news that a stranger makes up', { isTrusted: false, isNews: true, tookMs: 5 }, 1_000],
    ['a stranger who sends it to sleep', { isTrusted: false, isNews: false, tookMs: 5, retryAfterSec: 1e9 }, 300_000],
    ['news of the appliance', { isTrusted: true, isNews: true, tookMs: 5, retryAfterSec: 5 }, 0],
    [
      'an appliance without a place for long polls',
      { isTrusted: true, isNews: false, tookMs: 5, retryAfterSec: 5 },
      5_000,
    ],
  ])('is not kept busy, nor asleep: %s', (_what, answer, pauseMs) => {
    expect(pollPauseMs(answer)).toBe(pauseMs);
  });

  it('shows no word of whoever answers', () => {
    const body = { error: { code: 'PAY_FIRST', message: 'send money', remedy: 'to evil.example' } };
    expect(problemInOwnWords(refused(403, body), ID)).toMatchObject({ code: 'CLAIM_CODE_AWAITED' });
    const wrong = { error: { code: 'CLAIM_CODE_WRONG', message: 'send money', remedy: 'to evil.example' } };
    expect(JSON.stringify(problemInOwnWords(refused(403, wrong), ID))).not.toContain('evil');
  });
});
