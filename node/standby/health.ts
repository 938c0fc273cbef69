import { parseArgs } from 'node:util';
import { HEALTH_FILE, isAtWork, isHealthy } from '../health-file.ts';
import { monotonicClock } from '../grant-protocol/monotonic-clock.ts';

// What the kubelet asks again and again, so it brings nothing of the standby with it.
// usage: health.mjs [known] [--health PATH]; exit code 0 when the standby is well
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { health: { type: 'string', default: HEALTH_FILE } },
});
const isWell = positionals[0] === 'known' ? isAtWork : isHealthy;
process.exitCode = isWell(values.health, monotonicClock) ? 0 : 1;
