import { describe, expect, it } from 'vitest';
import { startMdnsBrowser } from '../../../discovery/sources/mdns-browser.ts';
import type { MdnsSocketEvents, OpenMdns } from '../../../discovery/sources/mdns-socket.ts';
import { harness, lan } from './harness.ts';

const MAC = 'b8:27:eb:c0:ff:ee';

describe('mDNS browser', () => {
  const start = (macs: Record<string, string> = {}) => {
    const parts = harness();
    const sockets: {
      address: string;
      events: MdnsSocketEvents;
      queries: number;
      asked: string[];
      isClosed: boolean;
    }[] = [];
    const open: OpenMdns = (address, events) => {
      const socket = { address, events, queries: 0, asked: [] as string[], isClosed: false };
      sockets.push(socket);
      return {
        query: () => void (socket.queries += 1),
        queryHost: (ip) => void socket.asked.push(ip),
        close: () => Promise.resolve(void (socket.isClosed = true)),
      };
    };
    const browser = startMdnsBrowser({
      ...parts,
      open,
      services: ['_usher-device._tcp'],
      macOf: (ip) => macs[ip],
      count: () => undefined,
    });
    return { ...parts, browser, sockets };
  };
  const name = 'usher-1._usher-device._tcp.local';
  const packet = { answers: [{ type: 'PTR', name: '_usher-device._tcp.local', ttl: 120, data: name }] };
  const eth0 = lan('eth0');
  const eth1 = lan('eth1', { index: 3, addresses: [{ address: '10.78.0.1', prefixLength: 24 }] });

  it('counts a packet once, for the interface its sender is on', () => {
    const { browser, sockets, seen } = start({ '10.78.0.5': MAC });
    browser.follow([eth0, eth1]);
    for (const { events } of sockets) events.onResponse(packet, { address: '10.78.0.5', port: 5353 });
    expect(seen).toMatchObject([
      [MAC, { source: 'mdns', interface: 'eth1', ip: '10.78.0.5', service: '_usher-device._tcp' }],
    ]);
  });

  it.each([
    ['off the link', { address: '192.0.2.9', port: 5353 }],
    ['another port', { address: '10.77.0.5', port: 5354 }],
    ['this machine itself', { address: '10.77.0.1', port: 5353 }],
  ])('does not believe %s', (_name, sender) => {
    const { browser, sockets, seen } = start({ '192.0.2.9': MAC, '10.77.0.5': MAC, '10.77.0.1': MAC });
    browser.follow([eth0]);
    sockets[0]?.events.onResponse(packet, sender);
    expect(seen).toEqual([]);
  });

  it('asks the sender when its MAC address is unknown, not too often, and reports once it is known', () => {
    const { browser, sockets, seen, clock } = start();
    browser.follow([eth0]);
    const hear = () => sockets[0]?.events.onResponse(packet, { address: '10.77.0.5', port: 5353 });
    hear();
    hear();
    expect(sockets[0]?.asked).toEqual(['10.77.0.5']);
    clock.advance(10_000);
    hear();
    expect(sockets[0]?.asked).toHaveLength(2);
    browser.onResolved('10.77.0.6', MAC);
    expect(seen).toEqual([]);
    browser.onResolved('10.77.0.5', MAC);
    browser.onResolved('10.77.0.5', MAC);
    expect(seen).toMatchObject([[MAC, { ip: '10.77.0.5', service: '_usher-device._tcp' }]]);
  });

  it('asks for services at 0, 1, 4, 13, 40, 100 and 400 s, then every 300 s', () => {
    const { browser, sockets, clock } = start();
    browser.follow([eth0]);
    const counts = [0, 1, 3, 9, 27, 60, 300, 300, 300].map((sec) => {
      clock.advance(sec * 1000);
      return sockets[0]?.queries;
    });
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('opens a new socket for a changed address, and again 30 s after a failure', async () => {
    const { browser, sockets, clock } = start();
    browser.follow([eth0]);
    browser.follow([lan('eth0', { addresses: [{ address: '10.77.0.2', prefixLength: 24 }] })]);
    expect(sockets.map(({ address, isClosed }) => [address, isClosed])).toEqual([
      ['10.77.0.1', true],
      ['10.77.0.2', false],
    ]);
    sockets[1]?.events.onFailure(new TypeError('send ENODEV'));
    expect(browser.states()).toEqual([{ name: 'mdns eth0', working: false, detail: 'send ENODEV' }]);
    clock.advance(30_000);
    await expect.poll(() => sockets).toHaveLength(3);
    expect(browser.states()).toEqual([{ name: 'mdns eth0', working: true }]);
    browser.follow([]);
    expect(browser.states()).toEqual([]);
  });
});
