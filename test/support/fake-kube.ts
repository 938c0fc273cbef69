import { UsherError } from '../../foundation/errors.ts';
import type { ErrorCode } from '../../foundation/error-catalogue.ts';
import type {
  DeleteOptions,
  Informer,
  InformerChange,
  KubeClient,
  ObjectName,
  WriteOptions,
} from '../../k8s/client/kube-client.ts';
import { POD } from '../../k8s/core/pods.ts';
import type { Kind, KubeObject } from '../../k8s/core/resources.ts';
import {
  desiredPart,
  FieldOwners,
  isJson,
  matchesFields,
  matchesLabels,
  mergePatched,
  ownable,
  sameJson,
  type Json,
} from './fake-kube-fields.ts';

/** One request to the fake, as hooks see it and as {@link FakeKube.calls} keeps it. */
export interface FakeCall {
  verb: 'get' | 'list' | 'create' | 'replace' | 'replaceStatus' | 'mergePatch' | 'apply' | 'delete' | 'evict';
  kind: string;
  name: string;
  namespace?: string;
  dryRun?: true;
}

type Hook = (call: FakeCall) => void | Promise<void>;
type Stored = KubeObject & { status?: unknown };

const UPDATE_MANAGER = 'update';

interface Entry {
  object: Stored;
  owners: FieldOwners;
}

/**
 * The Kubernetes API in memory, as far as the product uses it: resourceVersion, uid, generation, status subresources,
 * field ownership of server-side apply, finalizers, owner references, immutable Secrets, watches. Writes that change
 * nothing give no event and keep the resourceVersion, as on the real one.
 */
export class FakeKube implements KubeClient {
  /** Every request so far, reads included. */
  readonly calls: FakeCall[] = [];
  /** What informer handlers threw. */
  readonly handlerErrors: unknown[] = [];
  /** Bodies for {@link getRaw}. */
  readonly raw = new Map<string, string>();
  ready = true;
  readonly podsKeptByBudget = new Set<string>();
  /** Runs before a request takes effect; a throw is the answer, a promise delays it. */
  before: Hook = () => undefined;
  /** Runs after a request took effect; a throw is a lost answer (the write happened). */
  after: Hook = () => undefined;

  readonly #nowMs: () => number;
  readonly #kinds = new Map<string, Map<string, Entry>>();
  readonly #watches = new Set<(kind: string, change: InformerChange<KubeObject>) => void>();
  #version = 100;
  #uids = 0;

  constructor(options: { nowMs?: () => number } = {}) {
    this.#nowMs = options.nowMs ?? ((): number => Date.parse('2026-01-01T00:00:00Z'));
  }

  /** Writes since the start (or since the `calls` array was emptied). */
  writes(): FakeCall[] {
    return this.calls.filter(({ verb }) => verb !== 'get' && verb !== 'list');
  }

  /** The next `times` requests of that verb (and kind) fail with `code` and have no effect. */
  failNext(verb: FakeCall['verb'], code: ErrorCode, options: { kind?: string; times?: number } = {}): void {
    const previous = this.before;
    let left = options.times ?? 1;
    this.before = async (call) => {
      await previous(call);
      if (left <= 0 || call.verb !== verb || (options.kind ?? call.kind) !== call.kind) return;
      left -= 1;
      throw new UsherError(code, { kind: call.kind, name: call.name, detail: 'injected', status: 0 });
    };
  }

  get<T extends KubeObject>(kind: Kind<T>, name: ObjectName): Promise<T | undefined> {
    return this.#run('get', kind, name, () => this.#find(kind, name)?.object as T | undefined);
  }

  list<T extends KubeObject>(kind: Kind<T>, options: Selection = {}): Promise<T[]> {
    return this.#run('list', kind, { name: '' }, () => this.#select(kind, options));
  }

