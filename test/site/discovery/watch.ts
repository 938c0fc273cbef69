/**
 * Runs discovery in the network namespace it is started in, and prints what happens as JSON lines, each with the time of
 * this machine's clock. Arguments: a JSON object with `interfaces`, `leaseFiles`, `noLocalDhcpServer`. Ends on SIGTERM.
 */
import { systemClock } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import { type DiscoveryOptions, startDiscovery } from '../../../discovery/sources/discovery.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as Pick<
  DiscoveryOptions,
  'interfaces' | 'leaseFiles' | 'noLocalDhcpServer'
>;

function print(event: string, data: object): void {
  process.stdout.write(`${JSON.stringify({ event, atMs: Date.now(), ...data })}\n`);
}

const logger: Logger = {
  debug: () => undefined,
  info: (fields, message) => print('log', { message, fields }),
  warn: (fields, message) => print('log', { message, fields }),
  error: (fields, message) => print('log', { message, fields }),
  child: () => logger,
};

const discovery = await startDiscovery({ ...options, clock: systemClock, logger });
discovery.sightings.onChange((change) => print('change', { change }));
const keepAlive = setInterval(() => {
  print('state', { sources: discovery.sources(), interfaces: discovery.interfaces(), counters: discovery.counters() });
}, 100);

process.once('SIGTERM', () => {
  clearInterval(keepAlive);
  void discovery
    .stop()
    .then(() => print('stopped', { counters: discovery.counters(), rssBytes: process.memoryUsage.rss() }));
});
