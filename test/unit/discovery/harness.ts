import type { LanInterface } from '../../../discovery/core/lan-interface.ts';
import type { Observation } from '../../../discovery/core/sighting.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { fakeSpawn } from './fake-spawn.ts';

/** What every source is given, and what it did with it. `answers`: see fakeSpawn. */
export function harness(answers: Record<string, string> = {}) {
  const clock = new ManualClock(1_000_000);
  const seen: [string, Observation][] = [];
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };
  const observe = (mac: string, observation: Observation) => void seen.push([mac, observation]);
  return { clock, seen, warnings, logger, observe, ...fakeSpawn(answers) };
}

/** An interface that is up, 10.77.0.1/24 unless told otherwise. */
export function lan(name: string, more: Partial<LanInterface> = {}): LanInterface {
  const addresses = [{ address: '10.77.0.1', prefixLength: 24 }];
  return { name, index: 2, mac: '02:00:00:00:00:01', isUp: true, addresses, ...more };
}
