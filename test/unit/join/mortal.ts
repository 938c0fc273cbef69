import type { CancelTimer, Clock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import type { Informer, KubeClient } from '../../../k8s/client/kube-client.ts';
import type { KubeObject } from '../../../k8s/core/resources.ts';

/** When a process is to die: around its nth write, which then has (`after`) or has not (`before`) reached the API server. */
export interface Death {
  write: number;
  moment: 'before' | 'after';
}

const OUTAGE_MS = 4_500;

/** One process: once dead, none of its requests is sent or answered, none of its timers fires, none of its watches speaks. */
export class Process {
  readonly died: Promise<'died'>;
  writes = 0;
  isDead = false;
  readonly #clock: Clock;
  readonly #announce: () => void;
  readonly #death: Death | undefined;
  readonly #outage: Death | undefined;
  #awayUntilMs = 0;
  readonly #informers: Pick<Informer<KubeObject>, 'stop'>[] = [];

  /** `outage`: from that write on the API server is away for {@link OUTAGE_MS} of `clock`. */
  constructor(clock: Clock, death?: Death, outage?: Death) {
    this.#clock = clock;
    this.#death = death;
    this.#outage = outage;
    let announce = (): void => undefined;
    this.died = new Promise((resolve) => {
      announce = () => resolve('died');
    });
    this.#announce = announce;
  }

  /** Whether the API server is away now. */
  get isCut(): boolean {
    return this.#clock.nowMs() < this.#awayUntilMs;
  }

  die(): void {
    this.isDead = true;
    for (const informer of this.#informers) void informer.stop();
    this.#announce();
  }

  /** An effect that is no change of an object, such as an Event: counted as a write, and lost while the API is away. */
  async effect(act: () => unknown): Promise<void> {
    await this.#request(true, () => Promise.resolve(act())).catch(() => undefined);
  }

  clock(): Clock {
    return {
      nowMs: () => this.#clock.nowMs(),
      after: (delayMs, run): CancelTimer =>
        this.#clock.after(delayMs, () => {
          if (!this.isDead) run();
        }),
    };
  }

  kube(real: KubeClient): KubeClient {
    return {
      get: (kind, name) => this.#request(false, () => real.get(kind, name)),
      list: (kind, options) => this.#request(false, () => real.list(kind, options)),
      create: (kind, object) => this.#request(true, () => real.create(kind, object)),
      replace: (kind, object) => this.#request(true, () => real.replace(kind, object)),
      replaceStatus: (kind, object) => this.#request(true, () => real.replaceStatus(kind, object)),
      mergePatch: (kind, name, patch, sub) => this.#request(true, () => real.mergePatch(kind, name, patch, sub)),
      apply: (kind, object, options) => this.#request(true, () => real.apply(kind, object, options)),
      delete: (kind, name, options) => this.#request(true, () => real.delete(kind, name, options)),
      evict: (pod) => this.#request(true, () => real.evict(pod)),
      inform: (kind, options) => {
        const informer = real.inform(kind, options);
        this.#informers.push(informer);
        return informer;
      },
      isReady: () => real.isReady(),
      getRaw: (path) => real.getRaw(path),
    };
  }

  async #request<T>(isWrite: boolean, send: () => Promise<T>): Promise<T> {
    if (this.isDead) return await never();
    if (isWrite) this.writes += 1;
    const death = isWrite && this.#death?.write === this.writes ? this.#death.moment : undefined;
    const cut = isWrite && this.#outage?.write === this.writes ? this.#outage.moment : undefined;
    if (cut !== undefined) this.#awayUntilMs = this.#clock.nowMs() + OUTAGE_MS;
    if (death === 'before') {
      this.die();
      return await never();
    }
    if (cut !== 'after' && this.isCut) throw away();
    const reply = send();
    // Refused is answered too.
    if (death === 'after' || cut === 'after') await reply.catch(() => undefined);
    if (death === 'after') this.die();
    if (cut === 'after') throw away();
    return await this.#answer(reply);
  }

  async #answer<T>(reply: Promise<T>): Promise<T> {
    const result = await reply.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if (this.isDead) return await never();
    if ('value' in result) return result.value;
    throw result.error;
  }
}

function away(): UsherError {
  return new UsherError('KUBE_UNREACHABLE', { detail: 'connection refused' });
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
