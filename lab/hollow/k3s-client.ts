import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import { Agent, request } from 'node:https';
import * as x509 from '@peculiar/x509';
import { messageOf, UsherError } from '../../foundation/errors.ts';

export interface K3sRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface K3sClientOptions {
  /** Name of the machine, for errors. */
  readonly machine: string;
  /** URL of the k3s server. */
  readonly server: string;
  /** Address to call from. */
  readonly localAddress: string;
  /** The server's CA; without it nothing is believed of the server yet. */
  readonly caPem?: string;
  /** A node's certificate and key, PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

const TIMEOUT_MS = 20_000;
const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** HTTPS to a k3s server as its agents speak it, on one kept connection. */
export class K3sClient {
  readonly #options: K3sClientOptions;
  readonly #agent: Agent;

  constructor(options: K3sClientOptions) {
    this.#options = options;
    const { caPem, certificate, localAddress } = options;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: 1,
      localAddress,
      ...(caPem === undefined ? { rejectUnauthorized: false } : { ca: caPem }),
      ...certificate,
    });
  }

  /** The body of a 2xx answer. @throws UsherError HOLLOW_PI_FAILED */
  async send(path: string, options: K3sRequest = {}): Promise<string> {
    const { status, text } = await this.#exchange(path, options);
    if (status >= 200 && status < 300) return text;
    throw this.#failure(`${path}: HTTP ${status} ${text.slice(0, 300)}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  #failure(detail: string, cause?: unknown): UsherError {
    return new UsherError('HOLLOW_PI_FAILED', { machine: this.#options.machine, detail }, { cause });
  }

  #exchange(path: string, options: K3sRequest): Promise<{ status: number; text: string }> {
    const { method = 'GET', headers, body } = options;
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const target = { method, headers: { ...headers, ...length }, agent: this.#agent, timeout: TIMEOUT_MS };
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, this.#options.server), target, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', (error) => reject(this.#failure(messageOf(error), error)));
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        });
      });
      outgoing.once('timeout', () => outgoing.destroy(this.#failure(`${path}: no answer`)));
      outgoing.once('error', (error) => reject(this.#failure(`${path}: ${messageOf(error)}`, error)));
      outgoing.end(body);
    });
  }
}

/** The parts of a join token `K10<SHA-256 of the CA>::<id>.<secret>`. @throws UsherError HOLLOW_PI_FAILED */
export function readJoinToken(machine: string, token: string): { caHash: string; bearer: string } {
  const [, caHash, bearer] = /^K10([0-9a-f]{64})::([a-z0-9]{6}\.[a-z0-9]{16})$/.exec(token) ?? [];
  if (caHash !== undefined && bearer !== undefined) return { caHash, bearer };
  throw new UsherError('HOLLOW_PI_FAILED', { machine, detail: 'the ticket holds no full join token' });
}

/** The server's CA, believed only when its hash is the token's. @throws UsherError HOLLOW_PI_FAILED */
export async function fetchClusterCa(options: K3sClientOptions, caHash: string): Promise<string> {
  const blind = new K3sClient(options);
  try {
    const caPem = await blind.send('/cacerts');
    if (createHash('sha256').update(caPem).digest('hex') === caHash) return caPem;
    throw new UsherError('HOLLOW_PI_FAILED', {
      machine: options.machine,
      detail: '/cacerts is not the CA of the token',
    });
  } finally {
    blind.close();
  }
}

/** A new key (PEM) and a request for a certificate of it (PKCS#10, DER); k3s takes nothing but the key from it. */
export async function newCertificateRequest(): Promise<{ key: string; csr: Uint8Array }> {
  const keys = await webcrypto.subtle.generateKey(SIGNING, true, ['sign', 'verify']);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: SIGNING });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { key, csr: new Uint8Array(csr.rawData) };
}
