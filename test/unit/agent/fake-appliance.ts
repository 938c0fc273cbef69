import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { deviceIdOf } from '../../../join/protocol/device-id.ts';
import {
  type Artifact,
  type EnrolState,
  type EnrolStatus,
  type JoinTicket,
  REGISTRAR_NAME,
} from '../../../join/protocol/messages.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly deviceId: string;
  readonly headers: IncomingMessage['headers'];
}

/** What a test wants instead of the ordinary answer. */
export type Override =
  | { readonly status: number; readonly body: unknown }
  | 'drop'
  | { readonly dropAfterBytes: number }
  | 'no-range'
  | undefined;

export interface FakeArtifact {
  readonly kind: Artifact['kind'];
  readonly name: string;
  readonly content: Buffer;
}

interface Credentials {
  readonly caPem: string;
  readonly cert: string;
  readonly key: string;
}

/** A fake appliance: it speaks the enrol protocol over real TLS, but decides nothing by itself. */
export class FakeAppliance {
  readonly requests: SeenRequest[] = [];
  readonly tickets: JoinTicket[] = [];
  /** Handshakes that a client completed. */
  connections = 0;
  override: (request: SeenRequest) => Override = () => undefined;
  artifacts: FakeArtifact[] = [];
  k3sVersion = 'v1.36.3+k3s1';
  order: 'stay' | 'rejoin' | 'stop' = 'stay';
  clockAheadMs = 0;
  /** Whether the Node appears as soon as the device says that it runs k3s. */
  nodeFollows = true;
  /** What a device becomes by its hello. */
  afterHello: EnrolState = 'approved';
  readonly caPem: string;
  readonly #server: Server;
  /** Devices that said hello; those whose evidence was not refused. */
  readonly #known = new Set<string>();
  readonly #admitted = new Set<string>();
  #status: Pick<EnrolStatus, 'state' | 'version' | 'reason' | 'nodeName'> = { state: 'pending', version: 7 };
  #wake: (() => void)[] = [];

  private constructor(server: Server, caPem: string) {
    this.#server = server;
    this.caPem = caPem;
  }

