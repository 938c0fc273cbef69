import { resolve } from 'node:path';
import { ensureRequirements } from '../../appliance/doctor.ts';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { sleep, systemClock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { CardFile } from '../../join/protocol/messages.ts';
import { applianceIn, type ApplianceProcess } from '../../lab/appliance-process.ts';
import { Crowd, type HollowReport } from '../../lab/hollow/crowd.ts';
import { type HollowBoard, hollowBoard } from '../../lab/hollow/hollow-board.ts';
import { buildStandIn } from '../../lab/k3s-stand-in/build.ts';
import { claimBoards, inParallel, settledAccount } from '../support/crowd-account.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchSite, onBenchSite } from './bench-site.ts';
import { CrowdWatch } from './crowd-watch.ts';
import { load } from './load.ts';
import { summarise, type Summary } from './summary.ts';
import { writeFigures } from './write-figures.ts';

/** One storm: so many boards switched on at once. */
export interface StormResult {
  /** First DHCP packet → first row with its MAC address at a client of the operators' API. */
  readonly visibleMs: Summary;
  /** First hello → the row of its key. */
  readonly enrolledMs: Summary;
  /** First hello → its row says Ready: most of it is waiting for one of the eight places. */
  readonly readyMs: Summary;
  /** From the first DHCP packet of all to the last row that says Ready. */
  readonly joinsPerMinute: number;
  /** Largest resident memory of the appliance's process during the storm, and before it. */
  readonly rssMb: number;
  readonly idleRssMb: number;
  /** Processor time of that process. */
  readonly cpuSec: number;
  /** Requests that change something, a device: those of Usher, and those of k3s and the boards (without heartbeats). */
  readonly apiWritesPerDevice: { readonly usher: number; readonly others: number };
  /** Boards that did not become exactly one labelled Ready Node, and objects that no board accounts for. */
  readonly lost: number;
  readonly surplus: number;
  /** Tickets, allow-listed names and loose node passwords that were left over. */
  readonly leftOver: number;
}

const LAB_NAME = 'storm';
const SETTLE_MS = 5_000;
const LOOK_MS = 500;
const SAY_EVERY_MS = 10_000;
/** After this long without a further Ready board the rest counts as lost. */
const STUCK_MS = 120_000;
/** Until k3s has tied the last node password to its Node, and the last ticket is burnt. */
const TIDY_LIMIT_MS = 30_000;

/**
 * Boards by the hundred, hollow but with the real protocols, switched on at once on a fresh site: cards with a token
 * each, claims by serial applied beforehand. One storm for each of `sizes`, each on a site of its own.
 * @throws UsherError STOPPED on SIGINT or SIGTERM, and whatever fails; the site is taken down before
 */
export async function benchStorm({ k3s, images, sizes, say }: BenchOptions): Promise<Record<string, StormResult>> {
  const stop = new AbortController();
  const { signal } = stop;
  const onSignal = (): void => stop.abort(new UsherError('STOPPED'));
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const results: Record<string, StormResult> = {};
  try {
    await ensureRequirements('tests', say);
    const found =
      k3s === undefined || images === undefined
        ? await buildStandIn({ cacheDir: cacheDirectory(process.env), onProgress: say, signal })
        : { k3sPath: k3s, imagesDir: images };
    const k3sPath = resolve(k3s ?? found.k3sPath);
    const imagesDir = resolve(images ?? found.imagesDir);
    for (const size of sizes) {
      // The master is no node: a kubelet of its own would only take processor time from what is measured.
      const options = { labName: LAB_NAME, k3sPath, imagesDir, say, signal, applianceArgs: ['--control-plane-only'] };
      results[String(size)] = await onBenchSite(options, (bench) => new Storm(bench, size, say).run());
    }
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
  return results;
}

class Storm {
  readonly #bench: BenchSite;
  readonly #boards: readonly HollowBoard[];
  readonly #say: (line: string) => void;
  readonly #watch = new CrowdWatch();
  #peakMb = 0;

  constructor(bench: BenchSite, size: number, say: (line: string) => void) {
    this.#bench = bench;
    this.#boards = Array.from({ length: size }, (_, index) => hollowBoard(index + 1));
    this.#say = (line) => say(`${String(size).padStart(4)}: ${line}`);
  }

  async run(): Promise<StormResult> {
    const { site, signal } = this.#bench;
    const cards = await this.#writeCards();
    this.#say('cards are written and claims applied');
    const crowd = await Crowd.start(site.lab);
    try {
      await sleep(systemClock, SETTLE_MS, signal);
      this.#watch.start(this.#bench);
      const appliance = await applianceIn(site.lab);
      const [before, writesBefore] = [await appliance.figures(), await writeFigures(this.#bench)];
      this.#say(`power on; load ${load()}, appliance ${before.rssMb.toFixed(0)} MB`);
      crowd.switchOn({ cards });
      await this.#untilReady(crowd, appliance);
      const after = await appliance.figures();
      const writesAfter = await writeFigures(this.#bench);
      this.#say(`all that get there are there; load ${load()}`);
      const left = await this.#account();
      await this.#watch.stop();
      const perDevice = (count: number): number => Math.round((count / this.#boards.length) * 10) / 10;
      const usher = writesAfter.usher - writesBefore.usher;
      return {
        ...this.#times([...crowd.reports.values()]),
        rssMb: Math.round(this.#peakMb),
        idleRssMb: Math.round(before.rssMb),
        cpuSec: Math.round((after.cpuSec - before.cpuSec) * 10) / 10,
        apiWritesPerDevice: {
          usher: perDevice(usher),
          others: perDevice(writesAfter.all - writesBefore.all - usher),
        },
        ...left,
      };
    } finally {
      await crowd.close();
    }
  }

  async #writeCards(): Promise<Map<number, CardFile>> {
    const { client, kube } = this.#bench;
    const cards = new Map<number, CardFile>();
    await inParallel(this.#boards, async ({ number, name }) => {
      cards.set(number, (await client.createToken({ kind: 'card', note: name })).card as CardFile);
    });
    await claimBoards(kube, this.#boards);
    return cards;
  }

  async #untilReady(crowd: Crowd, appliance: ApplianceProcess): Promise<void> {
    let lastGain = { count: 0, atMs: Date.now() };
    let saidMs = Date.now();
    for (;;) {
      await sleep(systemClock, LOOK_MS, this.#bench.signal);
      const { rssMb } = await appliance.figures();
      this.#peakMb = Math.max(this.#peakMb, rssMb);
      const count = this.#watch.ready.size;
      if (count > lastGain.count) lastGain = { count, atMs: Date.now() };
      if (Date.now() - saidMs > SAY_EVERY_MS) {
        saidMs = Date.now();
        const { seen, enrolled } = this.#watch;
        const counts = `${String(seen.size)} seen, ${String(enrolled.size)} rows, ${String(count)} Ready`;
        this.#say(`${counts}; appliance ${rssMb.toFixed(0)} MB; load ${load()}${troublesOf(crowd)}`);
      }
      if (count >= this.#boards.length || Date.now() - lastGain.atMs > STUCK_MS) return;
    }
  }

  #times(
    reports: readonly HollowReport[],
  ): Pick<StormResult, 'visibleMs' | 'enrolledMs' | 'readyMs' | 'joinsPerMinute'> {
    const { seen, enrolled, ready } = this.#watch;
    const between = (from: number | undefined, to: number | undefined): number[] =>
      from === undefined || to === undefined ? [] : [to - from];
    const firstMs = Math.min(...reports.flatMap(({ moments }) => moments.dhcp ?? []));
    const lastMs = Math.max(...ready.values());
    return {
      visibleMs: summarise(reports.flatMap(({ board, moments }) => between(moments.dhcp, seen.get(board.mac)))),
      enrolledMs: summarise(reports.flatMap(({ deviceId, moments }) => between(moments.hello, enrolled.get(deviceId)))),
      readyMs: summarise(reports.flatMap(({ deviceId, moments }) => between(moments.hello, ready.get(deviceId)))),
      joinsPerMinute: Math.round((ready.size / (lastMs - firstMs)) * 60_000),
    };
  }

  async #account(): Promise<Pick<StormResult, 'lost' | 'surplus' | 'leftOver'>> {
    const account = await settledAccount(this.#bench.kube, this.#boards, TIDY_LIMIT_MS);
    const { lost, surplus, tickets, listedNames, loosePasswords } = account;
    const leftOver = [...tickets, ...listedNames, ...loosePasswords];
    for (const line of [...lost, ...surplus, ...leftOver].slice(0, 20)) this.#say(`not as it should be: ${line}`);
    return { lost: lost.length, surplus: surplus.length, leftOver: leftOver.length };
  }
}

/** How the figures of the smallest and the largest storm compare, for people. */
export function growthText(results: Readonly<Record<string, StormResult>>): string {
  const sizes = Object.keys(results).sort((a, b) => Number(a) - Number(b));
  const [first, last] = [results[sizes[0] ?? ''], results[sizes.at(-1) ?? '']];
  const lines = sizes.map((size) => {
    const { visibleMs, readyMs, joinsPerMinute, rssMb, cpuSec, apiWritesPerDevice, lost } = results[size] ?? {};
    return [
      `${size.padStart(5)} boards: visible p50 ${text(visibleMs?.p50)} p95 ${text(visibleMs?.p95)} ms,`,
      `Ready p50 ${text(readyMs?.p50)} p95 ${text(readyMs?.p95)} ms, ${text(joinsPerMinute)} joins/min,`,
      `${text(rssMb)} MB, ${text(cpuSec)} s CPU,`,
      `${text(apiWritesPerDevice?.usher)} + ${text(apiWritesPerDevice?.others)} writes a device, ${text(lost)} lost`,
    ].join(' ');
  });
  if (first === undefined || last === undefined || first === last) return `${lines.join('\n')}\n`;
  const [small = 1, large = 1] = [sizes[0], sizes.at(-1)].map(Number);
  const factor = (one: number, other: number): string => `${(other / one).toFixed(1)}×`;
  lines.push(
    [
      `Growth ${String(small)} → ${String(large)} (${factor(small, large)} the boards):`,
      `CPU ${factor(first.cpuSec, last.cpuSec)}, memory above idle`,
      `${factor(first.rssMb - first.idleRssMb, last.rssMb - last.idleRssMb)},`,
      `time a join ${factor(last.joinsPerMinute, first.joinsPerMinute)},`,
      `Usher's writes a device ${factor(first.apiWritesPerDevice.usher, last.apiWritesPerDevice.usher)}`,
    ].join(' '),
  );
  return `${lines.join('\n')}\n`;
}

function text(value: number | undefined): string {
  return value === undefined ? '–' : String(value);
}

function troublesOf(crowd: Crowd): string {
  const counts = new Map<string, number>();
  for (const { troubles } of crowd.reports.values()) {
    for (const trouble of troubles) {
      // The reason, as far as it is the same for all of them.
      const code = /^\w+/.exec(trouble)?.[0] ?? '';
      const reason = /\((?!https)([^()]{1,60})\)$/.exec(trouble)?.[1];
      const key = reason === undefined ? code : `${code} (${reason})`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts.size === 0 ? '' : `; ${[...counts].map(([code, count]) => `${code} ${String(count)}`).join(', ')}`;
}
