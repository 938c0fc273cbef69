import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { unwrapUdp } from '../../discovery/core/ethernet.ts';
import { createPcapReader } from '../../discovery/core/pcap-stream.ts';
import type { Sighting, SightingChange } from '../../discovery/core/sighting.ts';
import { DHCP_FILTER } from '../../discovery/sources/dhcp-tap.ts';
import type { Discovery } from '../../discovery/sources/discovery.ts';
import { buildPcap, wrapInFrame } from '../unit/discovery/build-dhcp.ts';
import { dhcpPayload, frame } from '../unit/discovery/dhcp-frames.ts';
import { type Host, type Program, SmallLan } from './discovery/small-lan.ts';

/** From the DHCP packet on the wire to the sighting; the site's aim for the page as a whole. */
const VISIBLE_WITHIN_MS = 500;
const WATCH = fileURLToPath(new URL('discovery/watch.ts', import.meta.url));
const PEER = fileURLToPath(new URL('discovery/mdns-peer.ts', import.meta.url));
const ID = 'k4t7m2k7qf2m9xtr4c8whdk4t7';

type Line =
  | { event: 'change'; atMs: number; change: SightingChange }
  | ({ event: 'state'; atMs: number } & State)
  | { event: 'log' | 'stopped'; atMs: number };
interface State {
  sources: ReturnType<Discovery['sources']>;
  interfaces: ReturnType<Discovery['interfaces']>;
}

let lan: SmallLan;
const watchers: Program[] = [];

beforeAll(async () => {
  lan = await SmallLan.create();
});
afterEach(async () => {
  await Promise.all(watchers.splice(0).map((watcher) => watcher.stop()));
});
afterAll(async () => {
  await lan.destroy();
});

/** Starts discovery on a host and waits until everything in it works. */
async function watch(
  host: Host,
  options: { noLocalDhcpServer?: boolean; leaseFiles?: string[] } = {},
): Promise<Program> {
  const argument = JSON.stringify({ leaseFiles: [], noLocalDhcpServer: false, ...options });
  const watcher = lan.start(host, process.execPath, [WATCH, argument]);
  watchers.push(watcher);
  await state(watcher, ({ sources }) => sources.some(({ name }) => name.startsWith('dhcp')) && sources.every(isFine));
  return watcher;
}

/** The listener that has given way to taps is no fault. */
const isFine = ({ working }: State['sources'][number]): boolean => working;

function state(watcher: Program, isMet: (state: State) => boolean, since = 0): Promise<State> {
  return watcher.line((text) => {
    const line = JSON.parse(text) as Line;
    return line.event === 'state' && line.atMs >= since && isMet(line) ? line : undefined;
  });
}

/** The first change of a sighting that is as wanted, and when it was told. */
function change(watcher: Program, isWanted: (sighting: Sighting) => boolean) {
  return watcher.line((text) => {
    const line = JSON.parse(text) as Line;
    return line.event === 'change' && isWanted(line.change.sighting) ? { atMs: line.atMs, ...line.change } : undefined;
  });
}

/** Starts a capture on the Pi's own card; the promise inside gives the kernel's time of the first DISCOVER that leaves. */
async function wire(device = 'eth0'): Promise<{ discoverAtMs: Promise<number>; capture: Program }> {
  const capture = lan.start('pi', 'sh', [
    '-c',
    `exec tcpdump -i ${device} -n -v -tt -l --immediate-mode -Q out 'udp port 67' 2>&1`,
  ]);
  await capture.line((line) => (line.includes('listening on') ? true : undefined));
  let lastMs = 0;
  const discoverAtMs = capture.line((line) => {
    const [, seconds] = /^(\d+\.\d+) IP/.exec(line) ?? [];
    if (seconds !== undefined) lastMs = Number(seconds) * 1000;
    return line.includes('Discover') ? lastMs : undefined;
  });
  return { discoverAtMs, capture };
}

