import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { request } from 'node:https';
import * as x509 from '@peculiar/x509';

/** Who sends a request: nobody, a bearer token, user and password, or a client certificate. */
export interface Sender {
  readonly bearer?: string;
  readonly basic?: string;
  readonly certificate?: { readonly cert: string; readonly key: string };
}

export interface SupervisorRequest extends Sender {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What a joining machine says of itself when it asks for a certificate. */
export interface NodeIdentity {
  readonly name: string;
  readonly password: string;
}

const TIMEOUT_MS = 10_000;
const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Plain HTTPS to the port of a k3s server, as an agent, an intruder or an administrator would speak it. */
export class SupervisorClient {
  readonly #port: number;
  #ca: string | undefined;

  /** @param port on 127.0.0.1 */
  constructor(port: number) {
    this.#port = port;
  }

  /** Trusts only this CA from now on. */
  trust(ca: string): void {
    this.#ca = ca;
  }

  send(path: string, options: SupervisorRequest = {}): Promise<Answer> {
    const { bearer, basic, certificate, method = 'GET', body } = options;
    const headers: Record<string, string> = { ...options.headers };
    if (bearer !== undefined) headers['Authorization'] = `Bearer ${bearer}`;
    if (basic !== undefined) headers['Authorization'] = `Basic ${Buffer.from(basic).toString('base64')}`;
    return new Promise((resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1',
        port: this.#port,
        path,
        method,
        headers,
        agent: false,
        timeout: TIMEOUT_MS,
        ...(this.#ca === undefined ? { rejectUnauthorized: false } : { ca: this.#ca }),
        ...certificate,
      });
      outgoing.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
        });
      });
      outgoing.once('timeout', () => outgoing.destroy());
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }

  /** Asks for the certificate `kind` as an agent does: a signing request in DER, the node's name and password as headers. */
  async askCertificate(
    kind: string,
    sender: Sender,
    node: NodeIdentity,
  ): Promise<Answer & { readonly certificate: { cert: string; key: string } }> {
    const keys = await webcrypto.subtle.generateKey(SIGNING, true, ['sign', 'verify']);
    const csr = await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: SIGNING });
    const answer = await this.send(`/v1-k3s/${kind}.crt`, {
      ...sender,
      method: 'POST',
      body: new Uint8Array(csr.rawData),
      headers: { 'k3s-Node-Name': node.name, 'k3s-Node-Password': node.password, 'k3s-Node-IP': '10.77.0.99' },
    });
    const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
    return { ...answer, certificate: { cert: answer.body, key } };
  }
}
