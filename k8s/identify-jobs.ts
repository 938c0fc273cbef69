import { type Clock, sleep } from '../foundation/clock.ts';
import { isUsherError, messageOf, UsherError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { KubeClient } from './client/kube-client.ts';
import { IDENTIFY_LABEL, identifyJob, identifyJobName, imageOnNode, JOB } from './core/identify-job.ts';
import { type Pod, POD } from './core/pods.ts';
import { MANAGED_BY, NODE, USHER_NAMESPACE } from './core/resources.ts';

const LOOK_MS = 250;
const MANAGED = Object.entries(MANAGED_BY).map(([key, value]) => `${key}=${value}`);
/** What a kubelet says of a container before its volumes are there; all else comes after. */
const BEFORE_VOLUMES = ['ContainerCreating', 'PodInitializing'];

export interface IdentifyJobsOptions {
  readonly kube: Pick<KubeClient, 'create' | 'delete' | 'get' | 'list'>;
  /** Named by the Job when the node lists none that fits. */
  readonly pauseImage?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Asks joined nodes to show themselves, by one short Job each. */
export class IdentifyJobs {
  readonly #options: IdentifyJobsOptions;

  constructor(options: IdentifyJobsOptions) {
    this.#options = options;
  }

  /** Removes what an earlier run of the appliance left; the cluster would do so too, a minute later. */
  async sweep(): Promise<void> {
    const { kube, logger } = this.#options;
    try {
      const labelSelector = [...MANAGED, IDENTIFY_LABEL].join(',');
      const left = await kube.list(JOB, { namespace: USHER_NAMESPACE, labelSelector });
      await Promise.all(
        left.map(({ metadata }) => kube.delete(JOB, { name: metadata.name, namespace: USHER_NAMESPACE })),
      );
    } catch (error) {
      logger.warn({ detail: messageOf(error) }, 'Jobs of an earlier run could not be removed; they end by themselves');
    }
  }

  /**
   * Asks the node; resolves with true when its kubelet has begun, and with false, leaving nothing behind, when it has not
   * within `waitMs`. The Job is removed when its time is over.
   * @throws UsherError IDENTIFY_RUNNING when the node is asked already; KUBE_*
   */
  async show(
    device: { deviceId: string; nodeName: string; shortId: string },
    what: { words: string; seconds: number },
    waitMs: number,
  ): Promise<boolean> {
    const { kube, clock } = this.#options;
    const image = await this.#imageFor(device.nodeName);
    try {
      await kube.create(JOB, identifyJob({ ...device, ...what, image }));
    } catch (error) {
      if (!isUsherError(error, 'KUBE_ALREADY_EXISTS')) throw error;
      throw new UsherError('IDENTIFY_RUNNING', { id: device.shortId, words: 'other words' }, { cause: error });
    }
    const hasBegun = await this.#begins(device.deviceId, waitMs);
    if (hasBegun) clock.after(what.seconds * 1000, () => void this.#remove(device.deviceId));
    else await this.#remove(device.deviceId);
    return hasBegun;
  }

  async #imageFor(nodeName: string): Promise<string> {
    const node = await this.#options.kube.get(NODE, { name: nodeName });
    // The kubelet makes the volume before it looks for the image: even one that is not there does its work.
    return imageOnNode(node?.status?.images ?? []) ?? this.#options.pauseImage ?? 'registry.k8s.io/pause:3.10';
  }

  async #begins(deviceId: string, waitMs: number): Promise<boolean> {
    const { kube, clock } = this.#options;
    const labelSelector = `${IDENTIFY_LABEL}=${deviceId}`;
    try {
      for (let leftMs = waitMs; leftMs > 0; leftMs -= LOOK_MS) {
        const pods = await kube.list(POD, { namespace: USHER_NAMESPACE, labelSelector });
        if (pods.some(hasVolumes)) return true;
        await sleep(clock, LOOK_MS);
      }
    } catch (error) {
      await this.#remove(deviceId);
      throw error;
    }
    return false;
  }

  async #remove(deviceId: string): Promise<void> {
    const { kube, logger } = this.#options;
    try {
      await kube.delete(JOB, { name: identifyJobName(deviceId), namespace: USHER_NAMESPACE });
    } catch (error) {
      logger.warn({ deviceId, detail: messageOf(error) }, 'a Job could not be removed; it ends by itself');
    }
  }
}

function hasVolumes({ status }: Pod): boolean {
  const waiting = status?.containerStatuses?.map(({ state }) => state?.waiting?.reason ?? '') ?? [];
  if (status?.phase === 'Pending') return waiting.some((reason) => reason !== '' && !BEFORE_VOLUMES.includes(reason));
  return status?.phase === 'Running' || status?.phase === 'Succeeded';
}
