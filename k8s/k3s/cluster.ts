import { createHash, X509Certificate } from 'node:crypto';
import type { Clock } from '../../foundation/clock.ts';
import { sleep } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { type AdminKubeClient, createKubeClient } from '../client/create-kube-client.ts';

export type ClusterEvent =
  { type: 'starting' } | { type: 'ready'; afterMs: number } | { type: 'exited'; detail: string; retryInMs?: number };

/** The cluster of the site, whether Usher runs its server or found it there. */
export interface SiteCluster {
  /** Starts it if need be, and resolves once its API answers; a server that dies later is started again. */
  start(): Promise<void>;
  /** Stops what `start` started; an existing cluster is left alone. */
  stop(): Promise<void>;
  /** Returns the unsubscribe. */
  onEvent(handler: (event: ClusterEvent) => void): () => void;
  /** A client with an administrator's rights. Only after `start`. */
  adminClient(): AdminKubeClient;
  /** Kubeconfig with an administrator's rights, for kubectl. */
  readonly kubeconfigPath: string;
  /** The masters' own node names that are known beforehand. */
  readonly masterNodeNames: readonly string[];
  /** Serves these addresses of this master from now on; nothing happens when it does so already. */
  moveTo(addresses: readonly string[]): Promise<void>;
  /** URL for agents that reach this master at `address`. */
  joinServerUrl(address: string): string;
  /** The hash of the cluster's CA that stands in every join token (`K10<hash>::…`). */
  caHash(): Promise<string>;
}

/**
 * The hash by which a k3s agent checks the cluster's CA: of the PEM bytes when there is one certificate, of the root's DER
 * when there are more (notes: the join contract of k3s, line 1).
 */
export function caHashOf(pem: string): string {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const roots = certificates.map((one) => new X509Certificate(one)).filter((one) => one.subject === one.issuer);
  const [root] = roots;
  const bytes = certificates.length > 1 && root !== undefined ? root.raw : Buffer.from(pem);
  return createHash('sha256').update(bytes).digest('hex');
}

/** Waits until the API answers. @throws UsherError K3S_NOT_READY, or STOPPED when `signal` is aborted */
export async function untilReady(options: {
  clock: Clock;
  limitMs: number;
  pollMs: number;
  isReady: () => Promise<boolean>;
  signal?: AbortSignal;
}): Promise<void> {
  const { clock, limitMs, pollMs, isReady, signal } = options;
  const deadlineMs = clock.nowMs() + limitMs;
  while (!(await isReady())) {
    if (signal?.aborted === true) throw new UsherError('STOPPED');
    if (clock.nowMs() >= deadlineMs) throw new UsherError('K3S_NOT_READY', { limitMs });
    await sleep(clock, pollMs);
  }
}

/** A cluster that somebody else runs, reached by its kubeconfig. */
export class ExistingCluster implements SiteCluster {
  readonly kubeconfigPath: string;
  readonly masterNodeNames: readonly string[] = [];
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #client: AdminKubeClient;

  /** @throws UsherError CONFIG_INVALID when the kubeconfig cannot be read */
  constructor(options: { kubeconfigPath: string; clock: Clock; logger: Logger; readyLimitMs?: number }) {
    this.kubeconfigPath = options.kubeconfigPath;
    this.#clock = options.clock;
    this.#limitMs = options.readyLimitMs ?? 60_000;
    const { kubeconfigPath, clock, logger } = options;
    this.#client = createKubeClient({ access: { kubeconfigPath }, clock, logger });
  }

  async start(): Promise<void> {
    const isReady = (): Promise<boolean> => this.#client.isReady();
    await untilReady({ clock: this.#clock, limitMs: this.#limitMs, pollMs: 250, isReady });
  }

  async stop(): Promise<void> {
    await this.#client.close();
  }

  onEvent(): () => void {
    return () => undefined;
  }

  /** Whoever runs it sees to that. */
  moveTo(): Promise<void> {
    return Promise.resolve();
  }

  adminClient(): AdminKubeClient {
    return this.#client;
  }

  joinServerUrl(address: string): string {
    const url = new URL(this.#client.endpoint.server);
    if (['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) url.hostname = bracketed(address);
    return url.origin;
  }

  async caHash(): Promise<string> {
    return caHashOf(await this.#client.getRaw('/cacerts'));
  }
}

/** An address as it stands in a URL. */
export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
