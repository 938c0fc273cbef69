import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { LEASE, type Lease } from '../../../k8s/core/sensor-service/lease.ts';
import type { KubeObject } from '../../../k8s/core/resources.ts';
import { type Pair, issue } from '../../support/test-authority.ts';

/** How long a watch may last that does not say it. */
const WATCH_SECONDS = 25;

/**
 * Just enough of an API server for what runs on a node, over TLS: any kind is listed and watched, Leases are written. A
 * watch tells of every write, and ends when its time is over.
 */
export class NodeApi {
  readonly caPem: string;
  readonly #server: Server;
  readonly #objects = new Map<string, KubeObject[]>();
  readonly #watches = new Map<ServerResponse, string>();
  readonly #onWrite: (lease: Lease) => void;
  #version = 1;

  private constructor({ cert, key }: Pair, caPem: string, onWrite: (lease: Lease) => void) {
    this.caPem = caPem;
    this.#onWrite = onWrite;
    this.#server = createServer({ cert, key }, (request, response) => void this.#answer(request, response));
  }

  /** @param onWrite called when a write of a Lease was answered */
  static async start(onWrite: (lease: Lease) => void): Promise<NodeApi> {
    const authority = await issue('bench', { isAuthority: true });
    const api = new NodeApi(await issue('api', { names: ['127.0.0.1'], issuer: authority }), authority.cert, onWrite);
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    return api;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @param plural of the kind, as paths have it */
  add(plural: string, object: KubeObject): void {
    const stored = this.#stored(object);
    this.#objects.set(plural, [...(this.#objects.get(plural) ?? []), stored]);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #stored<T extends KubeObject>(object: T): T {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://api');
    const parts = pathname.split('/');
    const say = (status: number, body: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (searchParams.get('watch') === 'true') {
      this.#watch(response, parts.at(-1) ?? '', Number(searchParams.get('timeoutSeconds') ?? WATCH_SECONDS));
      return;
    }
    if (parts.at(-2) !== LEASE.plural) {
      const items = this.#objects.get(parts.at(-1) ?? '') ?? [];
      say(200, { metadata: { resourceVersion: String(this.#version) }, items });
      return;
    }
    const leases = this.#objects.get(LEASE.plural) ?? [];
    const index = leases.findIndex(({ metadata }) => metadata.name === parts.at(-1));
    const known = leases[index];
    if (known === undefined) say(404, { reason: 'NotFound' });
    else if (request.method === 'PUT') {
      const wanted = await bodyOf(request);
      if (wanted.metadata.resourceVersion !== known.metadata.resourceVersion) say(409, { reason: 'Conflict' });
      else say(200, (leases[index] = this.#write(wanted)));
    } else say(200, known);
  }

  #write(wanted: Lease): Lease {
    const written = this.#stored(wanted);
    this.#onWrite(written);
    for (const [watch, plural] of this.#watches) {
      if (plural === LEASE.plural) watch.write(`${JSON.stringify({ type: 'MODIFIED', object: written })}\n`);
    }
    return written;
  }

  #watch(response: ServerResponse, plural: string, seconds: number): void {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    this.#watches.set(response, plural);
    const end = setTimeout(() => {
      this.#watches.delete(response);
      response.end();
    }, seconds * 1_000);
    response.on('close', () => {
      clearTimeout(end);
      this.#watches.delete(response);
    });
  }
}

async function bodyOf(request: IncomingMessage): Promise<Lease> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString()) as Lease;
}
