import { once } from 'node:events';
import { Agent, createServer, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { loadOrCreateAuthority } from '../../join/enrol/authority.ts';
import { makeIdentity, type DeviceIdentity } from '../../bootstrap-image/agent/adapters/device-key.ts';
import { FakeKube } from './fake-kube.ts';

export interface Place {
  host: string;
  port: number;
}

const LOOPBACK: Place = { host: '127.0.0.1', port: 0 };

/** What he makes of a message that passes through his hands. */
export interface Tricks {
  /** A body on its way to the appliance, on which connection of his own. */
  request?: (path: string, body: string, upstream: TLSSocket | undefined) => string;
  /** A body on its way back; `undefined` status keeps the appliance's. */
  reply?: (path: string, body: string) => { status: number; body: string } | undefined;
}

/**
 * A man in the middle with all powers but one: he ends TLS on both sides with keys of his own, keeps to one connection to
 * the appliance for each of a device's, and may change every message. He does not know the code.
 */
export class RewritingRelay {
  readonly identity: DeviceIdentity = makeIdentity();
  /** A CA of his own, with the names of ours. */
  readonly caPem: string;
  readonly passed: { path: string; body: string; reply: string }[] = [];
  readonly #server;
  readonly #agents = new Map<unknown, Agent>();
  readonly #tricks: Tricks;
  readonly #target: Place;

  private constructor(target: Place, tricks: Tricks, own: { cert: string; key: string; caPem: string }) {
    this.#target = target;
    this.#tricks = tricks;
    this.caPem = own.caPem;
    const options = { minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false } as const;
    this.#server = createServer({ cert: own.cert, key: own.key, ...options }, (incoming, outgoing) => {
      this.#pass(incoming)
        .then(({ status, body }) => {
          outgoing.writeHead(status, { 'content-type': 'application/json' }).end(body);
        })
        .catch(() => outgoing.destroy());
    });
  }

  /** Starts one at `listen` (a free port of the loopback unless given) before the appliance at `target`. */
  static async start(target: Place, tricks: Tricks = {}, listen: Place = LOOPBACK): Promise<RewritingRelay> {
    const authority = await loadOrCreateAuthority(new FakeKube());
    const { cert, key } = await authority.serverCredentials();
    const { caPem } = authority;
    const relay = new RewritingRelay(target, tricks, { cert: cert + caPem, key: key.reveal(), caPem });
    relay.#server.listen(listen.port, listen.host);
    await once(relay.#server, 'listening');
    return relay;
  }

  get url(): string {
    return `https://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #pass(incoming: IncomingMessage): Promise<{ status: number; body: string }> {
    const path = incoming.url ?? '';
    const agent = this.#agentFor(incoming.socket);
    const [upstream] = Object.values(agent.freeSockets).flat() as (TLSSocket | undefined)[];
    const body = this.#tricks.request?.(path, await textOf(incoming), upstream) ?? '';
    const answer = await this.#ask(incoming.method ?? 'GET', path, body, agent);
    const text = await textOf(answer);
    this.passed.push({ path, body, reply: text });
    return this.#tricks.reply?.(path, text) ?? { status: answer.statusCode ?? 502, body: text };
  }

  #ask(method: string, path: string, body: string, agent: Agent): Promise<IncomingMessage> {
    const headers =
      body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const target = { ...this.#target, method, path, headers, agent, timeout: 30_000 };
      request(target, resolve).on('error', reject).end(body);
    });
  }

  #agentFor(socket: unknown): Agent {
    const { certificatePem: cert, privateKeyPem } = this.identity;
    const options = { cert, key: privateKeyPem.reveal(), rejectUnauthorized: false, servername: '' };
    const agent = this.#agents.get(socket) ?? new Agent({ keepAlive: true, maxSockets: 1, ...options });
    this.#agents.set(socket, agent);
    return agent;
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
