import type { KubeConfig } from '@kubernetes/client-node';
import { HttpMethod, RequestContext } from '@kubernetes/client-node/dist/gen/http/http.js';
import { Watch } from '@kubernetes/client-node/dist/watch.js';
import { type Dispatcher, request as undiciRequest } from 'undici';
import { type Clock, sleep } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { PooledCredentials } from './credentials.ts';
import { refusalToError, type RequestSubject, unreachableError } from './errors.ts';
import type { RequestCounts } from './request-counts.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface TransportRequest {
  method: Method;
  path: string;
  query?: Record<string, string>;
  /** Sent as JSON. */
  body?: object;
  contentType?: string;
  subject: RequestSubject;
  /** How often to ask again when the API server says that it is busy. 0 where a 429 means something else. */
  busyRetries?: number;
  signal?: AbortSignal;
}

/** One event of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, with its object. */
export type WatchListener = (phase: string, object: unknown) => void;

interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** How long the API server may take to answer; server-side apply of a CRD on a slow master takes seconds. */
const ANSWER_TIMEOUT_MS = 30_000;
/**
 * The API server says 429 with Retry-After while it is overloaded, and while it sets up a store: just after its start or a
 * new CRD. The latter takes a fraction of the whole second it asks for, so the first waits are shorter.
 */
const MAX_BUSY_RETRIES = 8;
const FIRST_BUSY_WAIT_MS = 50;
/** The server ends a watch after this time, having sent a bookmark 2 s before; then it goes on from the bookmark. */
const WATCH_SECONDS = 25;

/** The one place where requests leave for the API server. Every error is a UsherError of the KUBE_* family. */
export class KubeTransport {
  readonly #config: PooledCredentials;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #headers: Record<string, string | string[]>;
  readonly #counts: RequestCounts | undefined;

  constructor(options: {
    config: PooledCredentials;
    clock: Clock;
    logger: Logger;
    /** Sent with every request, for instance to impersonate. */
    headers?: Record<string, string | string[]>;
    counts?: RequestCounts;
  }) {
    this.#config = options.config;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#headers = options.headers ?? {};
    this.#counts = options.counts;
  }

  /** The answer's body. */
  async text(request: TransportRequest): Promise<string> {
    for (let busy = 0, mayRenew = true; ;) {
      const answer = await this.#attempt(request);
      if (answer.status < 300) return answer.text;
      const waitSec = Number(answer.headers['retry-after'] ?? Number.NaN);
      if (answer.status === 429 && Number.isFinite(waitSec) && busy < (request.busyRetries ?? MAX_BUSY_RETRIES)) {
        await sleep(this.#clock, Math.min(waitSec * 1000, FIRST_BUSY_WAIT_MS * 2 ** busy), request.signal);
        busy += 1;
      } else if (answer.status === 401 && mayRenew) {
        mayRenew = false;
        this.#logger.info({ path: request.path }, 'the API server refused the credentials: reading them anew');
        await this.#config.reload();
      } else {
        throw refusalToError({ ...answer, body: answer.text }, request.subject);
      }
    }
  }

  /** The answer's body read as JSON. */
  async json(request: TransportRequest): Promise<unknown> {
    const text = await this.text(request);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw unreachableError(error);
    }
  }

  /**
   * Watches until the server ends the watch, the connection breaks (KUBE_UNREACHABLE), the server refuses (KUBE_*), or
   * `signal` is aborted (then it returns).
   */
  async watch(
    path: string,
    query: Record<string, string>,
    listener: WatchListener,
    signal: AbortSignal,
  ): Promise<void> {
    const params = { ...query, allowWatchBookmarks: 'true', timeoutSeconds: WATCH_SECONDS };
    const isUnwanted = (): boolean => signal.aborted;
    if (isUnwanted()) return;
    const ended = Promise.withResolvers<unknown>();
    const whileWanted: WatchListener = (phase, object) => {
      if (!isUnwanted()) listener(phase, object);
    };
    // The library gives its controller when the answer begins, which over a dead connection is never: who ends the watch
    // does not wait for it.
    const controlled = new Watch(this.#watchConfig()).watch(path, params, whileWanted, ended.resolve);
    const onAbort = (): void => {
      ended.resolve(undefined);
      controlled.then((controller) => controller.abort()).catch(ended.reject);
    };
    controlled.catch(ended.reject);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const error = await ended.promise;
      if (!isUnwanted() && error !== undefined && error !== null) throw watchError(error, path);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** A watch asks its configuration for the cluster and for credentials, and for nothing else. */
  #watchConfig(): KubeConfig {
    const asked: Pick<KubeConfig, 'getCurrentCluster' | 'applySecurityAuthentication'> = this.#config;
    return asked as KubeConfig;
  }

  async #attempt(request: TransportRequest): Promise<Answer> {
    const startedMs = this.#clock.nowMs();
    try {
      const answer = await this.#answer(request);
      this.#counts?.answered(this.#clock.nowMs() - startedMs, answer.status);
      return answer;
    } catch (error) {
      this.#counts?.answered(this.#clock.nowMs() - startedMs);
      throw error;
    }
  }

  async #answer(request: TransportRequest): Promise<Answer> {
    try {
      return await this.#exchange(request);
    } catch (error) {
      // A kept connection that the server closed meanwhile fails at its next use; reading again changes nothing.
      if (request.method !== 'GET' || !isStaleConnection(error)) throw unreachableError(error);
    }
    try {
      return await this.#exchange(request);
    } catch (error) {
      throw unreachableError(error);
    }
  }

  async #exchange(request: TransportRequest): Promise<Answer> {
    this.#counts?.add(request.method, request.subject.kind);
    const url = new URL(this.#config.server + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    const context = new RequestContext(url.href, HttpMethod.GET);
    await this.#config.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher();
    try {
      return await this.#send(url, request, context, dispatcher);
    } catch (error) {
      if (request.signal?.aborted === true || isSilence(error)) this.#config.leave(dispatcher);
      throw error;
    }
  }

  async #send(
    url: URL,
    request: TransportRequest,
    context: RequestContext,
    dispatcher: Dispatcher | undefined,
  ): Promise<Answer> {
    const response = await undiciRequest(url, {
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': 'usher',
        ...context.getHeaders(),
        ...this.#headers,
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      },
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(dispatcher === undefined ? {} : { dispatcher }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(response.headers)) {
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
    }
    return { status: response.statusCode, headers, text: await response.body.text() };
  }
}

function watchError(error: unknown, path: string): unknown {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : Number.NaN;
  if (Number.isNaN(status)) return unreachableError(error);
  return refusalToError({ status, body: messageOf(error), headers: {} }, { kind: 'watch', name: path });
}

/** True when something was asked and nothing came. */
function isSilence(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
}

function isStaleConnection(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}