  static async start(credentials?: Credentials): Promise<FakeAppliance> {
    const { caPem, cert, key } = credentials ?? (await makeCredentials());
    const server = createServer({ cert, key, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false });
    const appliance = new FakeAppliance(server, caPem);
    server.on('request', (req, res) => void appliance.#handle(req, res));
    server.on('secureConnection', () => (appliance.connections += 1));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return appliance;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** Changes what every device is told, and wakes the long polls. */
  become(state: EnrolState, rest: Partial<EnrolStatus> = {}): void {
    this.#status = { ...rest, state, version: this.#status.version + 1 };
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** The next /join gets another ticket, as after a failed attempt. */
  renewTicket(): void {
    const number = this.tickets.length + 1;
    this.tickets.push({
      v: 1,
      ticketId: `ticket-${number}`,
      nodeName: 'lathe-left',
      server: 'https://192.0.2.1:6443',
      token: `K10${'ab'.repeat(32)}::tok00${number}.secret${number}`,
      nodePassword: `password-${number}`,
      k3sVersion: this.k3sVersion,
      expiresAt: '2030-01-01T00:00:00.000Z',
      serverTime: this.#now(),
    });
  }

  seen(path: string): SeenRequest[] {
    return this.requests.filter((request) => request.path.startsWith(path));
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const seen = await readRequest(req);
    this.requests.push(seen);
    const override = this.override(seen);
    if (override === 'drop') {
      req.socket.destroy();
      return;
    }
    if (typeof override === 'object' && 'status' in override) {
      // Whoever shows refused evidence is known all the same, as a device without any.
      if (seen.path === '/enroll/v1/hello') this.#known.add(seen.deviceId);
      send(res, override.status, override.body);
      return;
    }
    const [path = ''] = seen.path.split('?');
    if (path.startsWith('/enroll/v1/artifacts/')) this.#sendArtifact(path, req, res, override);
    else send(res, ...(await this.#reply(path, seen)));
  }

  async #reply(path: string, seen: SeenRequest): Promise<[number, unknown]> {
    switch (path) {
      case '/enroll/v1/info':
        return [200, { v: 1, applianceId: 'x', site: 'test', caPem: this.caPem, serverTime: this.#now() }];
      case '/enroll/v1/hello':
        if (!this.#admitted.has(seen.deviceId)) this.become(this.afterHello);
        this.#admitted.add(seen.deviceId);
        this.#known.add(seen.deviceId);
        return [200, this.#told()];
      case '/enroll/v1/status': {
        if (!this.#known.has(seen.deviceId)) return [404, refusal('DEVICE_UNKNOWN')];
        const isNews = !seen.path.endsWith(`version=${this.#status.version}`);
        if (!isNews) await new Promise<void>((resolve) => this.#wake.push(resolve));
        return [200, this.#told()];
      }
      case '/enroll/v1/artifacts':
        return [200, { v: 1, k3sVersion: this.k3sVersion, artifacts: this.artifacts.map(listed) }];
      case '/enroll/v1/join':
        if (this.tickets.length === 0) this.renewTicket();
        return [200, this.tickets.at(-1)];
      case '/enroll/v1/joined':
        if (this.nodeFollows) this.become('joined');
        return [200, this.#told()];
      case '/enroll/v1/error':
        return [200, this.#told()];
      case '/enroll/v1/checkin':
        return [200, { v: 1, order: this.order, serverTime: this.#now() }];
      default:
        return [404, refusal('ROUTE_UNKNOWN')];
    }
  }

  #sendArtifact(path: string, req: IncomingMessage, res: ServerResponse, override: Override): void {
    const artifact = this.artifacts.find((one) => path.endsWith(sha256(one.content)));
    if (artifact === undefined) {
      send(res, 404, refusal('ARTIFACT_UNKNOWN'));
      return;
    }
    const range = override === 'no-range' ? undefined : /^bytes=(\d+)-$/.exec(req.headers.range ?? '')?.[1];
    const content = artifact.content.subarray(Number(range ?? 0));
    res.writeHead(range === undefined ? 200 : 206, { 'content-length': content.length });
    if (typeof override === 'object' && 'dropAfterBytes' in override) {
      res.write(content.subarray(0, override.dropAfterBytes), () => req.socket.destroySoon());
    } else res.end(content);
  }

  #told(): EnrolStatus {
    return { v: 1, serverTime: this.#now(), ...this.#status };
  }

  #now(): string {
    return new Date(Date.now() + this.clockAheadMs).toISOString();
  }
}

export function refusal(code: string, retryAfterSec?: number): unknown {
  return { error: { code, message: `message of ${code}`, remedy: `remedy of ${code}` }, retryAfterSec };
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function listed({ kind, name, content }: FakeArtifact): Artifact {
  return { kind, name, sha256: sha256(content), bytes: content.length };
}

function send(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readRequest(req: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  return { method: req.method ?? '', path: req.url ?? '', body, deviceId: peerId(req), headers: req.headers };
}

/** As the real registrar does: the id is the hash of the key that TLS has proved. */
function peerId(req: IncomingMessage): string {
  const certificate = req.socket instanceof TLSSocket ? req.socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return 'none';
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return deviceIdOf(createHash('sha256').update(spki).digest());
}

/** A CA and a leaf for the registrar's name. */
export async function makeCredentials(): Promise<Credentials> {
  x509.cryptoProvider.set(globalThis.crypto);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const dates = { notBefore: new Date('2020-01-01'), notAfter: new Date('9999-12-31') };
  const caKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=test enrolment CA',
    ...dates,
    signingAlgorithm: algorithm,
    keys: caKeys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const leafKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: `CN=${REGISTRAR_NAME}`,
    issuer: ca.subject,
    ...dates,
    signingKey: caKeys.privateKey,
    publicKey: leafKeys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: REGISTRAR_NAME }])],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', leafKeys.privateKey);
  const key = x509.PemConverter.encode(pkcs8, 'PRIVATE KEY');
  return { caPem: ca.toString('pem'), cert: leaf.toString('pem'), key };
}
