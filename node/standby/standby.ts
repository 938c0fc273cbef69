import type { Clock } from '../../foundation/clock.ts';
import { asUsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { InformerChange, KubeClient } from '../../k8s/client/kube-client.ts';
import { type Lease, SERVICE_LABEL, UNIT_LABEL } from '../../k8s/core/sensor-service/lease.ts';
import { recordOf } from '../core/fencing/lease-record.ts';
import type { UnitState } from '../core/fencing/unit-state.ts';
import { LeaseStore } from './lease-store.ts';
import type { ProcessName } from './process-state.ts';
import { ServiceHost, type ServiceHostOptions } from './service-host.ts';
import { UnitRunner } from './unit-runner.ts';

export interface StandbyOptions {
  readonly node: string;
  readonly kube: KubeClient;
  readonly pods: ServiceHostOptions['pods'];
  readonly killer: ServiceHostOptions['killer'];
  /** Where the grant socket of a service is on this machine. */
  readonly socketPathOf: (namespace: string, service: string) => string;
  /** CLOCK_MONOTONIC. */
  readonly clock: Clock;
  /** For times that people read. */
  readonly wallMs: () => number;
  readonly logger: Logger;
}

const RETRY_MS = 2_000;

/** The standby of one node: renews the Leases of all units that are active here, and grants and ends roles. */
export class Standby {
  readonly #options: StandbyOptions;
  readonly #store: LeaseStore;
  readonly #services = new Map<string, ServiceHost>();
  /** Kept also when a Lease is gone: what was seen of a name counts when it comes again. */
  readonly #units = new Map<string, UnitRunner>();
  #connections = 0;
  #isKnown = false;
  #isStopped = false;

  constructor(options: StandbyOptions) {
    this.#options = options;
    const { kube, clock, wallMs, logger, pods } = options;
    this.#store = new LeaseStore({ kube, clock, wallMs, logger, onDeaf: () => pods.refresh() });
    this.#store.onChange((change) => this.#observe(change));
  }

  /** Resolves once the Leases are known. */
  async start(): Promise<void> {
    await this.#store.synced();
    this.#isKnown = true;
  }

  /** What is known about each unit, for the watchdog; undefined until the Leases are known. */
  unitStates(): UnitState[] | undefined {
    return this.#isKnown ? [...this.#units.values()].map(({ state }) => state) : undefined;
  }

  /** What runs here, for the health file. */
  status(): { units: number; active: number; services: number } {
    const active = [...this.#units.values()].filter(({ state }) => state.role.name === 'active').length;
    return { units: this.#units.size, active, services: this.#services.size };
  }

  /** Processes of units with `fencing: Watchdog` that outlasted being killed, for the watchdog. */
  stuck(): ProcessName[] {
    return [...this.#services.values()].flatMap((service) => service.stuck());
  }

  /** From now on nothing is granted, and nothing renewed. At once: the watchdog may be stopped right after it. */
  halt(): void {
    this.#isStopped = true;
    for (const service of this.#services.values()) service.halt();
  }

  /**
   * Leaves everything as it is: grants run to their end, and the next standby goes on with those that are left. Whoever
   * wants the services off the node stops the services.
   */
  async stop(): Promise<void> {
    this.halt();
    await Promise.all([...this.#services.values()].map((service) => service.stop()));
    await this.#store.stop();
  }

  #observe({ type, object: lease }: InformerChange<Lease>): void {
    if (this.#isStopped) return;
    const { name, namespace = 'default', uid = '', labels = {} } = lease.metadata;
    const service = labels[SERVICE_LABEL];
    const unit = labels[UNIT_LABEL];
    if (service === undefined || unit === undefined) return;
    const key = `${namespace}/${name}`;
    if (type === 'deleted') {
      this.#units.get(key)?.hear({ type: 'deleted', uid });
      return;
    }
    const known = this.#units.get(key);
    if (known === undefined && !recordOf(lease).candidates.includes(this.#options.node)) return;
    (known ?? this.#addUnit({ key, namespace, name, service, unit })).observe(lease);
  }

  #addUnit(at: { key: string; namespace: string; name: string; service: string; unit: string }): UnitRunner {
    const { node, clock, logger } = this.#options;
    const { namespace, name: lease, service, unit } = at;
    const host = this.#hostOf(namespace, service);
    const runner = new UnitRunner({
      node,
      namespace,
      lease,
      unit,
      store: this.#store,
      clock,
      logger,
      send: (connection, message) => host.send(connection, message),
      kill: (connection) => host.kill(connection),
    });
    this.#units.set(at.key, runner);
    host.addUnit(unit, runner);
    return runner;
  }

  #hostOf(namespace: string, service: string): ServiceHost {
    const key = `${namespace}/${service}`;
    const known = this.#services.get(key);
    if (known !== undefined) return known;
    const { node, pods, killer, clock, logger, socketPathOf } = this.#options;
    const host = new ServiceHost({
      node,
      namespace,
      service,
      socketPath: socketPathOf(namespace, service),
      pods,
      killer,
      nextId: () => (this.#connections += 1),
      clock,
      logger: logger.child({ service: key }),
    });
    this.#services.set(key, host);
    void this.#open(host);
    return host;
  }

  async #open(host: ServiceHost): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      await host.start();
    } catch (error) {
      const { code, message, remedy } = asUsherError(error);
      logger.error({ code, remedy }, message);
      clock.after(RETRY_MS, () => {
        if (!this.#isStopped) void this.#open(host);
      });
    }
  }
}
