import { beforeAll, describe, expect, it } from 'vitest';
import {
  findOverlaps,
  type Matcher,
  matchReasons,
  parseMatchers,
  queriedServices,
} from '../../../discovery/core/matchers.ts';
import type { Observation } from '../../../discovery/core/sighting.ts';
import { CANDIDATE_SCORE } from '../../../discovery/core/sightings.ts';
import { matchesWildcard, wildcardsIntersect } from '../../../discovery/core/wildcard.ts';
import { loadMatchers } from '../../../discovery/sources/matchers-file.ts';
import { loadVendors, type VendorOf } from '../../../discovery/sources/vendors.ts';

describe('wildcards', () => {
  it.each([
    ['raspberrypi*', 'RaspberryPi-7', true],
    ['raspberrypi*', 'my-raspberrypi', false],
    ['*pi', 'raspberrypi', true],
    ['dhcpcd-*:BCM*', 'dhcpcd-9.4.1:Linux-6.1.21-v8+:aarch64:BCM2835', true],
    ['dhcpcd-*:BCM*', 'dhcpcd-9.4.1:Linux-6.1:x86_64:GenuineIntel', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['*', '', true],
    ['', 'a', false],
    ['a*', '', false],
  ])('%s against %s: %s', (pattern, text, expected) => {
    expect(matchesWildcard(pattern, text)).toBe(expected);
  });

  it('is quick on what makes regular expressions slow', () => {
    const startedMs = performance.now();
    expect(matchesWildcard('*a'.repeat(32), `${'a'.repeat(20_000)}b`)).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  it.each([
    ['usher:*', 'usher*', true],
    ['usher-*', 'raspberrypi*', false],
    ['*pi', 'rasp*', true],
    ['a?', '?b', true],
    ['a*b', 'a*c', false],
    ['*', '', true],
  ])('%s and %s meet: %s', (one, other, expected) => {
    expect(wildcardsIntersect(one, other)).toBe(expected);
    expect(wildcardsIntersect(other, one)).toBe(expected);
  });
});

describe('the matchers that ship', () => {
  let matchers: Matcher[];
  let vendorOf: VendorOf;
  beforeAll(async () => {
    [matchers, vendorOf] = await Promise.all([loadMatchers(), loadVendors()]);
  });

  const reasonsFor = (mac: string, ...facts: Partial<Observation>[]) => {
    const observations = facts.map((fact): Observation => ({ source: 'dhcp', interface: 'eth0', atMs: 0, ...fact }));
    return matchReasons(matchers, { mac, vendor: vendorOf(mac), observations });
  };
  const scoreOf = (...args: Parameters<typeof reasonsFor>) =>
    reasonsFor(...args).reduce((sum, { score }) => sum + score, 0);

  it('count no fact twice', () => {
    expect(findOverlaps(matchers)).toEqual([]);
  });

  it.each([
    'b8:27:eb',
    '28:cd:c1',
    '2c:cf:67',
    '88:a2:9e',
    'd8:3a:dd',
    'dc:a6:32',
    'e4:5f:01',
    'f0:40:af:90',
    '8c:1f:64:34:a0',
  ])('take %s for a Raspberry Pi by the registry, its small blocks included', (prefix) => {
    const mac = `${prefix}:00:00:00:00`.slice(0, 17);
    expect(reasonsFor(mac).map(({ matcher }) => matcher)).toEqual(['raspberry-pi-mac']);
  });

  it.each(['f0:40:af:80:00:00', '8c:1f:64:00:00:00', '02:27:eb:00:00:00', 'ba:27:eb:00:00:00', '00:00:0c:00:00:00'])(
    'do not take %s for one',
    (mac) => {
      expect(reasonsFor(mac)).toEqual([]);
    },
  );

  const other = '00:00:0c:00:00:01';
  it.each<[string, boolean, Partial<Observation>[]]>([
    ['an Usher card', true, [{ vendorClass: 'usher:1' }]],
    ['an announced device', true, [{ source: 'mdns', service: '_usher-device._tcp' }]],
    ['a bootloader', true, [{ machineUuid: '00525069341431d00032b023c3d80092e0' }]],
    [
      'old Raspberry Pi OS',
      true,
      [{ vendorClass: 'dhcpcd-9.4.1:Linux-6.1.21-v8+:aarch64:BCM2835', hostname: 'raspberrypi' }],
    ],
    ['only a name', false, [{ hostname: 'raspberrypi' }]],
    ['a Linux laptop', false, [{ source: 'mdns', service: '_workstation._tcp' }, { vendorClass: 'anaconda-Linux' }]],
    ['PXE of a PC', false, [{ vendorClass: 'PXEClient:Arch:00007:UNDI:003016', architecture: 7 }]],
  ])('%s: candidate %s', (_name, isCandidate, facts) => {
    expect(scoreOf(other, ...facts) >= CANDIDATE_SCORE).toBe(isCandidate);
  });

  it('compare the parameter list as a set', () => {
    const list = [1, 2, 6, 12, 15, 26, 28, 121, 3, 33, 40, 41, 42, 119, 249, 252, 17];
    expect(reasonsFor(other, { parameterList: list }).map(({ matcher }) => matcher)).toEqual(['network-manager']);
    expect(reasonsFor(other, { parameterList: list.slice(1) })).toEqual([]);
  });

  it('say which services to ask for, the device first', () => {
    expect(queriedServices(matchers)).toEqual(['_usher-device._tcp', '_workstation._tcp']);
  });
});

describe('a matchers file', () => {
  const matcher = (more: object) => ({ name: 'a', score: 5, why: 'because', ...more });

  it.each([
    ['no matchers', {}, /matchers/],
    ['an unknown field', { matchers: [matcher({ hostnme: 'x' })] }, /hostnme/],
    ['nothing to match', { matchers: [matcher({})] }, /names nothing to match/],
    ['one name twice', { matchers: [matcher({ hostname: 'x' }), matcher({ vendor: 'y' })] }, /one name/],
    ['a score beyond 100', { matchers: [matcher({ hostname: 'x', score: 101 })] }, /matchers\[0\].score/],
  ])('with %s is refused, naming the place', (_name, data, message) => {
    expect(() => parseMatchers(data)).toThrow(expect.objectContaining({ code: 'MATCHERS_INVALID' }) as Error);
    expect(() => parseMatchers(data)).toThrow(message);
  });

  it('that overlaps is found', () => {
    const overlapping = parseMatchers({
      matchers: [
        matcher({ name: 'wide', hostname: 'usher*' }),
        matcher({ name: 'narrow', hostname: 'usher-*', vendor: 'Raspberry*' }),
        matcher({ name: 'apart', hostname: 'pi-*' }),
        matcher({ name: 'crossing', vendor: '*Ltd', serial: '1*' }),
      ],
    });
    expect(findOverlaps(overlapping)).toEqual([{ one: 'wide', other: 'narrow' }]);
  });

  it('that is missing or no YAML is an error of ours', async () => {
    await expect(loadMatchers('/nonexistent/matchers.yaml')).rejects.toMatchObject({ code: 'MATCHERS_INVALID' });
  });
});
