import type { z } from 'zod';
import type { Clock } from '../../../foundation/clock.ts';
import { isUsherError } from '../../../foundation/errors.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { Informer, KubeClient } from '../../../k8s/client/kube-client.ts';
import { MANAGED_BY, SECRET, USHER_NAMESPACE, type KubeSecret } from '../../../k8s/core/resources.ts';

/** Label of the Secrets that hold users and API tokens; its value says which. */
export const PEOPLE_LABEL = 'usher.internal/people';

export interface SecretBookOptions<Shape extends z.ZodType> {
  kube: KubeClient;
  /** Of all Secrets of {@link USHER_NAMESPACE} with {@link PEOPLE_LABEL}. */
  informer: Informer<KubeSecret>;
  clock: Clock;
  logger: Logger;
  /** Value of {@link PEOPLE_LABEL}, and beginning of the Secrets' names. */
  kind: string;
  shape: Shape;
}

/** How often a change is tried again when somebody else wrote meanwhile. */
const ATTEMPTS = 5;
/** How long a change waits until the watch tells of it; it is made in any case. */
const SEEN_MS = 2_000;
const FIELD = 'record';

/**
 * Records, each in a Secret of its own, read from a live cache so that nobody waits for Kubernetes to sign in. Changes are
 * guarded by resourceVersion, and are in the cache when they return.
 */
export class SecretBook<Shape extends z.ZodType> {
  readonly #options: SecretBookOptions<Shape>;
  readonly #records = new Map<string, z.infer<Shape>>();
  readonly #handlers = new Set<(name: string, record: z.infer<Shape> | undefined) => void>();
  readonly #stop: () => void;

  constructor(options: SecretBookOptions<Shape>) {
    this.#options = options;
    this.#stop = options.informer.onChange(({ type, object }) => this.#follow(object, type === 'deleted'));
    for (const object of options.informer.list()) this.#follow(object, false);
  }

  get(name: string): z.infer<Shape> | undefined {
    return this.#records.get(name);
  }

  /** All of them, by name. */
  list(): z.infer<Shape>[] {
    return [...this.#records].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, record]) => record);
  }

  /** Calls back on every change; `record` is undefined when it is gone. */
  onChange(handler: (name: string, record: z.infer<Shape> | undefined) => void): void {
    this.#handlers.add(handler);
  }

  /** False when there is one of that name. @throws UsherError KUBE_* */
  async create(name: string, record: z.infer<Shape>): Promise<boolean> {
    const { kube, kind } = this.#options;
    const labels = { ...MANAGED_BY, [PEOPLE_LABEL]: kind };
    const object: KubeSecret = {
      ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' },
      metadata: { ...this.#nameOf(name), labels },
      data: dataOf(record),
    };
    try {
      await this.#seen(await kube.create(SECRET, object));
      return true;
    } catch (error) {
      if (isUsherError(error, 'KUBE_ALREADY_EXISTS')) return false;
      throw error;
    }
  }

  /**
   * Changes a record as it is in Kubernetes now; undefined from `change` leaves it.
   * @returns the record afterwards, undefined when there is none of that name
   * @throws UsherError KUBE_*, and what `change` throws
   */
  async change(
    name: string,
    change: (record: z.infer<Shape>) => z.infer<Shape> | undefined,
  ): Promise<z.infer<Shape> | undefined> {
    const { kube } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      const secret = await kube.get(SECRET, this.#nameOf(name));
      const record = secret === undefined ? undefined : this.#read(secret);
      if (secret === undefined || record === undefined) return undefined;
      const next = change(record);
      if (next === undefined) return record;
      try {
        await this.#seen(await kube.replace(SECRET, { ...secret, data: dataOf(next) }));
        return next;
      } catch (error) {
        if (!isUsherError(error, 'KUBE_CONFLICT') || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** False when there was none. @throws UsherError KUBE_* */
  async remove(name: string): Promise<boolean> {
    const was = await this.#options.kube.delete(SECRET, this.#nameOf(name));
    await this.#until(() => !this.#records.has(name));
    return was;
  }

  close(): void {
    this.#stop();
  }

  #nameOf(name: string): { name: string; namespace: string } {
    return { name: `usher-${this.#options.kind}-${name}`, namespace: USHER_NAMESPACE };
  }

  #follow(secret: KubeSecret, gone: boolean): void {
    const { kind } = this.#options;
    if (secret.metadata.labels?.[PEOPLE_LABEL] !== kind) return;
    const name = secret.metadata.name.slice(`usher-${kind}-`.length);
    const record = gone ? undefined : this.#read(secret);
    if (record === undefined) this.#records.delete(name);
    else this.#records.set(name, record);
    for (const handler of this.#handlers) handler(name, record);
  }

  /** Undefined when somebody else wrote it so that it holds nothing of this kind any more: nobody gets in by it. */
  #read(secret: KubeSecret): z.infer<Shape> | undefined {
    const text = Buffer.from(secret.data?.[FIELD] ?? '', 'base64').toString();
    const parsed = this.#options.shape.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    this.#options.logger.error({ secret: secret.metadata.name }, 'a Secret of usher-system cannot be read');
    return undefined;
  }

  async #seen({ metadata }: KubeSecret): Promise<void> {
    const { informer } = this.#options;
    await this.#until(
      () => informer.get(metadata.name, metadata.namespace)?.metadata.resourceVersion === metadata.resourceVersion,
    );
  }

  /** Waits for the watch; without it the change is made all the same, and known a little later. */
  async #until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    const { clock, informer } = this.#options;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        cancel();
        unsubscribe();
        resolve();
      };
      const cancel = clock.after(SEEN_MS, done);
      const unsubscribe = informer.onChange(() => {
        if (isSo()) done();
      });
    });
  }
}

function dataOf(record: unknown): Record<string, string> {
  return { [FIELD]: Buffer.from(JSON.stringify(record)).toString('base64') };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
