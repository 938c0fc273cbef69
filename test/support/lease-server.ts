import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Lease } from '../../k8s/core/sensor-service/lease.ts';

/** Just enough of an API server to list, watch, read and write Leases over real connections. */
export class LeaseServer {
  readonly #server: Server;
  readonly #leases = new Map<string, Lease>();
  readonly #watches = new Set<ServerResponse>();
  #version = 1;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<LeaseServer> {
    const server = new LeaseServer();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Writes as somebody else would, and tells the watches. */
  put(lease: Lease): Lease {
    this.#version += 1;
    const stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(this.#version) } };
    this.#leases.set(lease.metadata.name, stored);
    for (const watch of this.#watches) watch.write(eventOf(stored));
    return stored;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://api');
    const say = (status: number, body: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      this.#watches.add(response);
      const from = Number(searchParams.get('resourceVersion'));
      const missed = [...this.#leases.values()].filter(({ metadata }) => Number(metadata.resourceVersion) > from);
      for (const lease of missed) response.write(eventOf(lease));
      response.on('close', () => this.#watches.delete(response));
      return;
    }
    const known = this.#leases.get(pathname.split('/').at(-1) ?? '');
    if (pathname.endsWith('/leases')) {
      say(200, { metadata: { resourceVersion: String(this.#version) }, items: [...this.#leases.values()] });
    } else if (request.method === 'PUT') {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const lease = JSON.parse(Buffer.concat(chunks).toString()) as Lease;
      if (lease.metadata.resourceVersion === known?.metadata.resourceVersion) say(200, this.put(lease));
      else say(409, { reason: 'Conflict' });
    } else if (known === undefined) say(404, { reason: 'NotFound' });
    else say(200, known);
  }
}

function eventOf(object: Lease): string {
  return `${JSON.stringify({ type: 'MODIFIED', object })}\n`;
}
