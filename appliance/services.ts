import { hostname } from 'node:os';
import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { asUsherError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Informer } from '../k8s/client/kube-client.ts';
import type { DeviceClaim, Node } from '../k8s/core/resources.ts';
import { EventRecorder } from '../k8s/events.ts';
import { NODE_IMAGE } from '../k8s/sensor-services/node-programs.ts';
import { ServiceController } from '../k8s/sensor-services/service-controller.ts';
import type { Kubernetes } from './kubernetes.ts';
import type { StopList } from './stop-list.ts';
import type { Surroundings } from './surroundings.ts';
import { applianceVersion } from './version.ts';

export interface ServicesOptions {
  readonly kubernetes: Kubernetes;
  readonly surroundings: Surroundings;
  readonly stops: StopList;
  readonly claims: Informer<DeviceClaim>;
  readonly nodes: Informer<Node>;
  /** The site's broker as nodes reach it. */
  readonly brokerUrl: () => string;
  /** The images of the site. */
  readonly images: { list(): Promise<{ readonly name: string }[]> };
}

/** Port of an MQTT broker without TLS (IANA). */
const MQTT_PORT = 1883;

/** The broker of `--broker`, or the one on this master. */
export function brokerUrlOf(given: string | undefined, addresses: readonly string[]): string {
  const [address = '127.0.0.1'] = addresses;
  return given ?? `mqtt://${address.includes(':') ? `[${address}]` : address}:${String(MQTT_PORT)}`;
}

/** Starts what arranges sensor services, and sees to it that nodes run what these need. @throws UsherError KUBE_* */
export async function startServices(options: ServicesOptions): Promise<ServiceController> {
  const { kubernetes, surroundings, stops, claims, nodes, brokerUrl, images } = options;
  const { clock } = surroundings;
  const { kube } = kubernetes;
  const logger = surroundings.logger.child({ part: 'services' });
  const events = new EventRecorder({ kube, clock, logger, instance: hostname() });
  const controller = new ServiceController({ kube, nodes, claims, brokerUrl, events, clock, logger });
  stops.add('services', () => controller.stop());
  await controller.start();
  const image = `${NODE_IMAGE}:${applianceVersion()}`;
  const programs = new NodePrograms({
    isAtHand: async () =>
      (await images.list()).some(({ name }) => name === image) || nodes.list().some((node) => hasImage(node, image)),
    run: () => kubernetes.runNodePrograms(image),
    clock,
    logger,
  });
  programs.start();
  stops.add('programs of the nodes', () => programs.stop());
  return controller;
}

const LOOK_MS = 1000;

/** Waits until the image of the nodes' programs is there, and has it run. */
export class NodePrograms {
  readonly #options: { isAtHand: () => Promise<boolean>; run: () => Promise<void>; clock: Clock; logger: Logger };
  #cancel: CancelTimer | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isDone = false;

  constructor(options: { isAtHand: () => Promise<boolean>; run: () => Promise<void>; clock: Clock; logger: Logger }) {
    this.#options = options;
  }

  start(): void {
    this.#looking = this.#look();
  }

  async stop(): Promise<void> {
    this.#isDone = true;
    this.#cancel?.();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { isAtHand, run, clock, logger } = this.#options;
    try {
      if (await isAtHand()) {
        await run();
        this.#isDone = true;
        logger.info({}, 'standby and device plugin are to run on every node');
      }
    } catch (error) {
      const { code, message } = asUsherError(error);
      logger.warn({ code, detail: message }, 'standby and device plugin could not be put on the nodes yet');
    }
    if (this.#isDone) return;
    this.#cancel = clock.after(LOOK_MS, () => {
      this.#looking = this.#look();
    });
  }
}

function hasImage({ status }: Node, image: string): boolean {
  return status?.images?.some(({ names }) => names?.includes(image) ?? false) ?? false;
}