  create<T extends KubeObject>(kind: Kind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.#run('create', kind, { ...object.metadata, ...options }, () => {
      if (object.metadata.name === '') throw invalid(object, 'metadata.name is required');
      if (this.#find(kind, object.metadata) !== undefined) {
        throw new UsherError('KUBE_ALREADY_EXISTS', { kind: kind.kind, name: object.metadata.name });
      }
      return options.dryRun === true ? object : (this.#insert(kind, object, UPDATE_MANAGER) as T);
    });
  }

  replace<T extends KubeObject>(kind: Kind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return this.#run('replace', kind, { ...object.metadata, ...options }, () => {
      const { live } = this.#current(kind, object.metadata, object.metadata.resourceVersion, object.metadata.uid);
      if (options.dryRun === true) return object;
      return this.#update(kind, object.metadata, keepStatus(structuredClone(object), live)) as T;
    });
  }

  replaceStatus<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
    return this.#run('replaceStatus', kind, object.metadata, () => {
      const { live } = this.#current(kind, object.metadata, object.metadata.resourceVersion, object.metadata.uid);
      return this.#update(kind, object.metadata, withStatus(live, (object as Stored).status)) as T;
    });
  }

  mergePatch<T extends KubeObject>(kind: Kind<T>, name: ObjectName, patch: object, subresource?: string): Promise<T> {
    return this.#run('mergePatch', kind, name, () => {
      const metadata = 'metadata' in patch && isJson(patch.metadata) ? patch.metadata : {};
      const { live } = this.#current(kind, name, text(metadata['resourceVersion']), text(metadata['uid']));
      const patched = mergePatched(live, structuredClone(patch)) as Stored;
      const next = subresource === 'status' ? withStatus(live, patched.status) : keepStatus(patched, live);
      return this.#update(kind, name, next) as T;
    });
  }

  apply<T extends KubeObject>(
    kind: Kind<T>,
    object: { apiVersion: string; kind: string; metadata: { name: string; namespace?: string; uid?: string } } & object,
    options: { fieldManager: string; force?: boolean },
  ): Promise<T> {
    return this.#run('apply', kind, object.metadata, () => {
      const entry = this.#find(kind, object.metadata);
      if (object.metadata.uid !== undefined && entry?.object.metadata.uid !== object.metadata.uid) {
        throw new UsherError('KUBE_CONFLICT', { kind: kind.kind, name: object.metadata.name });
      }
      if (entry === undefined) return this.#insert(kind, object, options.fieldManager) as T;
      const wanted = ownable(object);
      const outcome = entry.owners.apply(entry.object, wanted, options.fieldManager, options.force === true);
      if ('conflict' in outcome) throw new UsherError('KUBE_CONFLICT', { kind: kind.kind, name: object.metadata.name });
      const next = outcome.result as unknown as Stored;
      return this.#update(kind, object.metadata, keepStatus(next, entry.object), true) as T;
    });
  }

  delete<T extends KubeObject>(kind: Kind<T>, name: ObjectName, options: DeleteOptions = {}): Promise<boolean> {
    return this.#run('delete', kind, name, () => {
      const entry = this.#find(kind, name);
      if (entry === undefined || (options.uid !== undefined && entry.object.metadata.uid !== options.uid)) return false;
      if (options.resourceVersion !== undefined) this.#current(kind, name, options.resourceVersion);
      if ((entry.object.metadata.finalizers ?? []).length === 0) {
        this.#remove(kind, entry);
        return true;
      }
      const dying = structuredClone(entry.object);
      dying.metadata.deletionTimestamp ??= this.#now();
      this.#update(kind, name, dying);
      return true;
    });
  }

  evict(pod: ObjectName & { uid?: string }): Promise<boolean> {
    return this.#run('evict', POD, pod, () => {
      const entry = this.#find(POD, pod);
      if (entry === undefined || (pod.uid ?? entry.object.metadata.uid) !== entry.object.metadata.uid) return true;
      if (!this.podsKeptByBudget.has(pod.name)) this.#remove(POD, entry);
      return !this.podsKeptByBudget.has(pod.name);
    });
  }

  inform<T extends KubeObject>(
    kind: Kind<T>,
    options: { namespace?: string; labelSelector?: string; fieldSelector?: string } = {},
  ): Informer<T> {
    const cache = new Map<string, T>();
    const handlers = new Set<(change: InformerChange<T>) => void>();
    let stopped = false;
    const deliver = (type: 'seen' | 'deleted', object: T): void => {
      const key = keyOf(kind, object.metadata);
      const known = cache.get(key);
      const gone = type === 'deleted' || !selects(object, options);
      if (gone && known === undefined) return;
      if (gone) cache.delete(key);
      else cache.set(key, object);
      const change: InformerChange<T> = { type: gone ? 'deleted' : known === undefined ? 'added' : 'updated', object };
      for (const handler of handlers) this.#guarded(() => handler(structuredClone(change)));
    };
    // A watch is never synchronous with the write it tells of: one microtask keeps order and still needs no timer.
    const later = (run: () => void): void => {
      queueMicrotask(() => {
        if (!stopped) run();
      });
    };
    const watch = (changed: string, change: InformerChange<KubeObject>): void => {
      if (changed !== idOf(kind)) return;
      const object = structuredClone(change.object) as T;
      later(() => deliver(change.type === 'deleted' ? 'deleted' : 'seen', object));
    };
    this.#watches.add(watch);
    const first = this.#select(kind, options).map((object) => structuredClone(object));
    const synced = Promise.resolve().then(() => {
      for (const object of stopped ? [] : first) deliver('seen', object);
    });
    return {
      get: (name, namespace) => clone(cache.get(keyOf(kind, namespace === undefined ? { name } : { name, namespace }))),
      list: () => [...cache.values()].map((object) => structuredClone(object)),
      onChange: (handler) => {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
      synced: () => synced,
      refresh: () => undefined,
      stop: () => {
        stopped = true;
        this.#watches.delete(watch);
        return Promise.resolve();
      },
    };
  }

  isReady(): Promise<boolean> {
    return Promise.resolve(this.ready);
  }

  getRaw(path: string): Promise<string> {
    const body = this.raw.get(path);
    if (body === undefined) return Promise.reject(new UsherError('KUBE_NOT_FOUND', { kind: 'path', name: path }));
    return Promise.resolve(body);
  }

  async #run<R>(
    verb: FakeCall['verb'],
    kind: Kind<KubeObject>,
    name: ObjectName & WriteOptions,
    act: () => R,
  ): Promise<R> {
    const call: FakeCall = { verb, kind: kind.kind, name: name.name };
    if (name.dryRun === true) call.dryRun = true;
    if (name.namespace !== undefined) call.namespace = name.namespace;
    this.calls.push(call);
    await this.before(call);
    const result = structuredClone(act());
    await this.after(call);
    return result;
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.handlerErrors.push(error);
    }
  }

  #now(): string {
    return new Date(this.#nowMs()).toISOString().replace(/\.\d+Z$/, 'Z');
  }

  #table(kind: Kind<KubeObject>): Map<string, Entry> {
    const table = this.#kinds.get(idOf(kind)) ?? new Map<string, Entry>();
    this.#kinds.set(idOf(kind), table);
    return table;
  }

  #find(kind: Kind<KubeObject>, name: ObjectName): Entry | undefined {
    return this.#table(kind).get(keyOf(kind, name));
  }

  #select<T extends KubeObject>(kind: Kind<T>, options: Selection): T[] {
    return [...this.#table(kind).values()]
      .map(({ object }) => object as unknown as T)
      .filter((object) => selects(object, options));
  }

  #current(kind: Kind<KubeObject>, name: ObjectName, resourceVersion?: string, uid?: string): { live: Stored } {
    const entry = this.#find(kind, name);
    const params = { kind: kind.kind, name: name.name };
    if (entry === undefined) throw new UsherError('KUBE_NOT_FOUND', params);
    const { metadata } = entry.object;
    const stale = resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion;
    if (stale || (uid !== undefined && uid !== metadata.uid)) throw new UsherError('KUBE_CONFLICT', params);
    return { live: entry.object };
  }

  #insert(kind: Kind<KubeObject>, object: KubeObject, manager: string): Stored {
    const stored = structuredClone(object) as Stored;
    if (stored.apiVersion.startsWith('usher.internal/')) delete stored.status;
    this.#uids += 1;
    stored.metadata.uid = `00000000-0000-4000-8000-${String(this.#uids).padStart(12, '0')}`;
    stored.metadata.creationTimestamp = this.#now();
    stored.metadata.generation = 1;
    stored.metadata.resourceVersion = this.#nextVersion();
    const owners = new FieldOwners();
    owners.recordUpdate({}, ownable(stored), manager);
    this.#table(kind).set(keyOf(kind, stored.metadata), { object: stored, owners });
    this.#tell(kind, 'added', stored);
    return stored;
  }

  #update(kind: Kind<KubeObject>, name: ObjectName, next: Stored, applied = false): Stored {
    const entry = this.#find(kind, name);
    if (entry === undefined) throw new UsherError('KUBE_NOT_FOUND', { kind: kind.kind, name: name.name });
    const was = entry.object;
    refuseForbidden(was, next);
    if (was.metadata.deletionTimestamp !== undefined) next.metadata.deletionTimestamp = was.metadata.deletionTimestamp;
    const { uid, creationTimestamp, generation = 1, resourceVersion } = was.metadata;
    Object.assign(next.metadata, { uid, creationTimestamp, generation, resourceVersion });
    if (sameJson(was, next)) return was;
    if (!sameJson(desiredPart(was), desiredPart(next))) next.metadata.generation = generation + 1;
    next.metadata.resourceVersion = this.#nextVersion();
    if (!applied) entry.owners.recordUpdate(ownable(was), ownable(next), UPDATE_MANAGER);
    entry.object = next;
    if (next.metadata.deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0)
      this.#remove(kind, entry);
    else this.#tell(kind, 'updated', next);
    return next;
  }

  #remove(kind: Kind<KubeObject>, entry: Entry): void {
    this.#table(kind).delete(keyOf(kind, entry.object.metadata));
    this.#nextVersion();
    this.#tell(kind, 'deleted', entry.object);
    const owner = entry.object.metadata.uid;
    for (const [id, table] of this.#kinds) {
      for (const [key, { object }] of table) {
        if (object.metadata.ownerReferences?.some(({ uid }) => uid === owner) !== true) continue;
        table.delete(key);
        for (const watch of this.#watches) watch(id, { type: 'deleted', object });
      }
    }
  }

  #tell(kind: Kind<KubeObject>, type: InformerChange<KubeObject>['type'], object: KubeObject): void {
    for (const watch of this.#watches) watch(idOf(kind), { type, object });
  }

  #nextVersion(): string {
    this.#version += 1;
    return String(this.#version);
  }
}

