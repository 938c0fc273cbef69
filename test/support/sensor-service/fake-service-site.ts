import { silentLogger } from '../../../foundation/logger.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { POD, type Pod } from '../../../k8s/core/pods.ts';
import { DEVICE_CLAIM, NODE, type Node } from '../../../k8s/core/resources.ts';
import { candidatesOf, epochOf, holderOf, LEASE, YIELD_TO_ANNOTATION } from '../../../k8s/core/sensor-service/lease.ts';
import { SENSOR_SERVICE, type SensorService } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { DAEMON_SET, type DaemonSet } from '../../../k8s/core/sensor-service/workload.ts';
import { ServiceController } from '../../../k8s/sensor-services/service-controller.ts';
import { FakeKube } from '../fake-kube.ts';
import { ManualClock } from '../manual-clock.ts';
import { BROKER } from './service-world.ts';
import { NAMESPACE } from './services.ts';

/** Longer than anything waits for a moment to come. */
const QUIET_ROUNDS = 8;
const MOST_ROUNDS = 120;
const WRITES = ['create', 'apply', 'mergePatch', 'replaceStatus', 'evict'];

/**
 * The service controller on a fake Kubernetes, and fakes of what stands around it: the DaemonSet controller, kubelets
 * that start every pod at once, and standbys that take what is free and hand over when they are asked.
 */
export class FakeServiceSite {
  readonly clock = new ManualClock('2026-01-01T12:00:00Z');
  readonly kube = new FakeKube({ nowMs: () => this.clock.nowMs() });
  /** What happened that never may. */
  readonly wrongs: string[] = [];
  /** Writes that the controller has made. */
  writes = 0;
  #killAt: number | undefined;
  #isDead = false;
  /** What the fakes around the controller did, renewals aside. */
  #changes = 0;
  #controller: ServiceController | undefined;

  /** Starts a new controller, as after a restart. */
  async start(): Promise<void> {
    this.#isDead = false;
    const kube = this.#mortal();
    const nodes = kube.inform(NODE);
    const claims = kube.inform(DEVICE_CLAIM);
    const parts = { kube, nodes, claims, brokerUrl: () => BROKER, clock: this.clock, logger: silentLogger };
    this.#controller = new ServiceController({ ...parts, events: { record: () => Promise.resolve() } });
    await this.#controller.start();
  }

  /** The controller dies right after its write of this number, counted from the first. */
  killAt(write: number | undefined): void {
    this.#killAt = write;
  }

  /** Lets everything come to rest, a second at a time; a controller that died is replaced. */
  async settle(): Promise<void> {
    for (let quiet = 0, round = 0; quiet < QUIET_ROUNDS; round += 1) {
      if (round > MOST_ROUNDS) throw new UsherError('TIMED_OUT', { what: 'coming to rest', limitMs: round * 1000 });
      const before = this.#changes + this.writes;
      await turns();
      if (this.#isDead) {
        await this.#controller?.stop();
        this.#killAt = undefined;
        await this.start();
        quiet = 0;
        continue;
      }
      await this.#surroundings();
      await turns();
      this.clock.advance(1000);
      quiet = this.#changes + this.writes === before ? quiet + 1 : 0;
    }
  }

  async stop(): Promise<void> {
    await this.#controller?.stop();
  }

  async put(node: Node): Promise<void> {
    const known = await this.kube.get(NODE, node.metadata);
    if (known === undefined) await this.kube.create(NODE, node);
    else
      await this.kube.replace(NODE, {
        ...node,
        metadata: { ...node.metadata, resourceVersion: known.metadata.resourceVersion ?? '' },
      });
  }

  /** What is there now: pods with their image, holders by unit, and what the service says of itself. */
  async picture(): Promise<object> {
    const pods = await this.kube.list(POD);
    const leases = await this.kube.list(LEASE);
    const [service] = await this.kube.list<SensorService>(SENSOR_SERVICE);
    return {
      pods: pods.map(({ spec }) => `${spec?.nodeName ?? ''} ${spec?.containers?.[0]?.image ?? ''}`).sort(),
      holders: leases
        .map((lease) => `${lease.metadata.name} ${holderOf(lease) ?? '-'} ${candidatesOf(lease).join()}`)
        .sort(),
      conditions: service?.status?.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
    };
  }

