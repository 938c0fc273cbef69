import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { parse } from 'yaml';
import { cacheDirectory } from '../../../foundation/cache-directory.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { POD, type Pod } from '../../../k8s/core/pods.ts';
import { epochOf, holderOf, LEASE, leaseNameOf, YIELD_TO_ANNOTATION } from '../../../k8s/core/sensor-service/lease.ts';
import { SENSOR_SERVICE, type SensorService } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { MQTT_PORT, startBroker, type Broker } from '../../../lab/broker.ts';
import { LAN } from '../../../lab/core/address-plan.ts';
import { labNowMs } from '../../../lab/instruments/act-log.ts';
import type { Instrument } from '../../../lab/instruments/instrument.ts';
import { type AdapterOptions, SerialAdapter } from '../../../lab/instruments/serial-adapter.ts';
import type { Machine } from '../../../lab/machine.ts';
import type { SiteOptions } from '../../../lab/site.ts';
import { buildImages } from '../../../oci/build-images.ts';
import type { ImageDescription } from '../../../oci/core/image-description.ts';
import { SHIPPED_IMAGES } from '../../../oci/shipped-images.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { eventually, isNodeReady, type RunningSite, startRunningSite } from './running-site.ts';

export const SERVICES = 'usher-services';
/** Where a standby writes every second that it turns. */
const STANDBY_HEALTH = '/run/usher/standby/health.json';
const FRESH_MS = 3_000;
const ROOT = join(import.meta.dirname, '../../..');
const SOON_MS = 60_000;
const LATER_MS = 150_000;

/** A Raspberry Pi to be; its node is called like the machine, so that an instrument's log names nodes. */
export interface StationPlan {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pair?: { readonly name: string; readonly role: 'Primary' | 'Backup' };
  readonly adapters?: readonly { readonly instrument: Instrument; readonly options: AdapterOptions }[];
}

/** A message of the site's broker, with its user properties. */
export interface Heard {
  readonly atMs: number;
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly properties: Readonly<Record<string, string>>;
}

/** A site on which sensor services run: broker, images, Pis with instruments, and ears on the broker. */
export class ServiceSite {
  readonly running: RunningSite;
  /** Everything said on the broker, in order. */
  readonly heard: Heard[] = [];
  readonly #stations = new Map<string, StationPlan>();
  readonly #adapters = new Map<string, SerialAdapter>();
  #broker: Broker | undefined;
  #mqtt: MqttClient | undefined;

  private constructor(running: RunningSite) {
    this.running = running;
  }

  /** Router, master, broker, and the images; no Pi yet. Whatever fails, nothing is left running. */
  static async start(
    options: Partial<SiteOptions> & { labName: string },
    images: readonly ImageDescription[] = [],
  ): Promise<ServiceSite> {
    const archive = serviceImages(images);
    const running = await startRunningSite(options);
    const site = new ServiceSite(running);
    try {
      site.#broker = await startBroker(running.site.master);
      await site.#listen();
      const path = await archive;
      await running.client.images.load(path);
      await rm(path);
      return site;
    } catch (error) {
      await site.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#mqtt?.endAsync(true);
    await this.#broker?.stop();
    await this.running.stop();
    const instruments = [...this.#stations.values()].flatMap(({ adapters = [] }) => adapters);
    for (const { instrument } of instruments) await instrument.close();
  }

  get lab(): RunningSite['site']['lab'] {
    return this.running.site.lab;
  }

  get kube(): RunningSite['kube'] {
    return this.running.kube;
  }

  machine(name: string): Machine {
    return this.lab.machine(name);
  }

  /** Puts Pis with their claims on the table, their instruments plugged in; no cable, no power. */
  async prepare(plans: readonly StationPlan[]): Promise<void> {
    for (const plan of plans) {
      const machine = await this.lab.addPi({ name: plan.name });
      this.#stations.set(plan.name, plan);
      for (const { instrument, options } of plan.adapters ?? []) {
        const adapter = new SerialAdapter(this.lab.labDir, machine, instrument, options);
        this.#adapters.set(`${plan.name} ${options.tty}`, adapter);
        await adapter.plug();
      }
      await this.running.client.createClaim({
        ...{ name: plan.name, match: { mac: machine.spec.mac }, labels: { ...plan.labels } },
        ...(plan.pair === undefined ? {} : { pair: plan.pair }),
      });
    }
  }

  /** Plugs Pis in that were prepared, and waits until their nodes are Ready. */
  async plugIn(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.lab.plug(name)));
    await Promise.all(names.map((name) => this.nodeReady(name)));
  }

