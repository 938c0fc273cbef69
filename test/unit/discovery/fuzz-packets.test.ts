import { afterEach, describe, expect, it } from 'vitest';
import { runs } from '../../support/full-run.ts';
import { firstUnprintable } from '../../support/hostile-strings.ts';
import { Dice, fuzzSeed } from '../../support/seeded.ts';
import { buildDhcp, buildPcap, option, optionsField, wrapInFrame } from './build-dhcp.ts';
import { anyMac, mutantFrame, spoiltPcap } from './fuzz-dhcp.ts';
import { honestAnnouncement, mutantDns } from './fuzz-dns.ts';
import { FuzzSite, heapUsedAfterGc } from './fuzz-site.ts';

const PACKETS = runs(20_000, 1_000_000);
/** Average over all, in time on the processor, so that a busy machine does not count. */
const MOST_CPU_MS_EACH = 5;
const MOST_HEAP_GROWTH = 96 * 1024 * 1024;
/** Simulated time between packets: at first so short that the limits bite, then so long that the list fills and turns over. */
const GAPS_MS = { storm: 2, stream: 300 };
const STORM = PACKETS / 2;
const HONEST_MAC = 'dc:a6:32:0e:0e:0e';
const HONEST_IP = '10.77.200.200';
const HONEST_ID = 'h0nestc0ffee00000000000000';

type Packet =
  | { kind: 'dhcp' | 'pcap'; bytes: Uint8Array }
  | { kind: 'mdns'; bytes: Uint8Array; from: string; port: number }
  | { kind: 'neighbour'; bytes: Uint8Array };

let site: FuzzSite;
afterEach(() => site.stop());

function packetOf(dice: Dice, isStorm: boolean): Packet {
  const from = `10.77.${String(dice.below(dice.oneIn(4) ? 256 : 4))}.${String(dice.below(256))}`;
  switch (dice.below(20)) {
    case 0:
      return { kind: 'neighbour', bytes: Buffer.from(`${from} dev eth0 lladdr ${anyMac(dice)} REACHABLE\n`) };
    case 1: {
      const line = Buffer.from(`${from} dev eth0 lladdr ${anyMac(dice)} STALE\n`);
      for (let times = 1 + dice.below(4); times > 0; times -= 1) line[dice.below(line.length)] = dice.byte();
      return { kind: 'neighbour', bytes: line };
    }
    case 2:
      return !isStorm && dice.oneIn(50)
        ? { kind: 'pcap', bytes: spoiltPcap(dice, buildPcap([mutantFrame(dice)])) }
        : { kind: 'dhcp', bytes: mutantFrame(dice) };
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
      return {
        kind: 'mdns',
        bytes: mutantDns(dice, from),
        from: dice.oneIn(30) ? '192.0.2.1' : from,
        port: dice.oneIn(30) ? 53 : 5353,
      };
    default:
      return { kind: 'dhcp', bytes: mutantFrame(dice) };
  }
}

