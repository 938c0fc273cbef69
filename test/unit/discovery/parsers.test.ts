import { describe, expect, it } from 'vitest';
import { isOnLink } from '../../../discovery/core/ipv4.ts';
import { surveyInterfaces } from '../../../discovery/core/lan-interface.ts';
import { parseLeases } from '../../../discovery/core/lease-file.ts';
import { createLineSplitter } from '../../../discovery/core/line-splitter.ts';
import { createNeighbourTable } from '../../../discovery/core/neighbour-table.ts';
import { parseNeighbour } from '../../../discovery/core/neighbour.ts';

describe('lease file', () => {
  it('reads IPv4 leases and skips everything else', () => {
    const text = [
      '1795359163 b8:27:eb:c0:ff:ee 10.77.0.111 raspberrypi 01:B8:27:EB:C0:FF:EE',
      '0 dc:a6:32:00:00:01 10.77.0.112 * *',
      '06-00:01 nonsense',
      '1795359163 nonsense 10.77.0.5 name *',
      '1795359163 dc:a6:32:00:00:02 10.77.0.999 name *',
      'duid 00:01:00:01:2a:2b:2c:2d:b8:27:eb:c0:ff:ee',
      '1795359163 838860 fd00::5 pi 00:01:00:01',
      '',
    ].join('\n');
    expect(parseLeases(text)).toEqual([
      {
        mac: 'b8:27:eb:c0:ff:ee',
        ip: '10.77.0.111',
        hostname: 'raspberrypi',
        clientId: '01b827ebc0ffee',
        expiresAtMs: 1_795_359_163_000,
      },
      { mac: 'dc:a6:32:00:00:01', ip: '10.77.0.112' },
    ]);
  });
});

describe('neighbour lines', () => {
  it.each([
    [
      '10.77.0.5 dev eth0 lladdr dc:a6:32:01:02:03 REACHABLE',
      { ip: '10.77.0.5', interface: 'eth0', mac: 'dc:a6:32:01:02:03', state: 'REACHABLE' },
    ],
    [
      '[NEIGH]fe80::1 dev br-lan lladdr dc:a6:32:01:02:03 router extern_learn  STALE',
      { ip: 'fe80::1', interface: 'br-lan', mac: 'dc:a6:32:01:02:03', state: 'STALE' },
    ],
    ['Deleted 10.77.0.5 dev eth0 lladdr dc:a6:32:01:02:03 STALE', undefined],
    ['10.77.0.6 dev eth0  FAILED', undefined],
    ['10.77.0.6 dev eth0 lladdr dc:a6:32:01:02:03 FAILED', undefined],
    ['224.0.0.22 dev eth0 lladdr 01:00:5e:00:00:16 NOARP', undefined],
    ['10.77.0.7 dev eth0 lladdr dc:a6:32:01:02:03 PERMANENT', undefined],
    ['Timestamp: Sun Nov 22 14:12:00 2026', undefined],
    ['', undefined],
  ])('%s', (line, neighbour) => {
    expect(parseNeighbour(line)).toEqual(neighbour);
  });

  it('tells presence from an entry that only ages', () => {
    const table = createNeighbourTable();
    const entry = { ip: '10.77.0.5', interface: 'eth0', mac: 'dc:a6:32:01:02:03' };
    expect(table.learn({ ...entry, state: 'STALE' })).toBe(true);
    expect(table.learn({ ...entry, state: 'STALE' })).toBe(false);
    expect(table.learn({ ...entry, state: 'REACHABLE' })).toBe(true);
    expect(table.learn({ ...entry, mac: 'dc:a6:32:01:02:04', state: 'STALE' })).toBe(true);
    expect(table.macOf('10.77.0.5')).toBe('dc:a6:32:01:02:04');
  });
});

describe('line splitter', () => {
  it('joins pieces, skips empty lines, and drops a line without end', () => {
    const split = createLineSplitter({ maxLineLength: 5 });
    expect(split('ab')).toEqual([]);
    expect(split('c\n\nde\nf')).toEqual(['abc', 'de']);
    expect(split('g'.repeat(1000))).toEqual([]);
    expect(split('h\nij\n')).toEqual(['ij']);
  });
});

describe('interfaces', () => {
  const link = (ifname: string, more: object = {}) => ({
    ifindex: ifname.length,
    ifname,
    flags: ['BROADCAST', 'UP'],
    link_type: 'ether',
    address: '02:00:00:00:00:01',
    addr_info: [{ family: 'inet', local: '10.77.0.1', prefixlen: 24 }],
    ...more,
  });
  const machine = JSON.stringify([
    link('lo', { link_type: 'loopback', address: '00:00:00:00:00:00' }),
    link('br-lan', { address: '02:00:00:00:00:02' }),
    link('eth1', { master: 'br-lan', addr_info: [] }),
    link('wlan0', { flags: [], addr_info: [{ family: 'inet6', local: 'fd00::1', prefixlen: 64 }] }),
    ...['cni0', 'flannel.1', 'veth12ab', 'docker0', 'br-0123456789ab', 'tailscale0', 'wg0', 'ifb0'].map((name) =>
      link(name),
    ),
    link('tun7', { link_type: 'none', address: undefined }),
    {},
  ]);

  it('finds what leads to the LAN', () => {
    const survey = surveyInterfaces(machine);
    expect(survey?.lan).toEqual([
      {
        name: 'br-lan',
        index: 6,
        mac: '02:00:00:00:00:02',
        isUp: true,
        addresses: [{ address: '10.77.0.1', prefixLength: 24 }],
      },
      { name: 'wlan0', index: 5, mac: '02:00:00:00:00:01', isUp: false, addresses: [] },
    ]);
    expect(survey?.ownMacs).toContain('02:00:00:00:00:02');
  });

  it('obeys names, a bridge port or container bridge among them', () => {
    expect(surveyInterfaces(machine, ['eth1', 'cni0', 'absent'])?.lan.map(({ name }) => name)).toEqual([
      'eth1',
      'cni0',
    ]);
  });

  it.each(['', 'Object "address" is unknown', '{"ifname": 3}'])('is undefined for %j', (text) => {
    expect(surveyInterfaces(text)).toBeUndefined();
  });
});

describe('isOnLink', () => {
  it.each([
    ['10.77.0.200', 24, true],
    ['10.77.1.1', 24, false],
    ['10.77.1.1', 23, true],
    ['10.78.0.1', 16, false],
    ['192.0.2.1', 0, true],
    ['10.77.0.1', 32, true],
    ['10.77.0.256', 24, false],
    ['fe80::1', 24, false],
  ])('%s in 10.77.0.1/%i: %s', (ip, prefixLength, expected) => {
    expect(isOnLink(ip, { address: '10.77.0.1', prefixLength })).toBe(expected);
  });
});
