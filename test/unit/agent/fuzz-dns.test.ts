import { describe, expect, it } from 'vitest';
import { decodeResponse, encodeQuery, type DnsRecord } from '../../../bootstrap-image/agent/core/dns-message.ts';
import { lookUpRegistrars, REGISTRAR_SERVICE } from '../../../bootstrap-image/agent/core/service-lookup.ts';
import { runs } from '../../support/full-run.ts';
import { Dice, fuzzSeed } from '../../support/seeded.ts';
import { mutantDns } from '../discovery/fuzz-dns.ts';

const PACKETS = runs(20_000, 1_000_000);
/** As findByMdns keeps of one lookup. */
const MOST_RECORDS = 512;
const LARGEST_DATAGRAM = 65_507;
const MOST_CPU_MS = 10_000;

describe("the agent's own reader of mDNS", () => {
  it(`survives ${String(PACKETS)} mutants`, { timeout: 1_800_000 }, () => {
    const seed = fuzzSeed('agent mDNS');
    let records: DnsRecord[] = [];
    let heard = 0;
    for (let index = 0; index < PACKETS; index += 1) {
      const bytes = mutantDns(new Dice(seed, index), '10.77.0.5');
      try {
        const fresh = decodeResponse(bytes);
        heard += fresh.length;
        // One lookup hears some forty packets.
        records = index % 40 === 0 ? fresh : [...records, ...fresh].slice(0, MOST_RECORDS);
        if (index % 10 !== 9) continue;
        const { urls, questions } = lookUpRegistrars(records, 'k4t7m2c0ffee00000000000000');
        for (const url of urls) if (URL.parse(url) === null) expect.fail(`no URL: ${url}`);
        if (encodeQuery(questions).length > LARGEST_DATAGRAM) expect.fail('a query that cannot be sent');
      } catch (error) {
        expect.fail(
          `USHER_SEED=${String(seed)} ${String(index)} ${Buffer.from(bytes).toString('hex')}\n${String(error)}`,
        );
      }
    }
    expect(heard).toBeGreaterThan(PACKETS / 2);
  });

  it('is not kept busy by a neighbour that makes up as many registrars as it can', () => {
    const instances = Array.from({ length: MOST_RECORDS }, (_, index) => [
      `x${String(index)}`.padEnd(63, 'y'),
      ...REGISTRAR_SERVICE,
    ]);
    const records = instances.map((target): DnsRecord => ({ type: 'PTR', name: REGISTRAR_SERVICE, target }));
    const before = process.cpuUsage();
    // Each packet adds one record, and each is a reason to look again.
    for (let heard = 1; heard <= MOST_RECORDS; heard += 1) {
      const { questions } = lookUpRegistrars(records.slice(0, heard), 'id');
      expect(questions.length).toBeLessThanOrEqual(16);
    }
    const cpu = process.cpuUsage(before);
    expect((cpu.user + cpu.system) / 1000).toBeLessThan(MOST_CPU_MS);
  });
});
