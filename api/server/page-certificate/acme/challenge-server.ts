import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, UsherError } from '../../../../foundation/errors.ts';

/** Where answers to http-01 challenges are looked for (RFC 8555, section 8.3). */
const FOLDER = '/.well-known/acme-challenge/';
const REQUEST_MS = 10_000;
const MAX_CONNECTIONS = 64;

export interface ChallengePlace {
  /** The address to listen on; default all. */
  host?: string | undefined;
  /** The ACME server asks on port 80; another one is for a forwarded port 80. 0 takes a free one. */
  port: number;
}

/** Answers http-01 challenges, and nothing else, while an order runs. */
export class ChallengeServer {
  readonly #server: Server;
  readonly #answers = new Map<string, string>();

  private constructor() {
    this.#server = createServer({ requestTimeout: REQUEST_MS, keepAlive: false }, ({ method, url = '' }, response) => {
      const token = url.startsWith(FOLDER) ? url.slice(FOLDER.length) : '';
      const answer = method === 'GET' || method === 'HEAD' ? this.#answers.get(token) : undefined;
      response.setHeader('connection', 'close').setHeader('content-type', 'application/octet-stream');
      response.writeHead(answer === undefined ? 404 : 200).end(answer ?? '');
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @throws UsherError ACME_PORT_TAKEN */
  static listen({ host, port }: ChallengePlace): Promise<ChallengeServer> {
    const challenges = new ChallengeServer();
    return new Promise((resolve, reject) => {
      challenges.#server.once('error', (error) =>
        reject(new UsherError('ACME_PORT_TAKEN', { port, detail: messageOf(error) }, { cause: error })),
      );
      challenges.#server.listen({ port, ...(host === undefined ? {} : { host }) }, () => resolve(challenges));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @param keyAuthorization what the token is answered with (RFC 8555, section 8.1) */
  answer(token: string, keyAuthorization: string): void {
    this.#answers.set(token, keyAuthorization);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
