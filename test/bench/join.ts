import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { ensureRequirements } from '../../appliance/doctor.ts';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { sleep, systemClock, toRfc3339 } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import { systemRandom } from '../../foundation/random.ts';
import { approveNodeName, withdrawNodeName } from '../../k8s/approved-nodes.ts';
import {
  createBootstrapToken,
  deleteBootstrapToken,
  joinTokenOf,
  makeBootstrapToken,
} from '../../k8s/bootstrap-token.ts';
import { DEVICE, NODE, type Node, SECRET } from '../../k8s/core/resources.ts';
import { LAN } from '../../lab/core/address-plan.ts';
import { buildStandIn } from '../../lab/k3s-stand-in/build.ts';
import type { BenchOptions } from './bench-options.ts';
import { type BenchSite, onBenchSite, untilFound } from './bench-site.ts';
import { load } from './load.ts';
import { carries, isReady } from './node-watch.ts';
import { summarise, type Summary } from './summary.ts';
import { measureVisibility } from './visibility.ts';
import { WarmPi } from './warm-pi.ts';

const LAB_NAME = 'bench';
const PI = 'pi-1';
const LEAST_VISIBLE = 10;
const TOKEN_LIFE_MS = 600_000;
/** Fetching k3s and importing images for the first time takes its time. */
const JOIN_LIMIT_MS = 120_000;
const CLEAN_UP_LIMIT_MS = 30_000;
const DEVICE_LIMIT_MS = 60_000;
/** Both arms begin this long after their boot is through, so that neither competes with it. */
const SETTLE_MS = 3_000;

/** One claim, timed from just before it is sent. All in milliseconds. */
interface ClaimTimes {
  /** RFC 3339; by it the logs of the machines are found. */
  readonly at: string;
  readonly ticketMs: number;
  readonly k3sMs: number;
  readonly labelsMs: number;
  readonly nodeMs: number;
  readonly readyMs: number;
}

/** k3s started by hand, timed from the start of the program. All in milliseconds. */
interface BareTimes {
  readonly nodeMs: number;
  readonly readyMs: number;
}

/**
 * What Usher adds to a join. Each pair is two joins of one Pi with one warm disk and no k3s running before: `k3s agent`
 * started by hand with a token made beforehand (bare), and a device that waits for its claim being claimed (claim). A
 * power cut and a wipe lie between any two joins; the order within a pair alternates.
 * @returns bareReadyMs, claimReadyMs, overheadMs (claim − bare of each pair), ticketMs (claim sent → ticket on the
 *   device's disk) and visibleMs (first DHCP packet → event at a client of the API)
 * @throws UsherError STOPPED on SIGINT or SIGTERM, and whatever fails; the site is taken down before
 */
