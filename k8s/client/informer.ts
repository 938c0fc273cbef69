import { type Clock, sleep } from '../../foundation/clock.ts';
import { messageOf, type UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import { collectionPath } from '../core/api-paths.ts';
import { type ObjectChange, ObjectCache } from '../core/object-cache.ts';
import type { Kind, KubeObject } from '../core/resources.ts';
import { isExpired, refusalToError } from './errors.ts';
import type { Informer } from './kube-client.ts';
import type { WatchListener } from './transport.ts';

/** The part of the transport that an informer needs. */
export interface WatchTransport {
  json(request: {
    method: 'GET';
    path: string;
    query: Record<string, string>;
    subject: { kind: string; name: string };
    signal: AbortSignal;
  }): Promise<unknown>;
  watch(path: string, query: Record<string, string>, listener: WatchListener, signal: AbortSignal): Promise<void>;
}

export interface InformerOptions<T extends KubeObject> {
  kind: Kind<T>;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  transport: WatchTransport;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** A collection as the API server lists it. */
export interface ObjectList<T> {
  metadata?: { resourceVersion?: string };
  items?: T[];
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 2_000;
/** A list may take so long on a busy server; whoever asks for another one meanwhile would only make it busier. */
const LIST_PATIENCE_MS = 10_000;

/**
 * List, then watch from there; after an orderly end it goes on where it was, after anything else it lists anew (which
 * also heals a store that was restored from a backup), waiting longer each time and never the same time twice.
 */
export class KubeInformer<T extends KubeObject> implements Informer<T> {
  readonly #options: InformerOptions<T>;
  readonly #logger: Logger;
  readonly #path: string;
  readonly #selectors: Record<string, string>;
  readonly #cache = new ObjectCache<T>();
  readonly #handlers = new Set<(change: ObjectChange<T>) => void>();
  readonly #stop = new AbortController();
  readonly #synced = Promise.withResolvers<undefined>();
  readonly #running: Promise<void>;
  /** Ends one list and the watches that follow it. */
  #round = new AbortController();
  #listingSinceMs: number | undefined;
  #failures = 0;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#logger = options.logger.child({ informer: options.kind.kind });
    this.#path = collectionPath(options.kind, options.namespace);
    this.#selectors = {
      ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
      ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
    };
    this.#running = this.#run();
  }

  get(name: string, namespace?: string): T | undefined {
    return this.#cache.get(name, namespace);
  }

  list(): T[] {
    return this.#cache.list();
  }

  onChange(handler: (change: ObjectChange<T>) => void): () => void {
    this.#handlers.add(handler);
    return () => {
      this.#handlers.delete(handler);
    };
  }

  async synced(): Promise<void> {
    await this.#synced.promise;
  }

  refresh(): void {
    const { clock } = this.#options;
    // What is about to be listed anew needs no second request, unless that one has been without an answer for long.
    if (this.#listingSinceMs !== undefined && clock.nowMs() - this.#listingSinceMs < LIST_PATIENCE_MS) return;
    this.#logger.info({}, 'the watch is taken to stand still: starting it again');
    this.#round.abort();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#synced.resolve(undefined);
    await this.#running;
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#round = new AbortController();
      const signal = AbortSignal.any([this.#stop.signal, this.#round.signal]);
      try {
        await this.#listAndWatch(signal);
      } catch (error) {
        if (!signal.aborted && !isExpired(error)) await this.#backOff(error, signal);
      }
      if (this.#stopped) return;
    }
  }

  async #listAndWatch(signal: AbortSignal): Promise<void> {
    const list = await this.#list(signal);
    let resourceVersion = list.metadata?.resourceVersion ?? '';
    const { kind } = this.#options;
    this.#publish(this.#cache.replaceAll((list.items ?? []).map((item) => withKind(kind, item))));
    this.#synced.resolve(undefined);
    while (!signal.aborted) resourceVersion = await this.#watch(resourceVersion, signal);
  }

  async #list(signal: AbortSignal): Promise<ObjectList<T>> {
    const { kind, transport, clock } = this.#options;
    const subject = { kind: kind.kind, name: 'list' };
    this.#listingSinceMs = clock.nowMs();
    try {
      const request = { method: 'GET' as const, path: this.#path, query: this.#selectors, subject, signal };
      return (await transport.json(request)) as ObjectList<T>;
    } finally {
      this.#listingSinceMs = undefined;
    }
  }

  /** Gives the resourceVersion to go on from. */
  async #watch(from: string, signal: AbortSignal): Promise<string> {
    const { kind, transport } = this.#options;
    let resourceVersion = from;
    const refusals: UsherError[] = [];
    const listener: WatchListener = (phase, received) => {
      if (phase === 'ERROR') {
        refusals.push(statusToError(received, kind.kind));
        return;
      }
      const object = received as T;
      resourceVersion = object.metadata.resourceVersion ?? resourceVersion;
      this.#failures = 0;
      if (phase === 'ADDED' || phase === 'MODIFIED') this.#publish(this.#cache.put(withKind(kind, object)));
      else if (phase === 'DELETED') this.#publish(this.#cache.remove(withKind(kind, object)));
    };
    await transport.watch(this.#path, { ...this.#selectors, resourceVersion: from }, listener, signal);
    const [refusal] = refusals;
    if (refusal !== undefined) throw refusal;
    return resourceVersion;
  }

  #publish(changes: ObjectChange<T>[]): void {
    for (const change of changes) {
      for (const handler of this.#handlers) {
        try {
          handler(change);
        } catch (error) {
          this.#logger.error({ err: error, object: change.object.metadata.name }, 'a handler of the informer failed');
        }
      }
    }
  }

  async #backOff(error: unknown, signal: AbortSignal): Promise<void> {
    const longestMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    const [byte = 0] = this.#options.random.bytes(1);
    const delayMs = Math.round(longestMs * (0.5 + byte / 512));
    this.#logger.warn({ detail: messageOf(error), delayMs }, 'watch interrupted: starting it again');
    try {
      await sleep(this.#options.clock, delayMs, signal);
    } catch {
      this.#logger.debug({}, 'informer stopped or was refreshed while it waited');
    }
  }
}

/** Items of a list come without apiVersion and kind; who set which field is a third of an object, and nobody here asks. */
export function withKind<T extends KubeObject>(kind: Kind<T>, object: T): T {
  object.apiVersion = kind.apiVersion;
  object.kind = kind.kind;
  delete object.metadata.managedFields;
  return object;
}

function statusToError(received: unknown, kind: string): UsherError {
  const code = typeof received === 'object' && received !== null && 'code' in received ? Number(received.code) : 500;
  return refusalToError({ status: code, body: JSON.stringify(received), headers: {} }, { kind, name: 'watch' });
}