  adapter(machine: string, tty = 'ttyUSB0'): SerialAdapter {
    const found = this.#adapters.get(`${machine} ${tty}`);
    if (found === undefined) throw new UsherError('INTERNAL', { detail: `${machine} has no ${tty}` });
    return found;
  }

  async nodeReady(name: string): Promise<void> {
    await eventually(`node ${name} to be Ready`, LATER_MS, () => isNodeReady(this.running, name));
  }

  /** As `kubectl apply` of one object; the API server may need a moment to know the kind. */
  async apply(service: SensorService): Promise<void> {
    await eventually(`service ${service.metadata.name} to be taken`, SOON_MS, async () => {
      await this.kube.create(SENSOR_SERVICE, service);
      return true;
    });
  }

  async service(name: string): Promise<SensorService | undefined> {
    return this.kube.get(SENSOR_SERVICE, { name, namespace: SERVICES });
  }

  /** Message of a condition, with its status in front. */
  async condition(service: string, type: string): Promise<string> {
    const found = (await this.service(service))?.status?.conditions?.find((each) => each.type === type);
    return `${found?.status ?? ''} ${found?.message ?? ''}`;
  }

  /** The pod that runs on a node, or is to run there. */
  async podOn(service: string, node: string): Promise<Pod | undefined> {
    const pods = await this.kube.list(POD, { namespace: SERVICES, labelSelector: `usher.internal/service=${service}` });
    return pods.find((pod) => pod.metadata.deletionTimestamp === undefined && isMeantFor(pod, node));
  }

  async isPodReady(service: string, node: string): Promise<boolean> {
    const pod = await this.podOn(service, node);
    return pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  }

  /**
   * Waits until a node could take over: the API says of a pod that it is ready long after its node was cut off, so that its
   * process and the standby are looked at too.
   * @param machine what the node runs on, when it has another name
   */
  async warm(service: string, node: string, machine = node): Promise<void> {
    await eventually(`${service} to be warm on ${node}`, LATER_MS, async () => {
      if (!(await this.isPodReady(service, node))) return false;
      if ((await this.processesOf(machine, service)).length === 0) return false;
      const health = (await this.machine(machine).readFile(STANDBY_HEALTH)) ?? '{}';
      const { monotonicMs = 0 } = JSON.parse(health) as { monotonicMs?: number };
      return labNowMs() - monotonicMs < FRESH_MS;
    });
  }

  /** Who holds the lease of a unit, by its record, and in which epoch. */
  async holder(service: string, unit: string): Promise<{ node: string | undefined; epoch: number }> {
    const lease = await this.kube.get(LEASE, { name: leaseNameOf(service, unit), namespace: SERVICES });
    if (lease === undefined) return { node: undefined, epoch: 0 };
    return { node: holderOf(lease), epoch: epochOf(lease) };
  }

  /** Asks for a handover, as an operator does, and waits until the instrument has heard of the new one. */
  async handOver(service: string, unit: string, to: string): Promise<void> {
    const name = { name: leaseNameOf(service, unit), namespace: SERVICES };
    const wish = (node: string | null): object => ({ metadata: { annotations: { [YIELD_TO_ANNOTATION]: node } } });
    if ((await this.holder(service, unit)).node === to) return;
    await this.kube.mergePatch(LEASE, name, wish(to));
    await eventually(`${to} to hold ${name.name}`, SOON_MS, async () => (await this.holder(service, unit)).node === to);
    await this.kube.mergePatch(LEASE, name, wish(null));
  }

