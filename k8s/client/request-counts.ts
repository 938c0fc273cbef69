type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Requests of one verb about one kind of object. */
export interface RequestCount {
  readonly verb: string;
  readonly kind: string;
  readonly count: number;
}

/** One answer of the API server. */
export interface KubeAnswer {
  /** Class of its status; `none` when there was no answer. */
  readonly answer: '2xx' | '3xx' | '4xx' | '5xx' | 'none';
  readonly tookMs: number;
}

/** Verbs by the names that the API server's own metrics give them. */
const VERBS: Readonly<Record<Method, string>> = {
  GET: 'get',
  POST: 'post',
  PUT: 'put',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** How many requests a client has sent, by verb and kind; watches are not counted. */
export class RequestCounts {
  readonly #counts = new Map<string, RequestCount>();
  readonly #handlers = new Set<(answer: KubeAnswer) => void>();

  add(method: Method, kind: string): void {
    const verb = VERBS[method];
    const key = `${verb} ${kind}`;
    this.#counts.set(key, { verb, kind, count: (this.#counts.get(key)?.count ?? 0) + 1 });
  }

  /** Notes an answer; without a status there was none. */
  answered(tookMs: number, status?: number): void {
    const family =
      status === undefined ? 'none' : (({ 2: '2xx', 3: '3xx', 4: '4xx' } as const)[Math.floor(status / 100)] ?? '5xx');
    for (const handler of this.#handlers) handler({ answer: family, tookMs });
  }

  /** Calls back at each answer. Returns the unsubscribe. */
  onAnswer(handler: (answer: KubeAnswer) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  list(): RequestCount[] {
    return [...this.#counts.values()];
  }
}