interface Selection {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

function selects(object: KubeObject, { namespace, labelSelector, fieldSelector }: Selection): boolean {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  return matchesLabels(object.metadata.labels ?? {}, labelSelector) && matchesFields(object, fieldSelector);
}

function idOf(kind: Kind<KubeObject>): string {
  return `${kind.apiVersion}/${kind.kind}`;
}

function keyOf(kind: Kind<KubeObject>, { name, namespace }: ObjectName): string {
  return kind.namespaced ? `${namespace ?? 'default'}/${name}` : name;
}

function clone<T>(value: T): T {
  return structuredClone(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function withStatus(live: Stored, status: unknown): Stored {
  const next = structuredClone(live);
  if (status === undefined) delete next.status;
  else next.status = structuredClone(status);
  return next;
}

/** Writes to the main resource never change the status. */
function keepStatus(next: Stored, live: Stored): Stored {
  if (live.status === undefined) delete next.status;
  else next.status = structuredClone(live.status);
  return next;
}

function invalid(object: KubeObject, detail: string): UsherError {
  return new UsherError('KUBE_INVALID', { kind: object.kind, name: object.metadata.name, detail });
}

function refuseForbidden(was: Stored, next: Stored): void {
  const before = was as Stored & Json;
  const after = next as Stored & Json;
  const frozen = before['immutable'] === true && was.kind === 'Secret';
  if (frozen && !sameJson(before['data'], after['data']))
    throw invalid(next, 'data: field is immutable when `immutable` is set');
}
