import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { asUsherError, isUsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { SerialQueues } from '../../foundation/serial-queues.ts';
import type { Informer, KubeClient } from '../client/kube-client.ts';
import { POD } from '../core/pods.ts';
import type { DeviceClaim, KubeObject, Node } from '../core/resources.ts';
import { LEASE, SERVICE_LABEL } from '../core/sensor-service/lease.ts';
import { planService } from '../core/sensor-service/planner.ts';
import type { ServiceWorld } from '../core/sensor-service/placement.ts';
import { SENSOR_SERVICE, type SensorService, serviceKey } from '../core/sensor-service/sensor-service.ts';
import { type ServiceView, serviceView } from '../core/sensor-service/service-view.ts';
import { DAEMON_SET } from '../core/sensor-service/workload.ts';
import { gistOfClaim, gistOfNode } from './gists.ts';
import { LeaseWatch } from './lease-watch.ts';
import { ServiceWriter, type ServiceWriterOptions } from './service-writer.ts';

export interface ServiceControllerOptions extends Pick<ServiceWriterOptions, 'events'> {
  readonly kube: KubeClient;
  readonly nodes: Informer<Node>;
  readonly claims: Informer<DeviceClaim>;
  /** The site's MQTT broker as nodes reach it. */
  readonly brokerUrl: () => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is remembered of a service only as long as this process lives. */
interface Memory {
  failures: number;
  cancelWake: CancelTimer | undefined;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const HELD_UP_MS = 10_000;
const OF_SERVICES = { labelSelector: SERVICE_LABEL };

/**
 * Puts sensor services where their labels are: watches everything that a plan rests on, derives the plan anew at every
 * change, and writes what differs.
 *
 * INVARIANTS: of one service only one task runs at a time. Nothing is remembered that a plan rests on, but the silence of
 * leases; so it does not matter where an earlier process stopped.
 */
export class ServiceController {
  readonly #options: ServiceControllerOptions;
  readonly #writer: ServiceWriter;
  readonly #leaseWatch: LeaseWatch;
  readonly #queues = new SerialQueues();
  readonly #waiting = new Set<string>();
  readonly #memories = new Map<string, Memory>();
  readonly #informers;
  readonly #unsubscribe: (() => void)[] = [];
  #isRunning = false;

  constructor(options: ServiceControllerOptions) {
    const { kube, clock } = options;
    this.#options = options;
    this.#writer = new ServiceWriter(options);
    this.#leaseWatch = new LeaseWatch({ clock, onNews: (key) => this.#enqueue(key) });
    this.#informers = {
      services: kube.inform(SENSOR_SERVICE),
      pods: kube.inform(POD, OF_SERVICES),
      daemonSets: kube.inform(DAEMON_SET, OF_SERVICES),
      leases: kube.inform(LEASE, OF_SERVICES),
    };
    // From the first list on, so that no lease is ever taken for missing.
    this.#unsubscribe.push(this.#informers.leases.onChange((change) => this.#leaseWatch.take(change)));
  }

  /** Waits for the caches and takes up every service where it stands. */
  async start(): Promise<void> {
    const { nodes, claims } = this.#options;
    const { services, pods, daemonSets, leases } = this.#informers;
    await Promise.all([services, pods, daemonSets, leases, nodes, claims].map((informer) => informer.synced()));
    this.#unsubscribe.push(
      services.onChange(({ object }) => this.#enqueue(serviceKey(object.metadata))),
      pods.onChange(({ object }) => this.#enqueueOwner(object)),
      daemonSets.onChange(({ type, object }) => {
        // Its status counts pods, of which the watch on these tells.
        const key = `${serviceKey(object.metadata)} ${String(object.metadata.generation)}`;
        if (this.#isNews('DaemonSet', object, type === 'deleted' ? undefined : key)) this.#enqueueOwner(object);
      }),
      nodes.onChange(({ type, object }) => {
        if (this.#isNews('Node', object, type === 'deleted' ? undefined : gistOfNode(object))) this.#enqueueAll();
      }),
      claims.onChange(({ type, object }) => {
        if (this.#isNews('Claim', object, type === 'deleted' ? undefined : gistOfClaim(object))) this.#enqueueAll();
      }),
    );
    this.#isRunning = true;
    this.#enqueueAll();
  }

  /** Ends after what is being written now. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#leaseWatch.stop();
    for (const { cancelWake } of this.#memories.values()) cancelWake?.();
    await this.#queues.idle();
    await Promise.all(Object.values(this.#informers).map((informer) => informer.stop()));
  }

  /** Services by name, with where they run and why not; as it stands now. */
  serviceViews(): ServiceView[] {
    const services = this.#informers.services.list().map((service) => {
      const world = this.#worldOf(service);
      return serviceView(world, planService(world));
    });
    return services.sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
  }

  /** Calls back with the key of a service when something about it may have changed. Returns the unsubscribe. */
  onChange(handler: (key: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  readonly #handlers = new Set<(key: string) => void>();
  /** The gists of what was seen last, by kind and name. */
  readonly #gists = new Map<string, string>();

  #isNews(kind: string, { metadata }: KubeObject, gist: string | undefined): boolean {
    const key = `${kind} ${serviceKey(metadata)}`;
    const isNews = this.#gists.get(key) !== gist;
    if (gist === undefined) this.#gists.delete(key);
    else this.#gists.set(key, gist);
    return isNews;
  }

  #enqueueOwner({ metadata }: KubeObject): void {
    const { namespace = 'default', labels } = metadata;
    this.#enqueue(serviceKey({ namespace, name: labels?.[SERVICE_LABEL] ?? '' }));
  }

  #enqueueAll(): void {
    for (const { metadata } of this.#informers.services.list()) this.#enqueue(serviceKey(metadata));
  }

  #enqueue(key: string): void {
    if (!this.#isRunning || this.#waiting.has(key)) return;
    this.#waiting.add(key);
    void this.#queues.run(key, async () => {
      this.#waiting.delete(key);
      if (!this.#isRunning) return;
      await this.#reconcile(key);
      for (const handler of this.#handlers) handler(key);
    });
  }

  async #reconcile(key: string): Promise<void> {
    const memory = this.#memories.get(key) ?? { failures: 0, cancelWake: undefined };
    this.#memories.set(key, memory);
    memory.cancelWake?.();
    memory.cancelWake = undefined;
    const service = this.#find(key);
    if (service === undefined || service.metadata.deletionTimestamp !== undefined) {
      this.#memories.delete(key);
      this.#writer.forget(key);
      return;
    }
    try {
      const world = this.#worldOf(service);
      const plan = planService(world);
      const { failed, isHeldUp } = await this.#writer.write(service, plan, world.daemonSet);
      if (failed !== undefined) throw failed;
      memory.failures = 0;
      if (isHeldUp) this.#wake(key, memory, HELD_UP_MS);
      else if (plan.wakeAtMs !== undefined) this.#wake(key, memory, plan.wakeAtMs - world.nowMs);
    } catch (error) {
      this.#retryLater(key, memory, error);
    }
  }

  #retryLater(key: string, memory: Memory, error: unknown): void {
    const { code, message } = asUsherError(error);
    const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** memory.failures);
    memory.failures += 1;
    // Somebody wrote meanwhile; what it was is on its way here.
    const level = isUsherError(error, 'KUBE_CONFLICT') ? 'debug' : 'warn';
    this.#options.logger[level](
      { service: key, code, detail: message, delayMs },
      'a service could not be arranged yet',
    );
    this.#wake(key, memory, delayMs);
  }

  #wake(key: string, memory: Memory, delayMs: number): void {
    if (!this.#isRunning) return;
    memory.cancelWake?.();
    memory.cancelWake = this.#options.clock.after(delayMs, () => this.#enqueue(key));
  }

  #find(key: string): SensorService | undefined {
    const [namespace = '', name = ''] = key.split('/');
    return this.#informers.services.get(name, namespace);
  }

  #worldOf(service: SensorService): ServiceWorld {
    const { nodes, claims, brokerUrl, clock } = this.#options;
    const { name, namespace } = service.metadata;
    const key = serviceKey(service.metadata);
    const isOurs = ({ metadata }: KubeObject): boolean =>
      metadata.namespace === namespace && metadata.labels?.[SERVICE_LABEL] === name;
    return {
      service,
      nodes: nodes.list(),
      claims: claims.list(),
      pods: this.#informers.pods.list().filter(isOurs),
      leases: this.#leaseWatch.of(key),
      goneLeases: this.#leaseWatch.goneOf(key),
      daemonSet: this.#informers.daemonSets.get(name, namespace),
      brokerUrl: brokerUrl(),
      nowMs: clock.nowMs(),
    };
  }
}
