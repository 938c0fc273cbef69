import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMdnsCache } from '../../../discovery/core/mdns-cache.ts';
import { readMdnsResponse } from '../../../discovery/core/mdns-record.ts';

const SERVICES = ['_usher-device._tcp', '_workstation._tcp'];
const SENDER = '10.77.0.5';
const ID = 'k4t7m2k7qf2m9xtr4c8whdk4t7';
const DEVICE = 'usher-k4t7m2._usher-device._tcp.local';

const ptr = (type: string, data: string, ttl = 4500) => ({ type: 'PTR', name: `${type}.local`, ttl, data });
const srv = (name: string, target: string) => ({ type: 'SRV', name, ttl: 120, data: { port: 9, target } });
const txt = (name: string, ...strings: string[]) => ({
  type: 'TXT',
  name,
  ttl: 4500,
  data: strings.map((s) => Buffer.from(s)),
});
const a = (name: string, data: string) => ({ type: 'A', name, ttl: 120, data });

function cacheWith(...packets: object[][]) {
  const cache = createMdnsCache({ services: SERVICES });
  const accepted = packets.map((answers) => cache.accept(SENDER, readMdnsResponse({ answers, additionals: [] }), 0));
  return { cache, accepted, facts: cache.factsOf(SENDER, 1) };
}

describe('mDNS answers', () => {
  it('of a device give its id, TXT and name', () => {
    const { facts } = cacheWith([
      ptr('_usher-device._tcp', DEVICE),
      srv(DEVICE, 'RaspberryPi.local.'),
      txt(DEVICE, 'v=1', `id=${ID}`, 'st=new', 'flag', 'a=b=c', 'v=2'),
    ]);
    expect(facts).toEqual({
      service: '_usher-device._tcp',
      hostname: 'raspberrypi',
      deviceId: ID,
      txt: { v: '1', id: ID, st: 'new', flag: '', a: 'b=c' },
    });
  });

  it('may come one by one, in any order, and change', () => {
    const { accepted, facts } = cacheWith(
      [txt(DEVICE, 'st=new')],
      [ptr('_usher-device._tcp', DEVICE)],
      [srv(DEVICE, 'pi.local')],
      [txt(DEVICE, 'st=old')],
    );
    expect(accepted).toEqual([true, true, true, true]);
    expect(facts).toMatchObject({ service: '_usher-device._tcp', hostname: 'pi', txt: { st: 'old' } });
  });

  it('of a workstation give the name before its MAC address, dots and all', () => {
    const instance = 'My Pi v1.2 [dc:a6:32:01:02:03]._workstation._tcp.local';
    expect(cacheWith([ptr('_workstation._tcp', instance)]).facts).toEqual({
      service: '_workstation._tcp',
      hostname: 'My Pi v1.2',
    });
  });

  it('of several services give the most telling one', () => {
    const workstation = 'pi [dc:a6:32:01:02:03]._workstation._tcp.local';
    const { facts } = cacheWith([ptr('_usher-device._tcp', DEVICE)], [ptr('_workstation._tcp', workstation)]);
    expect(facts.service).toBe('_usher-device._tcp');
  });

  it('with an address count for the sender who has it', () => {
    expect(cacheWith([a('pi.local', SENDER)])).toMatchObject({ accepted: [true], facts: { hostname: 'pi' } });
    expect(cacheWith([a('pi.local', '10.77.0.6')])).toMatchObject({ accepted: [false], facts: {} });
    expect(cacheWith([a('pi.example.com', SENDER)]).accepted).toEqual([false]);
  });

  it('about other services say nothing', () => {
    expect(
      cacheWith([ptr('_ipp._tcp', 'Printer._ipp._tcp.local'), txt('Printer._ipp._tcp.local', 'a=b')]).accepted,
    ).toEqual([false]);
  });

  it('that say goodbye hide nothing', () => {
    const { accepted, facts } = cacheWith([ptr('_usher-device._tcp', DEVICE)], [ptr('_usher-device._tcp', DEVICE, 0)]);
    expect(accepted).toEqual([true, false]);
    expect(facts.service).toBe('_usher-device._tcp');
  });

  it('expire by their own time, never later than 75 minutes', () => {
    const { cache } = cacheWith([ptr('_usher-device._tcp', DEVICE, 0xffffffff), srv(DEVICE, 'pi.local')]);
    expect(cache.factsOf(SENDER, 119_999).hostname).toBe('pi');
    expect(cache.factsOf(SENDER, 120_000)).toEqual({ service: '_usher-device._tcp' });
    expect(cache.factsOf(SENDER, 4_500_000)).toEqual({});
  });

  it('with an id that is none give no device id', () => {
    expect(cacheWith([txt(DEVICE, 'id=../../etc/passwd')]).facts.deviceId).toBeUndefined();
  });

  it('are bounded by sender and in all', () => {
    const cache = createMdnsCache({ services: SERVICES, maxSenders: 10, maxRecordsPerSender: 4 });
    for (let n = 0; n < 1000; n += 1) {
      const record = txt(`d${String(n)}._usher-device._tcp.local`, `n=${String(n)}`);
      cache.accept(SENDER, readMdnsResponse({ answers: [record] }), 0);
    }
    expect(cache.factsOf(SENDER, 1).txt).toEqual({ n: '996' });
    for (let n = 0; n < 20; n += 1)
      cache.accept(`10.0.0.${String(n)}`, readMdnsResponse({ answers: [txt(DEVICE, 'a=b')] }), 0);
    expect(cache.factsOf(SENDER, 1)).toEqual({});
  });

  it('of any shape never throw', () => {
    const value = fc.oneof(fc.anything(), fc.string(), fc.uint8Array(), fc.constant(DEVICE));
    const record = fc.record({
      type: fc.constantFrom('PTR', 'SRV', 'TXT', 'A', 'NSEC', 7),
      name: value,
      ttl: fc.anything(),
      data: value,
    });
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.record({ answers: fc.array(record), additionals: fc.anything() })),
        (packet) => {
          const cache = createMdnsCache({ services: SERVICES });
          cache.accept(SENDER, readMdnsResponse(packet), 0);
          cache.factsOf(SENDER, 1);
        },
      ),
      { numRuns: 700, seed: 3 },
    );
  });
});
