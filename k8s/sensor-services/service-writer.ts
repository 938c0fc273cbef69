import { isDeepStrictEqual } from 'node:util';
import { isUsherError, messageOf, type UsherError } from '../../foundation/errors.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { setCondition } from '../core/conditions.ts';
import type { Happening } from '../events.ts';
import { hash } from '../core/sensor-service/resource-names.ts';
import { LEASE } from '../core/sensor-service/lease.ts';
import type { LeaseWrite } from '../core/sensor-service/lease-plan.ts';
import type { ServicePlan } from '../core/sensor-service/planner.ts';
import {
  SENSOR_SERVICE,
  type SensorService,
  type SensorServiceStatus,
  serviceKey,
} from '../core/sensor-service/sensor-service.ts';
import { DAEMON_SET, type DaemonSet } from '../core/sensor-service/workload.ts';
import { happeningsOf } from '../core/sensor-service/happenings.ts';

/** Field manager of what is written for services. */
const SERVICE_MANAGER = 'usher-services';

export interface ServiceWriterOptions {
  readonly kube: KubeClient;
  /** Where what happened is told. */
  readonly events: { record(regarding: SensorService, happening: Happening): Promise<void> };
  readonly clock: Clock;
}

/** What became of writing a plan. */
export interface Outcome {
  /** Set when a part could not be written; the rest was. */
  readonly failed?: UsherError;
  /** A disruption budget keeps a pod that is to be replaced. */
  readonly isHeldUp: boolean;
}

/** Writes plans. Each write is made again without harm, and none of them relies on one before it. */
export class ServiceWriter {
  readonly #options: ServiceWriterOptions;
  /** What was applied last, and the generation that came of it: a foreign change shows by another one. */
  readonly #applied = new Map<string, { hash: string; generation: number | undefined }>();

  constructor(options: ServiceWriterOptions) {
    this.#options = options;
  }

  /** Forgets a service that is gone. */
  forget(key: string): void {
    this.#applied.delete(key);
  }

  /** @throws UsherError of what is not to be told of the service itself: no connection, or a conflict */
  async write(service: SensorService, plan: ServicePlan, live: DaemonSet | undefined): Promise<Outcome> {
    let isHeldUp = false;
    try {
      for (const write of plan.leases) await this.#writeLease(write);
      await this.#writeDaemonSet(plan.daemonSet, live);
      for (const { metadata } of plan.evictions) {
        const { name, namespace = 'default', uid } = metadata;
        const gone = await this.#options.kube.evict({ name, namespace, ...(uid === undefined ? {} : { uid }) });
        isHeldUp ||= !gone;
      }
    } catch (error) {
      if (!isUsherError(error, 'KUBE_FORBIDDEN', 'KUBE_INVALID')) throw error;
      await this.#writeStatus(service, this.#refused(plan.status, error));
      return { failed: error, isHeldUp };
    }
    await this.#writeStatus(service, plan.status);
    return { isHeldUp };
  }

  async #writeLease(write: LeaseWrite): Promise<void> {
    const { kube } = this.#options;
    const { name, namespace = 'default', uid } = write.lease.metadata;
    try {
      if (write.verb === 'create') await kube.create(LEASE, write.lease);
      else await kube.mergePatch(LEASE, { name, namespace }, { metadata: { uid, annotations: write.annotations } });
    } catch (error) {
      // Made, deleted or made anew meanwhile: the watch tells of it, and it is looked at again.
      if (!isUsherError(error, 'KUBE_ALREADY_EXISTS', 'KUBE_NOT_FOUND', 'KUBE_CONFLICT')) throw error;
    }
  }

  async #writeDaemonSet(wanted: DaemonSet, live: DaemonSet | undefined): Promise<void> {
    const key = serviceKey(wanted.metadata);
    const wantedHash = hash(JSON.stringify(wanted));
    const known = this.#applied.get(key);
    const isAsWanted =
      known?.hash === wantedHash && (live === undefined || live.metadata.generation === known.generation);
    if (isAsWanted && live !== undefined) return;
    const { metadata } = await this.#options.kube.apply(DAEMON_SET, wanted, {
      fieldManager: SERVICE_MANAGER,
      force: true,
    });
    this.#applied.set(key, { hash: wantedHash, generation: metadata.generation });
  }

  async #writeStatus(service: SensorService, status: SensorServiceStatus): Promise<void> {
    const { kube, events } = this.#options;
    if (isDeepStrictEqual(service.status, status)) return;
    try {
      await kube.replaceStatus(SENSOR_SERVICE, { ...service, status });
    } catch (error) {
      // Deleted meanwhile.
      if (isUsherError(error, 'KUBE_NOT_FOUND')) return;
      throw error;
    }
    for (const happening of happeningsOf(service.status, status)) await events.record(service, happening);
  }

  #refused(status: SensorServiceStatus, error: UsherError): SensorServiceStatus {
    const condition = {
      type: 'Progressing',
      status: 'False',
      reason: 'WriteRefused',
      message: messageOf(error),
    } as const;
    return { ...status, conditions: setCondition(status.conditions, condition, this.#options.clock.nowMs()) };
  }
}