/** Lets the Pi ask for a lease and gives, for each watcher, how long after the DISCOVER the sighting was told. */
async function delaysMs(
  observers: readonly Program[],
  isWanted: (sighting: Sighting) => boolean,
  ask: () => Promise<void>,
) {
  const { discoverAtMs, capture } = await wire();
  await ask();
  const sentAtMs = await discoverAtMs;
  const told = await Promise.all(observers.map((watcher) => change(watcher, isWanted)));
  await capture.stop();
  return told.map(({ atMs }) => Math.round(atMs - sentAtMs));
}

const isFast = (delays: readonly number[]): boolean => delays.every((delay) => delay <= VISIBLE_WITHIN_MS);

describe('DHCP', () => {
  it('is seen beside a wildcard dnsmasq and on a third host, and dnsmasq goes on serving', async () => {
    const router = await watch('router', { leaseFiles: [lan.leaseFile] });
    const third = await watch('third');
    const delays = await delaysMs(
      [router, third],
      ({ hostname }) => hostname === 'raspberrypi',
      () => lan.udhcpc('pi', 'raspberrypi'),
    );
    process.stdout.write(`DISCOVER → sighting: router ${String(delays[0])} ms, third host ${String(delays[1])} ms\n`);
    expect(delays).toSatisfy(isFast);

    const { sighting } = await change(router, ({ observations }) =>
      observations.some(({ source }) => source === 'lease'),
    );
    expect(sighting).toMatchObject({
      mac: 'b8:27:eb:c0:ff:ee',
      vendor: 'Raspberry Pi Foundation',
      interface: 'lan',
      hostname: 'raspberrypi',
    });
    expect(sighting.ip).toMatch(/^10\.98\.7\.1\d\d$/);
    const { sighting: remote } = await change(third, ({ ip }) => ip !== undefined);
    expect(remote.ip).toBe(sighting.ip);
    expect(await lan.exec('router', 'ss', ['-Hlunp', 'sport', '=', '67'])).toMatch(/^[^\n]*"dnsmasq"[^\n]*\n$/);
  });

  it('of a card with a foreign MAC address is known by its vendor class (dhclient)', async () => {
    await lan.ip('pi', 'link del eth0');
    await lan.plug('pi', '00:00:0c:12:34:56');
    const [router, third] = [await watch('router'), await watch('third')];
    const isCard = ({ mac, reasons }: Sighting): boolean =>
      mac === '00:00:0c:12:34:56' && reasons.some((r) => r.matcher === 'usher-card');
    const delays = await delaysMs([router, third], isCard, () => lan.dhclient('pi', 'usher:1'));
    process.stdout.write(`DISCOVER → sighting: router ${String(delays[0])} ms, third host ${String(delays[1])} ms\n`);
    expect(delays).toSatisfy(isFast);
  });

  it('is still seen after the interface fell and rose, and after it was removed and made anew', async () => {
    await lan.ip('pi', 'link del eth0');
    await lan.plug('pi', 'dc:a6:32:00:00:05');
    const third = await watch('third');
    const isUp = ({ sources, interfaces }: State): boolean =>
      sources.every(isFine) &&
      sources.some(({ name }) => name === 'dhcp eth0') &&
      interfaces[0]?.addresses.length === 1;

    const fellAtMs = Date.now();
    await lan.ip('third', 'link set eth0 down');
    await state(third, ({ sources }) => sources.every(({ name }) => !name.includes('eth0')), fellAtMs);
    await lan.ip('third', 'link set eth0 up');
    await state(third, isUp, Date.now());
    const afterFall = await delaysMs(
      [third],
      ({ hostname }) => hostname === 'after-fall',
      () => lan.udhcpc('pi', 'after-fall'),
    );
    expect(afterFall).toSatisfy(isFast);

    await lan.ip('third', 'link del eth0');
    await state(third, ({ interfaces }) => interfaces.length === 0, Date.now());
    await lan.plug('third', '00:00:0c:00:00:0a');
    await lan.ip('third', 'addr add 10.98.7.10/24 dev eth0');
    await state(third, isUp, Date.now());
    const anew = await delaysMs(
      [third],
      ({ hostname }) => hostname === 'made-anew',
      () => lan.udhcpc('pi', 'made-anew'),
    );
    expect(anew).toSatisfy(isFast);
  });

  it('in a VLAN passes the filter of the tap', async () => {
    const message = dhcpPayload('udhcpcDiscover');
    const frames = [[], [42], [7, 42]].map((vlanIds) => wrapInFrame(message, 'b8:27:eb:c0:ff:ee', vlanIds));
    const other = frame('udhcpcDiscover').with(35, 69).with(37, 69);
    const [from, to] = [join(lan.folder, 'from.pcap'), join(lan.folder, 'to.pcap')];
    await writeFile(from, buildPcap([...frames, other]));
    await lan.exec('third', 'tcpdump', ['-Z', 'root', '-r', from, '-w', to, DHCP_FILTER]);
    const passed = createPcapReader()
      .push(await readFile(to))
      .map(unwrapUdp);
    expect(passed.map((datagram) => datagram?.vlanId)).toEqual([undefined, 42]);
  });

  it('is heard on port 67 where no server is local, and by a tap where the port is taken after all', async () => {
    const third = await watch('third', { noLocalDhcpServer: true });
    const router = await watch('router', { noLocalDhcpServer: true });
    const delays = await delaysMs(
      [third, router],
      ({ hostname }) => hostname === 'raspberrypi-67',
      () => lan.udhcpc('pi', 'raspberrypi-67'),
    );
    expect(delays).toSatisfy(isFast);
    const dhcpNames = async (watcher: Program) =>
      (await state(watcher, () => true)).sources.filter(({ name }) => name.startsWith('dhcp')).map(({ name }) => name);
    expect(await dhcpNames(third)).toEqual(['dhcp listener']);
    expect(await dhcpNames(router)).toEqual(['dhcp lan']);
    expect(await lan.exec('third', 'ss', ['-Hlun', 'sport', '=', '67'])).not.toBe('');
  });
});

