import type { KubeConfig } from '@kubernetes/client-node';
import type { RequestContext } from '@kubernetes/client-node/dist/gen/http/http.js';
import { Agent, type buildConnector, type Dispatcher } from 'undici';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import type { Secret } from '../../foundation/secret.ts';
import { type CurrentContext, currentContext, inlineOrFile, needsLibrary, readContext } from './kubeconfig.ts';

/** How to reach an API server, and as whom. */
export type KubeAccess =
  | { kubeconfigPath: string }
  | { kubeconfigText: Secret }
  | {
      /** For instance `https://127.0.0.1:6443`. */
      server: string;
      /** CA of the API server; the system's CAs when it is left out. */
      caPem?: string;
      /** The bearer token to use now; asked before every request, so it should answer from memory. */
      token: () => Promise<Secret>;
      /** Called when the API server refused the token: `token` must then not give it again. */
      invalidate?: () => void;
    };

/** Connections that one client keeps at most, watches included. */
const MAX_CONNECTIONS = 64;
const CONNECT_TIMEOUT_MS = 5_000;
/** As client-go: shorter than the idle time of load balancers. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Credentials and one connection pool for all requests and watches of a client: the client library makes a pool, and so a
 * TLS handshake, for every request, which is three times slower. Certificates, tokens and passwords are applied here; where
 * a kubeconfig asks for more, the library does it, and is loaded then.
 */
export class PooledCredentials {
  readonly #access: KubeAccess;
  #context: CurrentContext;
  #dispatcher: Dispatcher | undefined;
  /** Pools that were left, as long as something goes on in them. */
  readonly #left = new Set<Dispatcher>();
  #library: Promise<KubeConfig> | undefined;

  /** @throws UsherError CONFIG_INVALID when the kubeconfig cannot be read or names no cluster. */
  constructor(access: KubeAccess) {
    this.#access = access;
    this.#context = load(access);
  }

  /** URL of the API server, without a trailing slash. */
  get server(): string {
    return this.#context.cluster.server.replace(/\/+$/, '');
  }

  /** PEM of the CA that the API server's certificate comes from, if the configuration names one. */
  get caPem(): string | undefined {
    const { caData, caFile } = this.#context.cluster;
    return inlineOrFile(caData, caFile)?.toString();
  }

  /** Asked by the library's watch. */
  getCurrentCluster(): CurrentContext['cluster'] {
    return this.#context.cluster;
  }

  /** Adds credentials and the shared connection pool to a request of this class's owner or of the library. */
  async applySecurityAuthentication(context: RequestContext): Promise<void> {
    if (needsLibrary(this.#context)) {
      this.#library ??= loadLibrary(this.#access);
      await (await this.#library).applySecurityAuthentication(context);
      return;
    }
    const { token, username, password } = this.#context.user;
    if ('token' in this.#access) {
      context.setHeaderParam('Authorization', `Bearer ${(await this.#access.token()).reveal()}`);
    } else if (typeof token === 'string') context.setHeaderParam('Authorization', `Bearer ${token}`);
    else if (typeof username === 'string') {
      const pair = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
      context.setHeaderParam('Authorization', `Basic ${pair}`);
    }
    this.#dispatcher ??= makePool(this.#context);
    context.setDispatcher(this.#dispatcher);
  }

  /**
   * Called after a 401. A token is asked for anew: it ends when its ServiceAccount is made anew. A kubeconfig is read anew,
   * and the connections made with the old one are ended: k3s rewrites it when it renews the certificate in it.
   */
  async reload(): Promise<void> {
    if ('token' in this.#access) {
      // Its connections stay: other requests use them, with a token of their own in each.
      this.#access.invalidate?.();
      return;
    }
    this.#context = load(this.#access);
    this.#library = undefined;
    await this.close();
  }

  /**
   * To be called when a request over `dispatcher` got no answer: what lost its packets has lost those of its other
   * connections too, and one at rest that is dead costs the next request its time. So the next one makes a connection of
   * its own; what is under way goes on, watches included.
   */
  leave(dispatcher: Dispatcher | undefined): void {
    if (dispatcher === undefined || dispatcher !== this.#dispatcher) return;
    this.#dispatcher = undefined;
    this.#left.add(dispatcher);
    const forget = (): boolean => this.#left.delete(dispatcher);
    dispatcher.close().then(forget, forget);
  }

  /** Ends all connections at once, watches included. */
  async close(): Promise<void> {
    const dispatchers = [this.#dispatcher, ...this.#left];
    this.#dispatcher = undefined;
    this.#left.clear();
    await Promise.all(dispatchers.map(async (dispatcher) => dispatcher?.destroy()));
  }
}

function load(access: KubeAccess): CurrentContext {
  try {
    const context = contextOf(access);
    if (context.cluster.server === '') throw new TypeError('the kubeconfig names no cluster');
    return context;
  } catch (error) {
    throw new UsherError('CONFIG_INVALID', { detail: `kubeconfig: ${messageOf(error)}` }, { cause: error });
  }
}

function contextOf(access: KubeAccess): CurrentContext {
  if ('kubeconfigPath' in access) return readContext(access.kubeconfigPath);
  if ('kubeconfigText' in access) return currentContext(access.kubeconfigText.reveal(), process.cwd());
  const caData = access.caPem === undefined ? {} : { caData: Buffer.from(access.caPem).toString('base64') };
  return { cluster: { name: 'site', server: access.server, skipTLSVerify: false, ...caData }, user: { name: 'token' } };
}

async function loadLibrary(access: KubeAccess): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  if ('kubeconfigPath' in access) config.loadFromFile(access.kubeconfigPath);
  else if ('kubeconfigText' in access) config.loadFromString(access.kubeconfigText.reveal());
  return config;
}

function makePool({ cluster, user }: CurrentContext): Dispatcher {
  const connect: Partial<buildConnector.BuildOptions> = {
    ...given('ca', inlineOrFile(cluster.caData, cluster.caFile)),
    ...given('cert', inlineOrFile(user.certData, user.certFile)),
    ...given('key', inlineOrFile(user.keyData, user.keyFile)),
    ...given('servername', cluster.tlsServerName),
    ...(cluster.skipTLSVerify ? { rejectUnauthorized: false } : {}),
  };
  // HTTP/1.1: a connection that hangs after a power cut then costs one request, not all of them.
  return new Agent({
    connect: { ...connect, timeout: CONNECT_TIMEOUT_MS, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
    allowH2: false,
    connections: MAX_CONNECTIONS,
  });
}

function given(name: string, value: unknown): object {
  return value === undefined || value === null ? {} : { [name]: value };
}
