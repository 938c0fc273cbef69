import { describe, expect, it } from 'vitest';
import { followAddresses } from '../../../appliance/follow-addresses.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('the addresses of this machine', () => {
  it('are passed on when they have settled, each time anew, until it is stopped', async () => {
    const clock = new ManualClock();
    let now = ['192.0.2.1'];
    const told: string[][] = [];
    const moveTo = (addresses: readonly string[]): Promise<void> => Promise.resolve(void told.push([...addresses]));
    const stop = followAddresses({ addresses: () => now, cluster: { moveTo }, clock, logger: silentLogger });
    const look = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += 1) {
        clock.advance(1000);
        await Promise.resolve();
        await Promise.resolve();
      }
    };
    await look(5);
    expect(told).toEqual([['192.0.2.1']]);
    now = [];
    await look(2);
    now = ['192.0.2.1'];
    await look(2);
    now = ['192.0.2.9'];
    await look(5);
    expect(told).toEqual([['192.0.2.1'], ['192.0.2.9']]);
    stop();
    now = ['192.0.2.10'];
    await look(5);
    expect(told).toHaveLength(2);
  });

  it('are passed on again when that failed', async () => {
    const clock = new ManualClock();
    let tries = 0;
    const moveTo = (): Promise<void> => {
      tries += 1;
      return tries < 3 ? Promise.reject(new UsherError('DISK_FULL', { what: 'k3s', path: '/' })) : Promise.resolve();
    };
    const stop = followAddresses({ addresses: () => ['192.0.2.1'], cluster: { moveTo }, clock, logger: silentLogger });
    for (let i = 0; i < 20; i += 1) {
      clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    stop();
    expect(tries).toBe(3);
  });
});
