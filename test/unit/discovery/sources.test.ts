import { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CHANGE_WINDOW_MS } from '../../../discovery/core/sighting-changes.ts';
import { runTool } from '../../../discovery/sources/child.ts';
import type { DhcpPackage } from '../../../discovery/sources/dhcp-listener.ts';
import { startDhcpSources } from '../../../discovery/sources/dhcp-sources.ts';
import { startDiscovery } from '../../../discovery/sources/discovery.ts';
import { startInterfaceWatcher } from '../../../discovery/sources/interfaces.ts';
import { startLeaseWatcher } from '../../../discovery/sources/lease-watcher.ts';
import { buildPcap, wrapInFrame } from './build-dhcp.ts';
import { dhcpPayload, frame } from './dhcp-frames.ts';
import { harness, lan } from './harness.ts';

const MAC = 'b8:27:eb:c0:ff:ee';

describe('DHCP taps', () => {
  const start = () => {
    const parts = harness();
    const counted: boolean[] = [];
    const dhcp = startDhcpSources({ ...parts, noLocalDhcpServer: false, count: (isWell) => counted.push(isWell) });
    return { ...parts, dhcp, counted };
  };

  it('see the messages on each interface that is up, VLANs by their number', () => {
    const { dhcp, started, seen, counted } = start();
    dhcp.follow([lan('eth0'), lan('eth1', { index: 3, isUp: false })]);
    const [tap, ...others] = started('tcpdump');
    expect(others).toEqual([]);
    expect(tap?.commandLine).toContain('-i eth0 -n -p -U --immediate-mode');
    tap?.prints(buildPcap([frame('udhcpcDiscover'), wrapInFrame(dhcpPayload('dhclientDiscover'), MAC, [42])]));
    tap?.prints(new Uint8Array());
    expect(seen.map(([mac, { interface: name, messageType }]) => [mac, name, messageType])).toEqual([
      [MAC, 'eth0', 'DISCOVER'],
      [MAC, 'eth0.42', 'DISCOVER'],
    ]);
    expect(counted).toEqual([true, true]);
    expect(dhcp.states()).toEqual([{ name: 'dhcp eth0', working: true }]);
  });

  it('start again with growing pauses, warn once, and say CAPTURE_FAILED in between', () => {
    const { dhcp, started, clock, warnings } = start();
    dhcp.follow([lan('eth0')]);
    for (const pauseMs of [500, 1000, 2000]) {
      const before = started('tcpdump').length;
      started('tcpdump')
        .at(-1)
        ?.ends(1, 'tcpdump: listening on eth0\ntcpdump: eth0: You have no permission\n0 packets captured\n');
      expect(dhcp.states()).toEqual([
        {
          name: 'dhcp eth0',
          working: false,
          detail: 'Listening for DHCP on eth0 stopped: tcpdump: eth0: You have no permission',
        },
      ]);
      clock.advance(pauseMs - 1);
      expect(started('tcpdump')).toHaveLength(before);
      clock.advance(1);
      expect(started('tcpdump')).toHaveLength(before + 1);
    }
    expect(warnings).toEqual(['DHCP is not seen']);
    started('tcpdump').at(-1)?.prints(buildPcap([]));
    expect(dhcp.states()).toEqual([{ name: 'dhcp eth0', working: true }]);
    clock.advance(10_000);
    started('tcpdump').at(-1)?.ends(1);
    clock.advance(500);
    expect(started('tcpdump')).toHaveLength(5);
  });

  it('follow interfaces that go, come back under the same name, and stop', async () => {
    const { dhcp, started } = start();
    dhcp.follow([lan('eth0')]);
    dhcp.follow([lan('eth0')]);
    expect(started('tcpdump')).toHaveLength(1);
    dhcp.follow([lan('eth0', { index: 9 })]);
    expect(started('tcpdump').map(({ signals }) => signals)).toEqual([['SIGTERM'], []]);
    await dhcp.stop();
    expect(started('tcpdump').map(({ signals }) => signals)).toEqual([['SIGTERM'], ['SIGTERM']]);
  });

  it('kill a child that does not end', async () => {
    const { dhcp, started, clock } = start();
    dhcp.follow([lan('eth0')]);
    const [tap] = started('tcpdump');
    if (tap !== undefined) tap.isObedient = false;
    const stopped = dhcp.stop();
    clock.advance(2000);
    await stopped;
    expect(tap?.signals).toEqual(['SIGTERM', 'SIGKILL']);
  });
});

