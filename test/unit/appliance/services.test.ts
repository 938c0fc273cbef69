import { describe, expect, it } from 'vitest';
import { brokerUrlOf, NodePrograms } from '../../../appliance/services.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('the broker of the site', () => {
  it.each([
    ['mqtt://broker:1884', ['10.0.0.1'], 'mqtt://broker:1884'],
    [undefined, ['10.0.0.1', '10.0.0.2'], 'mqtt://10.0.0.1:1883'],
    [undefined, ['fd00::1'], 'mqtt://[fd00::1]:1883'],
    [undefined, [], 'mqtt://127.0.0.1:1883'],
  ])('%s with %j is %s', (given, addresses, expected) => {
    expect(brokerUrlOf(given, addresses)).toBe(expected);
  });
});

describe('the programs of the nodes', () => {
  it('are run once their image is there, and again when that failed', async () => {
    const clock = new ManualClock();
    const state = { isAtHand: false, fails: true, runs: 0 };
    const programs = new NodePrograms({
      isAtHand: () => Promise.resolve(state.isAtHand),
      run: () => {
        state.runs += 1;
        return state.fails ? Promise.reject(new UsherError('KUBE_UNREACHABLE', { detail: 'x' })) : Promise.resolve();
      },
      clock,
      logger: silentLogger,
    });
    const second = async (): Promise<number> => {
      clock.advance(1000);
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return state.runs;
    };
    programs.start();
    expect([await second(), await second()]).toEqual([0, 0]);
    state.isAtHand = true;
    expect(await second()).toBe(1);
    state.fails = false;
    expect([await second(), await second(), await second()]).toEqual([2, 2, 2]);
    await programs.stop();
    expect(clock.pending).toBe(0);
  });
});
