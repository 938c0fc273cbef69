import 'reflect-metadata';
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import * as x509 from '@peculiar/x509';
import { deviceIdOf } from '../../join/protocol/device-id.ts';
import { REGISTRAR_NAME, type DeviceHello, type Evidence } from '../../join/protocol/messages.ts';

/** A client certificate and its key, PEM. */
export interface ClientCertificate {
  cert: string;
  key: string;
  publicKey: KeyObject;
}

export interface TestReply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  json: () => Record<string, unknown>;
}

const ALGORITHMS = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-256' },
  RSA: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
} as const;

/** A self-signed certificate, valid in the years given. */
export async function clientCertificate(
  kind: keyof typeof ALGORITHMS = 'P-256',
  years: [from: number, to: number] = [2020, 9999],
): Promise<ClientCertificate> {
  const { privateKey } =
    kind === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: kind });
  const algorithm = ALGORITHMS[kind];
  const publicKey = createPublicKey(privateKey);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=a name that means nothing',
    notBefore: new Date(Date.UTC(years[0], 0, 1)),
    notAfter: new Date(Date.UTC(years[1], 11, 31)),
    keys: {
      publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']),
      privateKey: privateKey.toCryptoKey(algorithm, true, ['sign']),
    },
    signingAlgorithm: algorithm,
  });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: certificate.toString('pem'), key, publicKey };
}

/** A device as the network sees it: a key, a pinned CA, and requests over one keep-alive connection. */
export class TestDevice {
  readonly deviceId: string;
  readonly keyFingerprint: string;
  readonly #agent: Agent;
  readonly #port: number;

  constructor(port: number, caPem: string, certificate: ClientCertificate | undefined, localAddress = '127.0.0.1') {
    const spki = certificate?.publicKey.export({ type: 'spki', format: 'der' }) ?? Buffer.alloc(0);
    const hash = createHash('sha256').update(spki).digest();
    this.deviceId = deviceIdOf(hash);
    this.keyFingerprint = hash.toString('hex');
    this.#port = port;
    const own = certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key };
    this.#agent = new Agent({ keepAlive: true, ca: caPem, servername: REGISTRAR_NAME, localAddress, ...own });
  }

  /** The hello of this device. */
  hello(evidence: Evidence, hw: Partial<DeviceHello['hw']> = {}): DeviceHello {
    const id = this.deviceId;
    const hardware = { macs: [], arch: 'arm64', serial: `1000${id.slice(0, 8)}`, ...hw };
    return { v: 1, id, agent: '1.0.0', bootId: 'boot-1', hw: hardware, evidence };
  }

  /** @param path of the device API, or from the root when it begins with a slash */
  get(path: string, headers: Record<string, string> = {}): Promise<TestReply> {
    return this.#send('GET', path, headers);
  }

  /** Sends `body` as JSON, or as it stands when it is a string. */
  post(path: string, body: unknown): Promise<TestReply> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.#send(
      'POST',
      path,
      { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) },
      text,
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<TestReply> {
    return new Promise((resolve, reject) => {
      const whole = path.startsWith('/') ? path : `/enroll/v1/${path}`;
      const target = { host: '127.0.0.1', port: this.#port, method, path: whole, headers };
      const sent = request({ ...target, agent: this.#agent, timeout: 8000 }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', reject);
        reply.on('end', () => {
          const whole = Buffer.concat(chunks);
          const json = (): Record<string, unknown> => JSON.parse(whole.toString()) as Record<string, unknown>;
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: whole, json });
        });
      });
      sent.on('timeout', () => sent.destroy(new TypeError('no reply within 8 s')));
      sent.on('error', reject);
      sent.end(body);
    });
  }
}