describe('DHCP listener', () => {
  const start = () => {
    const parts = harness();
    const handler = Object.assign(new EventEmitter(), {
      listen: vi.fn<() => void>(),
      close: (callback: () => void) => callback(),
    });
    const named: number[] = [];
    const library: DhcpPackage = {
      createBroadcastHandler: () => handler,
      addOption: (code) => void named.push(code),
    };
    const dhcp = startDhcpSources({ ...parts, noLocalDhcpServer: true, count: () => undefined, package: library });
    dhcp.follow([lan('eth0')]);
    return { ...parts, dhcp, handler, named };
  };

  it('is used alone where no DHCP server is local, and reads with our parser', () => {
    const { dhcp, handler, named, seen, started } = start();
    const socket = new EventEmitter();
    handler.emit('listening', socket);
    socket.emit('message', Buffer.from(dhcpPayload('networkdDiscover')));
    socket.emit('message', Buffer.from([1]));
    handler.emit('error', new RangeError('what the parser of the package makes of a byte'));
    expect(seen).toMatchObject([
      ['dc:a6:32:0a:0b:0c', { interface: 'eth0', clientId: 'ff0102030400020000ab110011223344556677' }],
    ]);
    expect(dhcp.states()).toEqual([{ name: 'dhcp listener', working: true }]);
    expect(started('tcpdump')).toEqual([]);
    expect(named).toHaveLength(254);
  });

  it('gives way to taps when port 67 is taken', () => {
    const { dhcp, handler, started } = start();
    handler.emit(
      'error',
      Object.assign(new TypeError('bind EADDRINUSE 0.0.0.0:67'), { syscall: 'bind', code: 'EADDRINUSE' }),
    );
    expect(started('tcpdump')).toHaveLength(1);
    expect(dhcp.states()).toMatchObject([{ name: 'dhcp eth0' }]);
  });
});

describe('lease watcher', () => {
  const folders: string[] = [];
  afterEach(async () => {
    await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
  });

  it('reports new and changed leases of a file that comes later, and no unchanged or ended ones', async () => {
    const { clock, seen, logger, observe } = harness();
    const folder = await mkdtemp(join(tmpdir(), 'usher-leases-'));
    folders.push(folder);
    const path = join(folder, 'dnsmasq.leases');
    const watcher = startLeaseWatcher({ path, clock, logger, observe });
    await expect.poll(() => watcher.state()).toMatchObject({ working: true, detail: 'no such file yet' });

    await writeFile(path, `0 ${MAC} 10.0.0.9 pi *\n999 dc:a6:32:00:00:01 10.0.0.10 ended *\n`);
    clock.advance(5000);
    await expect.poll(() => seen).toHaveLength(1);
    expect(seen[0]).toEqual([MAC, { source: 'lease', interface: '', atMs: 1_005_000, ip: '10.0.0.9', hostname: 'pi' }]);
    expect(watcher.state().working).toBe(true);

    // dnsmasq empties the file before it writes it anew.
    await writeFile(path, '');
    clock.advance(5000);
    await writeFile(path, `0 ${MAC} 10.0.0.9 pi *\n2000 dc:a6:32:00:00:02 10.0.0.11 * *\n`);
    clock.advance(5000);
    await expect.poll(() => seen).toHaveLength(2);
    await watcher.stop();
    expect(seen[1]?.[0]).toBe('dc:a6:32:00:00:02');
    expect(clock.pending).toBe(0);
  });
});

describe('interface watcher', () => {
  it('reads the interfaces once for a burst of notices, in time however long it lasts, and tells changes only', async () => {
    const { spawn, started, clock, logger } = harness({ 'ip -json address': '[]' });
    const onChange = vi.fn();
    const watcher = startInterfaceWatcher({ spawn, clock, logger, onChange });
    await watcher.ready;
    for (let ms = 0; ms < 500; ms += 10) {
      started('ip -o monitor')[0]?.prints('5: veth1: <UP>\n');
      clock.advance(10);
      await Promise.resolve();
    }
    const surveys = started('ip -json address').length;
    expect(surveys).toBeGreaterThan(5);
    expect(surveys).toBeLessThan(13);
    expect(onChange).toHaveBeenCalledOnce();
    await watcher.stop();
    clock.advance(60_000);
    expect(started('ip -json address')).toHaveLength(surveys);
  });
});