  /** Waits until an instrument hears somebody (that one), and gives who. */
  async active(instrument: Instrument, by?: string, limitMs = LATER_MS): Promise<string> {
    const sinceMs = labNowMs();
    return eventually(`${by ?? 'somebody'} at the instrument`, limitMs, () => {
      const act = instrument.acts.since(sinceMs).findLast((each) => by === undefined || each.by === by);
      return act?.by;
    });
  }

  /** Pids in the machine of a service's processes. */
  async processesOf(machine: string, service: string): Promise<string[]> {
    const script =
      'for p in /proc/[0-9]*; do tr "\\0" "\\n" <$p/environ 2>/dev/null | grep -qx "$0" && echo ${p#/proc/}; done; true';
    const { stdout } = await this.machine(machine).exec(['sh', '-c', script, `USHER_SERVICE=${service}`]);
    return stdout.split('\n').filter((pid) => pid !== '');
  }

  publish(topic: string, payload: string, options: mqtt.IClientPublishOptions = {}): Promise<unknown> {
    if (this.#mqtt === undefined) throw new UsherError('INTERNAL', { detail: 'the broker is not connected' });
    return this.#mqtt.publishAsync(topic, payload, { qos: 1, ...options });
  }

  async #listen(): Promise<void> {
    const port = await this.lab.openRelay({ host: LAN.master, port: MQTT_PORT });
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${String(port)}`, { protocolVersion: 5 });
    client.on('message', (topic, payload, { properties, retain }) => {
      const own = Object.entries(properties?.userProperties ?? {}).map(([key, value]) => [key, String(value)] as const);
      this.heard.push({
        ...{ atMs: labNowMs(), topic, payload: payload.toString(), retain },
        properties: Object.fromEntries(own),
      });
    });
    await client.subscribeAsync('site/#', { qos: 1 });
    this.#mqtt = client;
  }
}

/** Until it is bound, a pod of a DaemonSet names its node in its affinity. */
function isMeantFor({ spec }: Pod, node: string): boolean {
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const fields = required?.nodeSelectorTerms?.flatMap(({ matchFields = [] }) => matchFields) ?? [];
  return spec?.nodeName === node || fields.some(({ values = [] }) => values.includes(node));
}

/** The service of an example as it stands, with another name or spec fields when given. */
export async function exampleService(
  example: string,
  change: { name?: string; spec?: Partial<SensorService['spec']> } = {},
): Promise<SensorService> {
  const text = await readFile(join(ROOT, 'examples', example, 'service.yaml'), 'utf8');
  const service = parse(text) as SensorService;
  const { name = service.metadata.name, spec = {} } = change;
  return { ...service, metadata: { ...service.metadata, name }, spec: { ...service.spec, ...spec } };
}

/** Builds the images of the product and the examples for this machine's architecture; unchanged layers come from the cache. */
async function serviceImages(more: readonly ImageDescription[]): Promise<string> {
  const examples = await Promise.all(
    ['lathe-vibration', 'valve'].map(async (name) => {
      const { image } = (await import(join(ROOT, 'examples', name, 'image.ts'))) as { image: ImageDescription };
      return image;
    }),
  );
  const cacheDir = cacheDirectory(process.env);
  const path = join(cacheDir, `oci-test-${String(process.pid)}.oci.tar`);
  await buildImages(path, [...SHIPPED_IMAGES, ...examples, ...more], {
    ...{ root: ROOT, version: packageJson.version, architectures: [process.arch === 'arm64' ? 'arm64' : 'amd64'] },
    ...{ cacheDir, clock: systemClock, onProgress: () => undefined },
  });
  return path;
}
