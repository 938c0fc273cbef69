import type { Kind, KubeObject } from '../core/resources.ts';

/** Which object: its name, and its namespace where the kind has one. */
export interface ObjectName {
  name: string;
  namespace?: string;
}

/** One live cache of a kind. Handlers never throw into the watch; errors are logged and the watch goes on. */
export interface Informer<T extends KubeObject> {
  /** The newest known object, or undefined. */
  get(name: string, namespace?: string): T | undefined;
  list(): T[];
  /** Calls back on every add, update and delete (`object` is then the last known one). Returns the unsubscribe. */
  onChange(handler: (change: InformerChange<T>) => void): () => void;
  /** Resolves once the first list is in. */
  synced(): Promise<void>;
  /**
   * Lists and watches anew at once and over another connection: for whoever knows that the watch has missed something. By
   * itself a watch whose connection stands still is noticed after half a minute.
   */
  refresh(): void;
  stop(): Promise<void>;
}

export interface InformerChange<T extends KubeObject> {
  type: 'added' | 'updated' | 'deleted';
  object: T;
}

/** How a request is made. */
export interface RequestOptions {
  /** Gives it up at once (KUBE_UNREACHABLE), and the connection with it; a write may have happened all the same. */
  signal?: AbortSignal;
}

/** How a write is made. */
export interface WriteOptions extends RequestOptions {
  /** The API server decides, admission included, and stores nothing. */
  dryRun?: true;
}

/** What must be so for a deletion to happen (meta/v1 Preconditions). */
export interface DeleteOptions {
  uid?: string | undefined;
  resourceVersion?: string | undefined;
}

/**
 * The Kubernetes API as the product uses it. Every error is a UsherError of the KUBE_* family with the original as
 * `cause`: 404 KUBE_NOT_FOUND, 409 KUBE_ALREADY_EXISTS or KUBE_CONFLICT, 422 KUBE_INVALID, 403 KUBE_FORBIDDEN,
 * no connection KUBE_UNREACHABLE, else KUBE_FAILED.
 */
export interface KubeClient {
  /** The object, or undefined when there is none. */
  get<T extends KubeObject>(kind: Kind<T>, name: ObjectName, options?: RequestOptions): Promise<T | undefined>;
  list<T extends KubeObject>(
    kind: Kind<T>,
    options?: { namespace?: string; labelSelector?: string; fieldSelector?: string },
  ): Promise<T[]>;
  create<T extends KubeObject>(kind: Kind<T>, object: T, options?: WriteOptions): Promise<T>;
  /** Guarded by `metadata.resourceVersion`: KUBE_CONFLICT when somebody else wrote meanwhile. */
  replace<T extends KubeObject>(kind: Kind<T>, object: T, options?: WriteOptions): Promise<T>;
  /** The same for the status subresource. */
  replaceStatus<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T>;
  /** JSON merge patch (RFC 7396); `subresource` for instance `status`. */
  mergePatch<T extends KubeObject>(kind: Kind<T>, name: ObjectName, patch: object, subresource?: string): Promise<T>;
  /**
   * Server-side apply of just the fields of `object`. With `metadata.uid` set it never creates: an absent or re-created
   * object is KUBE_CONFLICT or KUBE_INVALID.
   */
  apply<T extends KubeObject>(
    kind: Kind<T>,
    object: { apiVersion: string; kind: string; metadata: { name: string; namespace?: string; uid?: string } } & object,
    options: { fieldManager: string; force?: boolean },
  ): Promise<T>;
  /**
   * Deletes; with `uid` only that incarnation, with `resourceVersion` only that version (else KUBE_CONFLICT). Gives false
   * when there was none.
   */
  delete<T extends KubeObject>(kind: Kind<T>, name: ObjectName, options?: DeleteOptions): Promise<boolean>;
  /**
   * Asks a pod to leave its node (policy/v1 Eviction); with `uid` only that incarnation. Gives false when a disruption
   * budget does not allow it now, true when it goes or is gone already.
   */
  evict(pod: ObjectName & { uid?: string }): Promise<boolean>;
  /** A started live cache of all objects of the kind (or of one namespace, or one selector). */
  inform<T extends KubeObject>(
    kind: Kind<T>,
    options?: { namespace?: string; labelSelector?: string; fieldSelector?: string },
  ): Informer<T>;
  /** True when the API server answers /readyz with ok. */
  isReady(): Promise<boolean>;
  /** The body of GET on a raw path such as /version. */
  getRaw(path: string): Promise<string>;
}
