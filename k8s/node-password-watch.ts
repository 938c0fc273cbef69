import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { AlarmBook } from './alarms.ts';
import type { Informer, KubeClient } from './client/kube-client.ts';
import { namesFromBeforeUsher } from './approved-nodes.ts';
import { isManagedByUsher, type KubeSecret, type Node } from './core/resources.ts';
import type { KubeRetiredNames } from './retired-names.ts';

/** Selects the Secrets that {@link NodePasswordWatch} looks at: of the namespace kube-system, by their type. */
export const NODE_PASSWORDS = { namespace: 'kube-system', fieldSelector: 'type=k3s.cattle.io/node-password' } as const;

export interface NodePasswordWatchOptions {
  /** Of {@link NODE_PASSWORDS}. The watch does not stop it. */
  secrets: Informer<KubeSecret>;
  nodes: Pick<Informer<Node>, 'get'>;
  kube: KubeClient;
  retired: KubeRetiredNames;
  alarms: AlarmBook;
  /**
   * Whether `hash` is one of the node password that Usher gave out for this name: a device that was late with its ticket
   * makes k3s write the Secret anew.
   */
  isOfTicket: (nodeName: string, hash: string) => Promise<boolean>;
  clock: Clock;
  logger: Logger;
}

const SUFFIX = '.node-password.k3s';
const RETRY_MS = 5000;

/**
 * Looks for node passwords that nobody should have made: whoever uses a join token under a name of his own makes k3s
 * write one, even when his Node is refused by the list of names. Each raises an alarm, and its name is retired, since
 * its maker holds a kubelet's certificate for it. What it finds is acted on once more after a crash.
 */
export class NodePasswordWatch {
  readonly #options: NodePasswordWatchOptions;
  readonly #waiting = new Map<string, KubeSecret>();
  #beganMs = 0;
  #unsubscribe: () => void = () => undefined;
  #working: Promise<void> | undefined;
  #cancelRetry: CancelTimer | undefined;

  constructor(options: NodePasswordWatchOptions) {
    this.#options = options;
  }

  /** Begins to watch; what came while no appliance ran is found too. @throws UsherError KUBE_* */
  async start(): Promise<void> {
    const { retired, secrets } = this.#options;
    this.#beganMs = Date.parse(await retired.open());
    // A crash may have come between retiring a name and raising the alarm.
    for (const { nodeName, secretUid } of retired.retirements()) void this.#raise(nodeName, secretUid);
    this.#unsubscribe = secrets.onChange(({ type, object }) => {
      if (type !== 'deleted') this.#consider(object);
    });
    for (const secret of secrets.list()) this.#consider(secret);
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#cancelRetry?.();
    await this.#working;
  }

  #consider(secret: KubeSecret): void {
    const { name, creationTimestamp } = secret.metadata;
    if (!name.endsWith(SUFFIX) || isManagedByUsher(secret) || this.#hasNode(nodeNameOf(secret))) return;
    // Timestamps of Kubernetes are whole seconds.
    if (creationTimestamp !== undefined && Date.parse(creationTimestamp) <= this.#beganMs) return;
    this.#waiting.set(name, secret);
    this.#work();
  }

  #hasNode(nodeName: string): boolean {
    return this.#options.nodes.get(nodeName) !== undefined;
  }

  /** One round at a time, for all that came meanwhile. */
  #work(): void {
    this.#working ??= this.#round().finally(() => {
      this.#working = undefined;
      if (this.#waiting.size > 0 && this.#cancelRetry === undefined) this.#work();
    });
  }

  async #round(): Promise<void> {
    const { kube, retired, clock, logger } = this.#options;
    const round = [...this.#waiting.values()];
    try {
      const before = new Set(await namesFromBeforeUsher(kube));
      const strange: KubeSecret[] = [];
      for (const secret of round) if (await this.#isStrange(secret, before)) strange.push(secret);
      await retired.retire(strange.map((secret) => ({ nodeName: nodeNameOf(secret), secretUid: uidOf(secret) })));
      await Promise.all(strange.map((secret) => this.#raise(nodeNameOf(secret), uidOf(secret))));
      for (const secret of round)
        if (this.#waiting.get(secret.metadata.name) === secret) this.#waiting.delete(secret.metadata.name);
    } catch (error) {
      logger.warn({ detail: messageOf(error) }, 'unexpected node passwords could not be dealt with yet');
      this.#cancelRetry = clock.after(RETRY_MS, () => {
        this.#cancelRetry = undefined;
        this.#work();
      });
    }
  }

  async #isStrange(secret: KubeSecret, fromBeforeUsher: ReadonlySet<string>): Promise<boolean> {
    const nodeName = nodeNameOf(secret);
    if (fromBeforeUsher.has(nodeName) || this.#hasNode(nodeName)) return false;
    const hash = Buffer.from(secret.data?.['hash'] ?? '', 'base64').toString();
    return !(await this.#options.isOfTicket(nodeName, hash));
  }

  async #raise(nodeName: string, secretUid: string): Promise<void> {
    const params = { nodeName, secret: `${nodeName}${SUFFIX}` };
    await this.#options.alarms.raise({ code: 'NODE_PASSWORD_UNEXPECTED', params, nodeName, occasion: secretUid });
  }
}

function nodeNameOf({ metadata }: KubeSecret): string {
  return metadata.name.slice(0, -SUFFIX.length);
}

function uidOf({ metadata }: KubeSecret): string {
  return metadata.uid ?? '';
}