describe('runTool', () => {
  it('gives the output, or what the program said last', async () => {
    const { spawn, started, clock } = harness({ 'ip neigh': 'a\nb\n' });
    await expect(runTool(spawn, clock, 'ip', ['neigh'])).resolves.toBe('a\nb\n');
    const failing = runTool(spawn, clock, 'ip', ['link']);
    started('ip link')[0]?.ends(1, 'Object "link" is unknown\n');
    await expect(failing).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: 'ip link failed: Object "link" is unknown',
    });
    expect(clock.pending).toBe(0);
  });

  it('ends a program that hangs or prints without end', async () => {
    const { spawn, started, clock } = harness();
    const hanging = runTool(spawn, clock, 'ip', ['a']);
    clock.advance(5000);
    await expect(hanging).rejects.toMatchObject({ code: 'TOOL_FAILED' });
    const endless = runTool(spawn, clock, 'ip', ['b']);
    for (let n = 0; n < 5; n += 1) started('ip b')[0]?.prints('x'.repeat(1024 * 1024));
    await expect(endless).rejects.toMatchObject({ code: 'TOOL_FAILED' });
    expect(started('ip b')[0]?.signals).toContain('SIGKILL');
  });
});

describe('discovery', () => {
  it('composes the sources, leaves this machine out, and stops all of them', async () => {
    const links = JSON.stringify([
      {
        ifindex: 2,
        ifname: 'eth0',
        flags: ['UP'],
        link_type: 'ether',
        address: '02:00:00:00:00:01',
        addr_info: [{ family: 'inet', local: '10.77.0.1', prefixlen: 24 }],
      },
    ]);
    const neighbours = `10.77.0.5 dev eth0 lladdr ${MAC} STALE\n10.9.0.5 dev wan lladdr dc:a6:32:00:00:09 REACHABLE\n`;
    const { spawn, started, clock, logger } = harness({ 'ip -json address': links, 'ip neigh show': neighbours });
    const closed = vi.fn(() => Promise.resolve());
    const discovery = await startDiscovery({
      leaseFiles: ['/nonexistent/dnsmasq.leases'],
      noLocalDhcpServer: false,
      clock,
      logger,
      spawn,
      openMdns: () => ({ query: () => undefined, queryHost: () => undefined, close: closed }),
    });
    await expect.poll(() => discovery.sightings.list().map(({ mac, ip }) => [mac, ip])).toEqual([[MAC, '10.77.0.5']]);
    const own = Buffer.from(frame('udhcpcDiscover').slice());
    own.set([2, 0, 0, 0, 0, 1], 6);
    own.set([2, 0, 0, 0, 0, 1], 70);
    started('tcpdump')[0]?.prints(buildPcap([own, frame('udhcpcDiscover'), frame('dnsmasqAck').subarray(0, 400)]));

    expect(discovery.sightings.list({ all: true }).map(({ mac }) => mac)).toEqual([MAC]);
    expect(discovery.sightings.get(MAC)).toMatchObject({
      hostname: 'raspberrypi',
      vendor: 'Raspberry Pi Foundation',
      score: 55,
    });
    expect(discovery.interfaces()).toEqual([{ name: 'eth0', addresses: ['10.77.0.1'] }]);
    expect(discovery.sources().map(({ name, working }) => [name, working])).toEqual([
      ['dhcp eth0', true],
      ['mdns eth0', true],
      ['leases /nonexistent/dnsmasq.leases', true],
      ['neighbours', true],
      ['interfaces', true],
    ]);
    expect(discovery.counters()).toMatchObject({ dhcpMessages: 3, dhcpMalformed: 0, known: 1 });

    await discovery.stop();
    expect(closed).toHaveBeenCalledOnce();
    for (const program of ['tcpdump', 'ip -o monitor neigh', 'ip -o monitor link address']) {
      expect(started(program)[0]?.signals).toEqual(['SIGTERM']);
    }
    clock.advance(2 * CHANGE_WINDOW_MS);
    expect(clock.pending).toBe(0);
  });
});
