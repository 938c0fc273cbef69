import type { AgentOptions, RequestOptions } from 'node:https';
import { bufferFromFileOrString, KubeConfig, type RequestContext } from '@kubernetes/client-node';
import { Agent, type buildConnector, type Dispatcher } from 'undici';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import type { Secret } from '../../foundation/secret.ts';

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

/**
 * The client library's configuration with one connection pool for all requests and watches: the library itself makes a
 * pool, and so a TLS handshake, for every request, which is three times slower.
 */
export class PooledKubeConfig extends KubeConfig {
  readonly #access: KubeAccess;
  #dispatcher: Dispatcher | undefined;

  /** @throws UsherError CONFIG_INVALID when the kubeconfig cannot be read or names no cluster. */
  constructor(access: KubeAccess) {
    super();
    this.#access = access;
    this.#load();
  }

  /** URL of the API server, without a trailing slash. */
  get server(): string {
    return (this.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  }

  /** PEM of the CA that the API server's certificate comes from, if the configuration names one. */
  get caPem(): string | undefined {
    const cluster = this.getCurrentCluster();
    return bufferFromFileOrString(cluster?.caFile, cluster?.caData)?.toString();
  }

  /** Adds credentials and the shared connection pool to a request of this class's owner or of the library. */
  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    const options: RequestOptions = {};
    await this.applyToHTTPSOptions(options);
    for (const [name, value] of Object.entries(options.headers ?? {})) context.setHeaderParam(name, String(value));
    if (typeof options.auth === 'string') {
      context.setHeaderParam('Authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`);
    }
    if ('token' in this.#access) {
      context.setHeaderParam('Authorization', `Bearer ${(await this.#access.token()).reveal()}`);
    }
    this.#dispatcher ??= await this.#makeDispatcher(options, context);
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
    this.#load();
    await this.close();
  }

  /** Ends all connections at once, watches included. */
  async close(): Promise<void> {
    const dispatcher = this.#dispatcher;
    this.#dispatcher = undefined;
    await dispatcher?.destroy();
  }

  #load(): void {
    const access = this.#access;
    try {
      if ('kubeconfigPath' in access) this.loadFromFile(access.kubeconfigPath);
      else if ('kubeconfigText' in access) this.loadFromString(access.kubeconfigText.reveal());
      else {
        this.loadFromClusterAndUser(
          {
            name: 'site',
            server: access.server,
            skipTLSVerify: false,
            ...(access.caPem === undefined ? {} : { caData: Buffer.from(access.caPem).toString('base64') }),
          },
          { name: 'token' },
        );
      }
    } catch (error) {
      throw new UsherError('CONFIG_INVALID', { detail: `kubeconfig: ${messageOf(error)}` }, { cause: error });
    }
    if (this.server === '') throw new UsherError('CONFIG_INVALID', { detail: 'the kubeconfig names no cluster' });
  }

  async #makeDispatcher(options: RequestOptions, context: RequestContext): Promise<Dispatcher> {
    const cluster = this.getCurrentCluster();
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const plan = this.createDispatcherOptions(
      cluster,
      withoutUndefined({ ca, cert, key, servername, rejectUnauthorized }),
    );
    // HTTP/1.1: a connection that hangs after a power cut then costs one request, not all of them.
    if (plan.type === 'agent' || plan.type === 'none') {
      const tls = plan.type === 'agent' ? (plan.connect as buildConnector.BuildOptions) : {};
      const connect = { ...tls, timeout: CONNECT_TIMEOUT_MS };
      return new Agent({ connect, allowH2: false, connections: MAX_CONNECTIONS });
    }
    await super.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher();
    if (dispatcher === undefined) throw new UsherError('CONFIG_INVALID', { detail: 'the proxy of the kubeconfig' });
    return dispatcher;
  }
}

function withoutUndefined(options: object): AgentOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