/** Hands the packet to the site as the kernel, tcpdump and `ip` would, in pieces now and then. */
function send(packet: Packet, dice: Dice): void {
  if (packet.kind === 'mdns') {
    site.hearMdns(packet.bytes, packet.from, packet.port);
  } else if (packet.kind === 'neighbour') {
    site.program('ip -o monitor neigh').prints(packet.bytes);
  } else {
    // A stream that broke is begun anew; the others go on behind the file header of the first.
    const tap = site.program('tcpdump');
    const stream = packet.kind === 'pcap' ? packet.bytes : buildPcap([packet.bytes]).subarray(24);
    const cut = dice.oneIn(5) ? dice.below(stream.length + 1) : stream.length;
    tap.prints(stream.subarray(0, cut));
    tap.prints(stream.subarray(cut));
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A stream that was cut short or whose lengths lied is over: the tap is restarted, as tcpdump's end does it. */
async function restartTap(): Promise<void> {
  site.program('tcpdump').ends(1);
  for (let step = 0; step < 31; step += 1) {
    await nextTurn();
    site.clock.advance(1000);
  }
  await nextTurn();
  site.program('tcpdump').prints(buildPcap([]));
}

function describeCase(seed: number, index: number, packet: Packet): string {
  return `USHER_SEED=${String(seed)} packet ${String(index)} ${packet.kind} ${Buffer.from(packet.bytes).toString('hex')}`;
}

describe('packets that are wrong', () => {
  it(`${String(PACKETS)} of them leave discovery as it was`, { timeout: 1_800_000 }, async () => {
    const seed = fuzzSeed('packets');
    site = await new FuzzSite().start();
    site.program('tcpdump').prints(buildPcap([]));
    const startedAtMs = site.clock.nowMs();
    let broken = 0;
    let heapBefore = 0;
    const [cpuBefore, startMs] = [process.cpuUsage(), performance.now()];
    for (let index = 0; index < PACKETS; index += 1) {
      const dice = new Dice(seed, index);
      const packet = packetOf(dice, index < STORM);
      try {
        send(packet, dice);
        if (site.unprintable !== undefined) expect.fail(site.unprintable);
      } catch (error) {
        expect.fail(`${describeCase(seed, index, packet)}\n${String(error)}`);
      }
      if (packet.kind === 'pcap') {
        broken += 1;
        await restartTap();
      }
      site.clock.advance(index < STORM ? GAPS_MS.storm : GAPS_MS.stream);
      // Programs answer between packets.
      if (index % 8 === 0) await nextTurn();
      if (index === Math.floor(PACKETS / 2)) heapBefore = heapUsedAfterGc();
    }
    const cpu = process.cpuUsage(cpuBefore);
    const tookMs = performance.now() - startMs;
    const counters = site.discovery.counters();
    process.stderr.write(
      `${String(Math.round(PACKETS / (tookMs / 1000)))} packets a second, ${JSON.stringify({ ...counters, changes: site.changes, logLines: site.logLines, sent: site.socket.sent, growth: heapUsedAfterGc() - heapBefore })}\n`,
    );

    expect((cpu.user + cpu.system) / 1000 / PACKETS).toBeLessThan(MOST_CPU_MS_EACH);
    expect(heapUsedAfterGc() - heapBefore).toBeLessThan(MOST_HEAP_GROWTH);
    // A loss of the tap and its return are worth a line each; packets are worth none.
    expect(site.logLines).toBeLessThan(20 + 4 * broken);
    expect(site.longestLogLine).toBeLessThan(1000);
    expect(counters.known).toBeLessThanOrEqual(4096);
    expect(site.rows.ids().size).toBeLessThanOrEqual(4096);
    expect(firstUnprintable(site.discovery.sightings.list({ all: true }))).toBeUndefined();
    expect(firstUnprintable(site.discovery.sources())).toBeUndefined();
    // Questions to unknown senders are limited, whoever asks for them.
    expect(site.socket.sent).toBeLessThan(1000 + (600 * (site.clock.nowMs() - startedAtMs)) / 60_000);
    // The mutants got as far as they should, or nothing was tried.
    expect(counters.refusedNew).toBeGreaterThan(0);
    if (PACKETS > 100_000) expect(counters.evicted).toBeGreaterThan(0);
    expect(counters.observations).toBeGreaterThan(PACKETS / 10);
    expect(counters.dhcpMalformed).toBeGreaterThan(PACKETS / 50);
    expect(counters.mdnsResponses).toBeGreaterThan(PACKETS / 20);

    expectHonestOnesAreSeen();
  });
});

/** After a quiet minute a board that is plugged in is seen, by DHCP and by mDNS. */
function expectHonestOnesAreSeen(): void {
  site.clock.advance(60_000);
  const options = optionsField(3, option(50, [10, 77, 200, 200]), option(12, 'raspberrypi'));
  const tap = site.program('tcpdump');
  tap.prints(buildPcap([wrapInFrame(buildDhcp({ mac: HONEST_MAC, options }), HONEST_MAC)]).subarray(24));
  site.program('ip -o monitor neigh').prints(`\n${HONEST_IP} dev eth0 lladdr ${HONEST_MAC} REACHABLE\n`);
  site.hearMdns(honestAnnouncement(HONEST_ID), HONEST_IP);
  site.clock.advance(1000);
  expect(site.rows.view(`mac:${HONEST_MAC}`)).toMatchObject({ ip: HONEST_IP, hostname: 'raspberrypi' });
  expect(site.discovery.sightings.get(HONEST_MAC)).toMatchObject({ deviceId: HONEST_ID });
}