export async function benchJoin({ k3s, images, pairs, say }: BenchOptions): Promise<Record<string, Summary>> {
  if (!Number.isInteger(pairs) || pairs < 1) throw new UsherError('USAGE', { detail: '--pairs is a whole number' });
  const stop = new AbortController();
  const { signal } = stop;
  const onSignal = (): void => stop.abort(new UsherError('STOPPED'));
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    await ensureRequirements('tests', say);
    const found =
      k3s === undefined || images === undefined
        ? await buildStandIn({ cacheDir: cacheDirectory(process.env), onProgress: say, signal })
        : { k3sPath: k3s, imagesDir: images };
    const k3sPath = resolve(k3s ?? found.k3sPath);
    const imagesDir = resolve(images ?? found.imagesDir);
    return await onBenchSite({ labName: LAB_NAME, k3sPath, imagesDir, say, signal }, async (bench) => {
      say(`Load before: ${load()}`);
      const joins = await new JoinBench(bench, say).run(pairs);
      const visible = await measureVisibility(bench, Math.max(LEAST_VISIBLE, pairs), say);
      say(`Load after: ${load()}`);
      return { ...joins, visibleMs: summarise(visible) };
    });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

class JoinBench {
  readonly #bench: BenchSite;
  readonly #say: (line: string) => void;
  readonly #labels = { machine: 'bench', location: 'left' };
  #joins = 0;

  constructor(bench: BenchSite, say: (line: string) => void) {
    this.#bench = bench;
    this.#say = say;
  }

  async run(pairs: number): Promise<Record<string, Summary>> {
    const pi = new WarmPi(await this.#bench.site.lab.addPi({ name: PI }));
    const first = await this.#claim(pi);
    const second = await this.#bare(pi);
    this.#say(`warm-up, not counted: claim ${told(first)}; by hand ${told(second)}`);
    const samples: { bare: BareTimes; claim: ClaimTimes }[] = [];
    for (let number = 1; number <= pairs; number += 1) {
      const sample = await this.#pair(pi, number % 2 === 1);
      samples.push(sample);
      const overheadMs = sample.claim.readyMs - sample.bare.readyMs;
      const line = `by hand ${told(sample.bare)}; claim ${told(sample.claim)}; overhead ${overheadMs.toFixed(0)} ms`;
      this.#say(`pair ${String(number)}/${String(pairs)}: ${line}`);
    }
    return {
      bareReadyMs: summarise(samples.map(({ bare }) => bare.readyMs)),
      claimReadyMs: summarise(samples.map(({ claim }) => claim.readyMs)),
      overheadMs: summarise(samples.map(({ bare, claim }) => claim.readyMs - bare.readyMs)),
      ticketMs: summarise(samples.map(({ claim }) => claim.ticketMs)),
    };
  }

  async #pair(pi: WarmPi, bareFirst: boolean): Promise<{ bare: BareTimes; claim: ClaimTimes }> {
    if (bareFirst) {
      const bare = await this.#bare(pi);
      return { bare, claim: await this.#claim(pi) };
    }
    const claim = await this.#claim(pi);
    return { bare: await this.#bare(pi), claim };
  }

  async #bare(pi: WarmPi): Promise<BareTimes> {
    const { kube, signal } = this.#bench;
    const nodeName = this.#nextName();
    await pi.wipe();
    await pi.bootBare();
    const token = makeBootstrapToken(systemRandom);
    const caHash = createHash('sha256')
      .update(await kube.getRaw('/cacerts'))
      .digest('hex');
    await approveNodeName(kube, nodeName, 'bench');
    await createBootstrapToken(kube, { token, expiresAtMs: Date.now() + TOKEN_LIFE_MS, description: 'bench' });
    await sleep(systemClock, SETTLE_MS, signal);
    const joined = this.#watch(nodeName, () => true, isReady);
    const serverUrl = `https://${LAN.master}:6443`;
    const startMs = await pi.startByHand({ serverUrl, nodeName, token: joinTokenOf(caHash, token) });
    const [madeMs = NaN, readyMs = NaN] = await joined;
    await pi.machine.kill();
    await deleteBootstrapToken(kube, token.id);
    await withdrawNodeName(kube, nodeName);
    await this.#removeNode(nodeName);
    return { nodeMs: madeMs - startMs, readyMs: readyMs - startMs };
  }

  async #claim(pi: WarmPi): Promise<ClaimTimes> {
    const { client, kube, signal } = this.#bench;
    const name = this.#nextName();
    if (await pi.machine.hasDisk()) {
      await pi.wipe();
      await pi.bootWithCard((await client.createToken({ kind: 'card', note: name })).card);
    } else await pi.bootWithCard();
    const device = await this.#waitingDevice(pi.mac);
    await sleep(systemClock, SETTLE_MS, signal);
    const isLabelled = (node: Node): boolean => carries(node, this.#labels);
    const joined = this.#watch(
      name,
      () => true,
      isLabelled,
      (node) => isReady(node) && isLabelled(node),
    );
    // An operator's page has its connection open.
    await client.device(device);
    const startMs = Date.now();
    await client.createClaim({ name, device, labels: this.#labels });
    const [madeMs = NaN, labelledMs = NaN, readyMs = NaN] = await joined;
    const ticketMs = (await pi.ticketWrittenMs()) - startMs;
    const k3sMs = (await pi.k3sStartedMs()) - startMs;
    await pi.machine.kill();
    await client.deleteClaim(name);
    await kube.delete(DEVICE, { name: device });
    await this.#removeNode(name);
    return {
      at: toRfc3339(startMs),
      ticketMs,
      k3sMs,
      labelsMs: labelledMs - startMs,
      nodeMs: madeMs - startMs,
      readyMs: readyMs - startMs,
    };
  }

  /** The moments at which the Node was first seen to fit each of `stages`. */
  #watch(nodeName: string, ...stages: ((node: Node) => boolean)[]): Promise<number[]> {
    const { nodes, signal } = this.#bench;
    const seen = Promise.all(stages.map((fits) => nodes.firstSeen(nodeName, fits, JOIN_LIMIT_MS, signal)));
    // It is awaited later, unless what it waits for could not even be started.
    seen.catch(() => undefined);
    return seen;
  }

  /** The id of the Pi's device once it has shown its token and lacks nothing but a claim. */
  async #waitingDevice(mac: string): Promise<string> {
    const { client, signal } = this.#bench;
    return await untilFound(`device of ${mac}`, DEVICE_LIMIT_MS, signal, async () => {
      const device = (await client.devices()).find(
        ({ macs, evidence }) => macs.includes(mac) && evidence === 'CardToken',
      );
      return device?.claimable === true ? device.id : undefined;
    });
  }

  /** Deletes the Node, and waits until nothing that a join made is left of it. */
  async #removeNode(nodeName: string): Promise<void> {
    const { kube, signal } = this.#bench;
    await kube.delete(NODE, { name: nodeName });
    const password = { name: `${nodeName}.node-password.k3s`, namespace: 'kube-system' };
    await untilFound(`the end of ${nodeName}`, CLEAN_UP_LIMIT_MS, signal, async () => {
      const left = [await kube.get(NODE, { name: nodeName }), await kube.get(SECRET, password)];
      return left.every((object) => object === undefined) || undefined;
    });
  }

  /** No name is used twice: what a controller still does for an earlier Node does not touch a later one. */
  #nextName(): string {
    this.#joins += 1;
    return `bench-${String(this.#joins)}`;
  }
}

function told(times: BareTimes & Partial<ClaimTimes>): string {
  const { at, ticketMs, k3sMs, nodeMs, labelsMs, readyMs } = times;
  const parts = Object.entries({ ticket: ticketMs, k3s: k3sMs, Node: nodeMs, labels: labelsMs, Ready: readyMs });
  const moments = parts.flatMap(([name, ms]) => (ms === undefined ? [] : [`${name} ${ms.toFixed(0)}`]));
  return [...(at === undefined ? [] : [at.slice(11, -1)]), ...moments].join(' ');
}
