import { resolve } from 'node:path';
import { ensureRequirements } from '../../appliance/doctor.ts';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { sleep, systemClock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import { systemRandom } from '../../foundation/random.ts';
import { EVENT } from '../../k8s/core/kube-event.ts';
import { POD } from '../../k8s/core/pods.ts';
import { DEVICE, NODE } from '../../k8s/core/resources.ts';
import { labNowMs } from '../../lab/instruments/act-log.ts';
import { SerialAdapter } from '../../lab/instruments/serial-adapter.ts';
import { vibrationSensor } from '../../lab/instruments/vibration-sensor.ts';
import { buildStandIn } from '../../lab/k3s-stand-in/build.ts';
import { eventually } from '../site/support/running-site.ts';
import { exampleService, ServiceSite } from '../site/support/service-site.ts';
import type { BenchOptions } from './bench-options.ts';
import { load } from './load.ts';
import { carries, isReady, NodeWatch } from './node-watch.ts';
import { summarise, type Summary } from './summary.ts';
import { WarmPi } from './warm-pi.ts';

const PI = 'pi-1';
const SERVICE = 'lathe-vibration';
const LABELS = { machine: 'lathe' };
const LIMIT_MS = 120_000;
const ADAPTER = { tty: 'ttyUSB0', vendor: '1a86', product: '7523', serial: 'A1' };

/**
 * From a Pi's node being Ready with its labels to the first message of the lathe's service, with the images on its disk; a
 * first join with an empty disk does not count, and gives the time of each image's load. On the last of the joins the
 * sensor's adapter is unplugged and, once the service says what it misses, plugged in again, as often.
 * @returns readyToFirstMessageMs (joins with a warm disk), pluggedToStartedMs (adapter plugged in → a process of the
 *   service), imageLoadMs (each image that a node fetched), coldReadyToFirstMessageMs (the first join, images included)
 * @throws UsherError whatever fails; the site is taken down before
 */
export async function benchPlace({ k3s, images, runs, say }: BenchOptions): Promise<Record<string, Summary>> {
  await ensureRequirements('tests', say);
  const found =
    k3s === undefined || images === undefined
      ? await buildStandIn({ cacheDir: cacheDirectory(process.env), onProgress: say })
      : { k3sPath: k3s, imagesDir: images };
  const where = { k3sPath: resolve(k3s ?? found.k3sPath), imagesDir: resolve(images ?? found.imagesDir) };
  const site = await ServiceSite.start({ ...where, labName: 'place' });
  const onSignal = (): void => void site.stop();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const sensor = vibrationSensor(1000);
  try {
    say(`Load before: ${load()}`);
    await site.apply(await exampleService(SERVICE));
    return await new PlaceBench(site, say).run(runs, sensor);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await site.stop();
    await sensor.close();
    say(`Load after: ${load()}`);
  }
}

class PlaceBench {
  readonly #site: ServiceSite;
  readonly #say: (line: string) => void;
  readonly #nodes: NodeWatch;

  constructor(site: ServiceSite, say: (line: string) => void) {
    this.#site = site;
    this.#say = say;
    this.#nodes = new NodeWatch(site.kube);
  }

  async run(runs: number, sensor: ReturnType<typeof vibrationSensor>): Promise<Record<string, Summary>> {
    await this.#nodes.synced();
    try {
      const pi = new WarmPi(await this.#site.lab.addPi({ name: PI }));
      const adapter = new SerialAdapter(this.#site.lab.labDir, pi.machine, sensor, ADAPTER);
      await adapter.plug();
      const cold = await this.#join(pi, 'place-0');
      await this.#leave(pi, 'place-0');
      const imageLoadMs = await this.#pulls();
      const warm: number[] = [];
      for (let run = 1; run <= runs; run += 1) {
        const name = `place-${String(run)}`;
        if (run > 1) await this.#leave(pi, `place-${String(run - 1)}`);
        warm.push(await this.#join(pi, name));
        this.#say(`place ${String(run)}/${String(runs)}: ${warm.at(-1)?.toFixed(0) ?? ''} ms`);
      }
      const started: number[] = [];
      for (let run = 1; run <= runs; run += 1) {
        started.push(await this.#plug(adapter, `place-${String(runs)}`));
        this.#say(`plug ${String(run)}/${String(runs)}: ${started.at(-1)?.toFixed(0) ?? ''} ms`);
      }
      return {
        readyToFirstMessageMs: summarise(warm),
        pluggedToStartedMs: summarise(started),
        imageLoadMs: summarise(imageLoadMs),
        coldReadyToFirstMessageMs: summarise([cold]),
      };
    } finally {
      await this.#nodes.stop();
    }
  }

  /** One Pi, new to the site, with a claim that waits for it. Gives milliseconds from Ready to the first message. */
  async #join(pi: WarmPi, name: string): Promise<number> {
    const { client } = this.#site.running;
    const isColdStart = !(await pi.machine.hasDisk());
    if (!isColdStart) await pi.wipe();
    await client.createClaim({ name, match: { mac: pi.mac }, labels: LABELS });
    const ready = this.#nodes.firstSeen(
      name,
      (node) => isReady(node) && carries(node, LABELS),
      LIMIT_MS,
      new AbortController().signal,
    );
    // Awaited below, unless the Pi cannot even be started.
    ready.catch(() => undefined);
    await pi.bootWithCard(isColdStart ? undefined : (await client.createToken({ kind: 'card', note: name })).card);
    const readyMs = (await ready) - Date.now() + labNowMs();
    const first = await eventually(`a message of ${name}`, LIMIT_MS, () =>
      this.#site.heard.find(({ properties }) => properties['node'] === name),
    );
    return first.atMs - readyMs;
  }

  /** The sensor's adapter is not there, and then it is. Gives milliseconds from its device file to the service's process. */
  async #plug(adapter: SerialAdapter, node: string): Promise<number> {
    const site = this.#site;
    await adapter.unplug();
    const pod = await site.podOn(SERVICE, node);
    if (pod !== undefined) await site.kube.delete(POD, pod.metadata);
    const isMissing = async (): Promise<boolean> =>
      (await site.podOn(SERVICE, node))?.status?.phase === 'Pending' &&
      (await site.condition(SERVICE, 'DevicesAvailable')).includes(`${node} has no USB device`);
    await eventually('the service to miss its device', LIMIT_MS, isMissing);
    // At any moment of the kubelet's own rhythm, and with no attempt of the scheduler just made.
    await sleep(systemClock, 2_000 + (systemRandom.bytes(1)[0] ?? 0) * 4);
    const beforeMs = labNowMs();
    await adapter.plug();
    await eventually('its process', LIMIT_MS, async () => (await site.processesOf(PI, SERVICE)).length > 0);
    const tookMs = labNowMs() - beforeMs;
    await site.warm(SERVICE, node, PI);
    return tookMs;
  }

  /** The Pi goes, with all that the site knows of it. */
  async #leave(pi: WarmPi, name: string): Promise<void> {
    await pi.machine.kill();
    const { client } = this.#site.running;
    const { kube } = this.#site;
    const device = (await client.devices()).find(({ macs, id }) => macs.includes(pi.mac) && !id.startsWith('mac:'));
    if (device === undefined) throw new UsherError('INTERNAL', { detail: `${name} has no device` });
    await client.deleteClaim(name);
    await kube.delete(DEVICE, { name: device.id });
    await kube.delete(NODE, { name });
    await eventually(`the end of ${name}`, LIMIT_MS, async () => (await kube.get(NODE, { name })) === undefined);
  }

  /** What the kubelet of the Pi said about images that it fetched, ms. */
  async #pulls(): Promise<number[]> {
    const events = await this.#site.kube.list(EVENT);
    return events.flatMap((event) => {
      const [, seconds] = /Successfully pulled image \S+ in ([\d.]+)s/.exec(JSON.stringify(event)) ?? [];
      return seconds === undefined ? [] : [Number(seconds) * 1000];
    });
  }
}
