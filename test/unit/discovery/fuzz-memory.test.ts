import { expect, it } from 'vitest';
import { createMdnsCache } from '../../../discovery/core/mdns-cache.ts';
import { readMdnsResponse } from '../../../discovery/core/mdns-record.ts';
import { heapUsedAfterGc } from './fuzz-site.ts';

const SENDERS = 256;
const RECORDS = 64;
const TXT_BYTES = 250;
const TXT_STRINGS = 32;

/** A neighbour may send from every address of the LAN, and fill each with the largest records there are. */
it('the mDNS cache stays small whatever is announced', { timeout: 60_000 }, () => {
  const cache = createMdnsCache({ services: ['_usher-device._tcp'] });
  const before = heapUsedAfterGc();
  for (let sender = 0; sender < SENDERS; sender += 1) {
    const answers = Array.from({ length: RECORDS }, (_, index) => ({
      type: 'TXT',
      name: `${String(index)}._usher-device._tcp.local`,
      ttl: 4500,
      data: Array.from({ length: TXT_STRINGS }, (__, key) => Buffer.from(`k${String(key)}=`.padEnd(TXT_BYTES, 'x'))),
    }));
    cache.accept(`10.77.${String(sender >> 8)}.${String(sender & 255)}`, readMdnsResponse({ answers }), 0);
  }
  // Without a limit this would be some 160 MiB.
  expect(heapUsedAfterGc() - before).toBeLessThan(64 * 1024 * 1024);
  // The last one is still there.
  expect(cache.factsOf(`10.77.${String((SENDERS - 1) >> 8)}.${String((SENDERS - 1) & 255)}`, 1).txt).toBeDefined();
});
