import type { Clock } from '../../foundation/clock.ts';
import { isUsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { type Random, systemRandom } from '../../foundation/random.ts';
import { Secret } from '../../foundation/secret.ts';
import { collectionPath, objectPath } from '../core/api-paths.ts';
import { POD } from '../core/pods.ts';
import type { Kind, KubeObject } from '../core/resources.ts';
import { type KubeAccess, PooledCredentials } from './credentials.ts';
import { KubeInformer, type ObjectList, withKind } from './informer.ts';
import type { DeleteOptions, Informer, KubeClient, ObjectName, RequestOptions, WriteOptions } from './kube-client.ts';
import type { RequestCounts } from './request-counts.ts';
import { KubeTransport } from './transport.ts';

/** Somebody else as whom an administrator may act. */
export interface Impersonated {
  user: string;
  groups?: string[];
}

export interface ServiceAccountToken {
  token: Secret;
  expiresAtMs: number;
}

/** What `createKubeClient` gives: the KubeClient, and what only installing, tests and closing down need. */
export interface AdminKubeClient extends KubeClient {
  /** Where the API server is; without `caPem` it is trusted by the system's CAs. */
  readonly endpoint: { server: string; caPem?: string };
  /** The same connections, acting as somebody else; needs the right to impersonate. */
  impersonating(who: Impersonated): AdminKubeClient;
  /** Lets the API server decide about a creation, admission included, without storing anything. */
  dryRunCreate<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T>;
  /** A token of a ServiceAccount for this API server (TokenRequest); the server may shorten its life. */
  requestServiceAccountToken(
    account: { name: string; namespace: string },
    lifetimeSec: number,
  ): Promise<ServiceAccountToken>;
  /** Ends all connections; informers must be stopped before. */
  close(): Promise<void>;
}

export interface KubeClientOptions {
  access: KubeAccess;
  logger: Logger;
  clock: Clock;
  /** Jitter of the informers' waits. */
  random?: Random;
  /** Where requests are counted. */
  counts?: RequestCounts;
}

/**
 * A client on one API server; all its requests and watches share one pool of connections. Nothing is sent yet.
 * @throws UsherError CONFIG_INVALID when the kubeconfig cannot be read
 */
export function createKubeClient(options: KubeClientOptions): AdminKubeClient {
  const config = new PooledCredentials(options.access);
  const logger = options.logger.child({ part: 'kube-client' });
  const { clock, random = systemRandom, counts } = options;
  return new HttpKubeClient({ config, clock, random, logger, ...(counts === undefined ? {} : { counts }) });
}

interface ClientParts {
  config: PooledCredentials;
  clock: Clock;
  random: Random;
  logger: Logger;
  headers?: Record<string, string | string[]>;
  counts?: RequestCounts;
}

const MERGE_PATCH = 'application/merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';

class HttpKubeClient implements AdminKubeClient {
  readonly #parts: ClientParts;
  readonly #transport: KubeTransport;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#transport = new KubeTransport(parts);
  }

  get endpoint(): { server: string; caPem?: string } {
    const { server, caPem } = this.#parts.config;
    return { server, ...(caPem === undefined ? {} : { caPem }) };
  }

  async get<T extends KubeObject>(
    kind: Kind<T>,
    name: ObjectName,
    options: RequestOptions = {},
  ): Promise<T | undefined> {
    try {
      const path = objectPath(kind, name);
      const subject = subjectOf(kind, name.name);
      return (await this.#transport.json({ method: 'GET', path, subject, ...signalOf(options) })) as T;
    } catch (error) {
      if (isUsherError(error, 'KUBE_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  async list<T extends KubeObject>(
    kind: Kind<T>,
    { namespace, ...selectors }: { namespace?: string; labelSelector?: string; fieldSelector?: string } = {},
  ): Promise<T[]> {
    const path = collectionPath(kind, namespace);
    const query = { ...selectors };
    const answer = await this.#transport.json({ method: 'GET', path, query, subject: subjectOf(kind, 'list') });
    return ((answer as ObjectList<T>).items ?? []).map((item) => withKind(kind, item));
  }

  async create<T extends KubeObject>(kind: Kind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const path = collectionPath(kind, object.metadata.namespace);
    const subject = subjectOf(kind, object.metadata.name);
    const query = queryOf(options);
    const request = { method: 'POST', path, query, body: object, subject, ...signalOf(options) } as const;
    return (await this.#transport.json(request)) as T;
  }

  async dryRunCreate<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
    return await this.create(kind, object, { dryRun: true });
  }

  async replace<T extends KubeObject>(kind: Kind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    return await this.#replace(kind, object, { query: queryOf(options), ...signalOf(options) });
  }

  async replaceStatus<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> {
    return await this.#replace(kind, object, { subresource: 'status' });
  }

  async mergePatch<T extends KubeObject>(
    kind: Kind<T>,
    name: ObjectName,
    patch: object,
    subresource?: string,
  ): Promise<T> {
    const answer = await this.#transport.json({
      method: 'PATCH',
      path: objectPath(kind, name, subresource),
      body: patch,
      contentType: MERGE_PATCH,
      subject: subjectOf(kind, name.name),
    });
    return answer as T;
  }

  async apply<T extends KubeObject>(
    kind: Kind<T>,
    object: { apiVersion: string; kind: string; metadata: { name: string; namespace?: string; uid?: string } } & object,
    options: { fieldManager: string; force?: boolean },
  ): Promise<T> {
    const answer = await this.#transport.json({
      method: 'PATCH',
      path: objectPath(kind, object.metadata),
      query: { fieldManager: options.fieldManager, force: String(options.force ?? false) },
      body: object,
      contentType: APPLY_PATCH,
      subject: subjectOf(kind, object.metadata.name),
    });
    return answer as T;
  }

  async delete<T extends KubeObject>(kind: Kind<T>, name: ObjectName, options: DeleteOptions = {}): Promise<boolean> {
    const { uid, resourceVersion } = options;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    try {
      await this.#transport.text({
        method: 'DELETE',
        path: objectPath(kind, name),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
        },
        subject: subjectOf(kind, name.name),
      });
      return true;
    } catch (error) {
      if (isUsherError(error, 'KUBE_NOT_FOUND')) return false;
      if (uid !== undefined && isUsherError(error, 'KUBE_CONFLICT') && (await this.#isOther(kind, name, uid)))
        return false;
      throw error;
    }
  }

  async evict({ name, namespace = 'default', uid }: ObjectName & { uid?: string }): Promise<boolean> {
    try {
      await this.#transport.text({
        method: 'POST',
        path: objectPath(POD, { name, namespace }, 'eviction'),
        body: {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name, namespace },
          ...(uid === undefined ? {} : { deleteOptions: { preconditions: { uid } } }),
        },
        subject: subjectOf(POD, name),
        busyRetries: 0,
      });
      return true;
    } catch (error) {
      if (isUsherError(error, 'KUBE_NOT_FOUND')) return true;
      if (isUsherError(error, 'KUBE_FAILED') && error.params['status'] === 429) return false;
      if (uid !== undefined && isUsherError(error, 'KUBE_CONFLICT'))
        return await this.#isOther(POD, { name, namespace }, uid);
      throw error;
    }
  }

  inform<T extends KubeObject>(
    kind: Kind<T>,
    options: { namespace?: string; labelSelector?: string; fieldSelector?: string } = {},
  ): Informer<T> {
    const { clock, random, logger } = this.#parts;
    return new KubeInformer<T>({ kind, ...options, transport: this.#transport, clock, random, logger });
  }

  async isReady(): Promise<boolean> {
    try {
      return (await this.getRaw('/readyz')).trim() === 'ok';
    } catch (error) {
      if (isUsherError(error, 'KUBE_UNREACHABLE', 'KUBE_FAILED', 'KUBE_FORBIDDEN', 'KUBE_NOT_FOUND')) return false;
      throw error;
    }
  }

  async getRaw(path: string): Promise<string> {
    return await this.#transport.text({ method: 'GET', path, subject: { kind: 'path', name: path } });
  }

  impersonating(who: Impersonated): AdminKubeClient {
    const headers = {
      'impersonate-user': who.user,
      ...(who.groups === undefined ? {} : { 'impersonate-group': who.groups }),
    };
    return new HttpKubeClient({ ...this.#parts, headers });
  }

  async requestServiceAccountToken(
    account: { name: string; namespace: string },
    lifetimeSec: number,
  ): Promise<ServiceAccountToken> {
    const path = `/api/v1/namespaces/${encodeURIComponent(account.namespace)}/serviceaccounts/${encodeURIComponent(account.name)}/token`;
    const answer = (await this.#transport.json({
      method: 'POST',
      path,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: lifetimeSec } },
      subject: { kind: 'ServiceAccount', name: account.name },
    })) as { status: { token: string; expirationTimestamp: string } };
    return { token: new Secret(answer.status.token), expiresAtMs: Date.parse(answer.status.expirationTimestamp) };
  }

  async close(): Promise<void> {
    await this.#parts.config.close();
  }

  async #replace<T extends KubeObject>(
    kind: Kind<T>,
    object: T,
    { subresource, query = {}, ...options }: { subresource?: string; query?: Record<string, string> } & RequestOptions,
  ): Promise<T> {
    const path = objectPath(kind, object.metadata, subresource);
    const subject = subjectOf(kind, object.metadata.name);
    return (await this.#transport.json({ method: 'PUT', path, query, body: object, subject, ...options })) as T;
  }

  async #isOther<T extends KubeObject>(kind: Kind<T>, name: ObjectName, uid: string): Promise<boolean> {
    return (await this.get(kind, name))?.metadata.uid !== uid;
  }
}

function queryOf({ dryRun }: WriteOptions): Record<string, string> {
  return dryRun === true ? { dryRun: 'All' } : {};
}

function signalOf({ signal }: RequestOptions): RequestOptions {
  return signal === undefined ? {} : { signal };
}

function subjectOf<T extends KubeObject>(kind: Kind<T>, name: string): { kind: string; name: string } {
  return { kind: kind.kind, name };
}