  /** The API as one process sees it: dead from the fatal write on. */
  #mortal(): FakeKube {
    const check = (): void => {
      if (this.#isDead) throw new UsherError('KUBE_UNREACHABLE', { detail: 'this process is dead' });
    };
    return new Proxy(this.kube, {
      get: (kube, property): unknown => {
        const value: unknown = Reflect.get(kube, property, kube);
        if (typeof value !== 'function') return value;
        const bound = (value as (...args: unknown[]) => unknown).bind(kube);
        if (!WRITES.includes(String(property))) return bound;
        return async (...args: unknown[]): Promise<unknown> => {
          check();
          if (property === 'evict') await this.#judgeEviction(args[0] as { name: string });
          const result = await bound(...args);
          this.writes += 1;
          if (this.writes === this.#killAt) this.#isDead = true;
          check();
          return result;
        };
      },
    });
  }

  /** A pod whose node is active is never taken while another could be asked to take over. */
  async #judgeEviction({ name }: { name: string }): Promise<void> {
    const pod = (await this.kube.list(POD)).find(({ metadata }) => metadata.name === name);
    const held = (await this.kube.list(LEASE)).filter((lease) => holderOf(lease) === pod?.spec?.nodeName);
    for (const lease of held) {
      if (candidatesOf(lease).length > 1)
        this.wrongs.push(`${name} was evicted while active in ${lease.metadata.name}`);
    }
  }

  async #surroundings(): Promise<void> {
    for (const set of await this.kube.list(DAEMON_SET)) await this.#arrange(set);
    const pods = await this.kube.list(POD);
    const runs = (node: string | undefined): boolean => pods.some(({ spec }) => spec?.nodeName === node);
    for (const lease of await this.kube.list(LEASE)) {
      const { name } = lease.metadata;
      const holder = holderOf(lease);
      const wish = lease.metadata.annotations?.[YIELD_TO_ANNOTATION];
      const next = holder === undefined || !runs(holder) ? candidatesOf(lease).find(runs) : runs(wish) ? wish : holder;
      const renewTime = new Date(this.clock.nowMs()).toISOString();
      const epoch = epochOf(lease) + (next === undefined || next === holder ? 0 : 1);
      const spec = { holderIdentity: next ?? '', leaseTransitions: epoch, renewTime };
      if (next !== holder) this.#changes += 1;
      await this.kube.mergePatch(LEASE, { name, namespace: NAMESPACE }, { spec });
    }
  }

  /** What the DaemonSet controller and the kubelets do. */
  async #arrange({ metadata, spec }: DaemonSet): Promise<void> {
    const { template } = spec;
    const terms =
      template.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
    const wants = (node: Node): boolean =>
      terms.some(
        ({ matchExpressions, matchFields }) =>
          matchExpressions?.every(({ key, values }) => values?.includes(node.metadata.labels?.[key] ?? '')) ??
          matchFields?.some(({ values }) => values?.includes(node.metadata.name)),
      );
    const pods = await this.kube.list(POD, { namespace: NAMESPACE });
    for (const node of await this.kube.list(NODE)) {
      const { name } = node.metadata;
      const pod = pods.find(({ spec: of }) => of?.nodeName === name);
      if ((pod !== undefined) !== wants(node)) this.#changes += 1;
      if (pod !== undefined && !wants(node)) await this.kube.delete(POD, pod.metadata);
      if (pod !== undefined || !wants(node)) continue;
      const made: Pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `${metadata.name}-${name}`, namespace: NAMESPACE, ...template.metadata },
        spec: { ...(template.spec as Pod['spec']), nodeName: name },
      };
      delete made.spec?.affinity;
      await this.kube.create(POD, made);
      const ready = { type: 'Ready', status: 'True', lastTransitionTime: new Date(this.clock.nowMs()).toISOString() };
      const status = { phase: 'Running', conditions: [ready] };
      await this.kube.mergePatch(POD, made.metadata, { status }, 'status');
    }
  }
}

/** Long enough for all that was begun to end: nothing here waits for a network or a timer. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