describe('mDNS', () => {
  it('of a device that never asked for an address is seen with its MAC address and id, and its goodbye hides nothing', async () => {
    await lan.ip('pi', 'link del eth0');
    await lan.plug('pi', '00:00:0c:00:00:77');
    await lan.ip('pi', 'addr add 10.98.7.77/24 dev eth0');
    const [router, third] = [await watch('router'), await watch('third')];
    const device = lan.start('pi', process.execPath, [PEER, 'device', ID]);
    for (const watcher of [router, third]) {
      const { sighting } = await change(
        watcher,
        ({ deviceId, hostname }) => deviceId === ID && hostname === 'lathe-pi',
      );
      expect(sighting).toMatchObject({ mac: '00:00:0c:00:00:77', ip: '10.98.7.77' });
    }
    await device.line((line) => (line.includes('ready') ? true : undefined));
    await device.stop();
    await state(third, () => true, Date.now() + 1000);
    expect(third.lines.filter((line) => line.includes('"removed"'))).toEqual([]);
  });

  it('advertises the appliance, follows its TXT, and says goodbye', async () => {
    const browser = lan.start('pi', process.execPath, [PEER, 'browse']);
    await browser.line((line) => (line.includes('ready') ? true : undefined));
    const appliance = lan.start('router', process.execPath, [PEER, 'appliance', ID, 'lan']);
    const heard = (event: string, name = '') =>
      browser.line((line) => (line.includes(event) && line.includes(name) ? (JSON.parse(line) as object) : undefined));
    expect(await heard('up')).toMatchObject({ name: 'usher-k4t7m2k7', port: 7443, addresses: ['10.98.7.1'] });
    expect(await heard('', 'workshop')).toMatchObject({ txt: { v: '1', id: ID, n: 'workshop', api: '1' } });
    await appliance.stop();
    expect(await heard('down')).toMatchObject({ name: 'usher-k4t7m2k7' });
    await browser.stop();
  });
});

describe('stopping', () => {
  it('leaves no process behind', async () => {
    const before = await lan.processes('third');
    const third = await watch('third');
    expect((await lan.processes('third')).length).toBeGreaterThanOrEqual(before.length + 4);
    await third.stop();
    expect(await lan.processes('third')).toEqual(before);
  });
});
