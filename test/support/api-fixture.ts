import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApiServer, type ApiServer, type ApiServerOptions } from '../../api/server/api-server.ts';
import { CliFile } from '../../api/core/cli-file.ts';
import type { SiteView } from '../../api/core/schemas.ts';
import { systemClock, type Clock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import { silentLogger, type Logger } from '../../foundation/logger.ts';
import { systemRandom } from '../../foundation/random.ts';
import { Secret } from '../../foundation/secret.ts';
import type { Sighting, SightingChange, SightingList } from '../../discovery/core/sighting.ts';
import type { Candidate, CandidateList, EnrolTokens, EnrolTokenView } from '../../join/core/ports.ts';
import { DEVICE, type Device, type DeviceStatus } from '../../k8s/core/resources.ts';
import { FakeKube } from './fake-kube.ts';

export const DEVICE_ID = 'k4t7m2c0ffee00000000000000';
export const OTHER_ID = 'k4t7z9c0ffee00000000000000';
export const MAC = 'b8:27:eb:c0:ff:ee';

/** A list of sightings that does what the test says. */
export class FakeSightings implements SightingList {
  readonly #sightings = new Map<string, Sighting>();
  readonly #handlers = new Set<(change: SightingChange) => void>();

  see(mac: string, facts: Partial<Sighting> = {}): Sighting {
    const nowMs = Date.now();
    const sighting = {
      ...{ mac, interface: 'eth0', firstSeenMs: nowMs, lastSeenMs: nowMs, observations: [], reasons: [], score: 60 },
      ...facts,
    };
    const type = this.#sightings.has(mac) ? 'updated' : 'added';
    this.#sightings.set(mac, sighting);
    this.#tell({ type, sighting });
    return sighting;
  }

  forget(mac: string): void {
    const sighting = this.#sightings.get(mac);
    this.#sightings.delete(mac);
    if (sighting !== undefined) this.#tell({ type: 'removed', sighting });
  }

  list(): Sighting[] {
    return [...this.#sightings.values()];
  }

  get(mac: string): Sighting | undefined {
    return this.#sightings.get(mac);
  }

  onChange(handler: (change: SightingChange) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  #tell(change: SightingChange): void {
    for (const handler of this.#handlers) handler(change);
  }
}

export class FakeCandidates implements CandidateList {
  readonly #candidates = new Map<string, Candidate>();
  readonly #handlers = new Set<(deviceId: string) => void>();

  arrive(deviceId: string, facts: Partial<Candidate> = {}): void {
    this.#candidates.set(deviceId, candidate(deviceId, facts));
    for (const handler of this.#handlers) handler(deviceId);
  }

  leave(deviceId: string): void {
    this.#candidates.delete(deviceId);
    for (const handler of this.#handlers) handler(deviceId);
  }

  list(): Candidate[] {
    return [...this.#candidates.values()];
  }

  get(deviceId: string): Candidate | undefined {
    return this.#candidates.get(deviceId);
  }

  onChange(handler: (deviceId: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }
}

export class FakeTokens implements EnrolTokens {
  readonly #tokens = new Map<string, EnrolTokenView>();

  create: EnrolTokens['create'] = (token) => {
    const tokenId = `000000000${this.#tokens.size}`;
    const view: EnrolTokenView = {
      tokenId,
      kind: token.kind,
      usesLeft: token.uses ?? 1,
      createdAt: '2026-01-01T00:00:00Z',
      expiresAt: '2026-02-01T00:00:00Z',
      boundTo: [],
      state: 'usable',
      ...(token.note === undefined ? {} : { note: token.note }),
    };
    this.#tokens.set(tokenId, view);
    return Promise.resolve({ view, token: new Secret(`ush1.${tokenId}.00000000000000000000000000`) });
  };

  list(): Promise<EnrolTokenView[]> {
    return Promise.resolve([...this.#tokens.values()]);
  }

  revoke(tokenId: string): Promise<void> {
    const token = this.#tokens.get(tokenId);
    if (token === undefined) return Promise.reject(new UsherError('TOKEN_UNKNOWN', { tokenId }));
    token.state = 'revoked';
    return Promise.resolve();
  }

  onRevoked(): () => void {
    return () => undefined;
  }

  redeem(): Promise<never> {
    return Promise.reject(new UsherError('TOKEN_UNKNOWN', { tokenId: '' }));
  }

  accept(): Promise<never> {
    return this.redeem();
  }
}

export function candidate(deviceId: string, facts: Partial<Candidate> = {}): Candidate {
  return {
    deviceId,
    publicKeyPem: '-----BEGIN PUBLIC KEY-----\n',
    keyFingerprint: '0'.repeat(64),
    hello: {
      ...{ v: 1, id: deviceId, agent: '1', bootId: 'boot' },
      hw: { macs: [MAC], arch: 'arm64', serial: '10000000abcdef01', model: 'Raspberry Pi 4 Model B Rev 1.4' },
      evidence: { type: 'none' },
    },
    ip: '10.0.0.5',
    firstSeenMs: 0,
    lastSeenMs: 0,
    ...facts,
  };
}

export function device(id: string, status: DeviceStatus = {}, spec: Partial<Device['spec']> = {}): Device {
  return {
    ...{ apiVersion: DEVICE.apiVersion, kind: DEVICE.kind, metadata: { name: id } },
    spec: { publicKey: '', evidence: { kind: 'CardToken', tokenId: '0' }, decision: 'Undecided', ...spec },
    status: { phase: 'Pending', hardware: { macs: [MAC], serial: '10000000abcdef01', arch: 'arm64' }, ...status },
  };
}

export const SITE: SiteView = {
  ...{ name: 'hall-3', version: '0.1.0', applianceId: 'a1', serverTime: '2026-01-01T00:00:00Z' },
  interfaces: [{ name: 'eth0', addresses: ['10.0.0.1'] }],
  kubernetes: { ready: true, version: 'v1.36.3+k3s1', server: 'https://10.0.0.1:6443' },
  enrolUrls: ['https://10.0.0.1:7443'],
  sources: [{ name: 'dhcp', working: true }],
};

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body as JSON; undefined when it is none. */
  body: unknown;
}

export interface Call {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string;
}

/** Keys and certificates of the first fixture, by file: making RSA keys for each would take most of the time. */
const PAGE_FILES = new Map<string, string>();

/** An appliance's API on loopback, with fakes for all that lies behind it. */
export class ApiFixture {
  readonly kube: FakeKube;
  readonly sightings = new FakeSightings();
  readonly candidates = new FakeCandidates();
  readonly tokens = new FakeTokens();
  readonly stateDir = mkdtempSync(join(tmpdir(), 'usher-api-'));
  readonly uiDir = join(this.stateDir, 'ui');
  readonly #pageFiles: Map<string, string>;
  #server: ApiServer | undefined;
  #file: CliFile | undefined;

  /**
   * @param options.ownAuthority with a certificate authority that no other fixture has
   * @param options.nowMs what the API server takes for the time
   */
  constructor(options: { ownAuthority?: true; nowMs?: () => number } = {}) {
    this.kube = new FakeKube({ nowMs: options.nowMs ?? Date.now });
    this.#pageFiles = options.ownAuthority === true ? new Map<string, string>() : PAGE_FILES;
  }

  async start(options: Partial<ApiServerOptions> & { clock?: Clock; logger?: Logger } = {}): Promise<this> {
    mkdirSync(join(this.uiDir, 'assets'), { recursive: true });
    writeFileSync(join(this.uiDir, 'index.html'), '<!doctype html><title>Usher</title>');
    writeFileSync(join(this.uiDir, 'assets', 'main-1234.js'), 'export {};');
    const pageDir = join(this.stateDir, 'page');
    mkdirSync(pageDir, { recursive: true });
    for (const [name, text] of this.#pageFiles) writeFileSync(join(pageDir, name), text);
    this.#server = await startApiServer({
      ...{ host: '127.0.0.1', port: 0, clock: systemClock, random: systemRandom, logger: silentLogger },
      ...{ kube: this.kube, sightings: this.sightings, candidates: this.candidates, tokens: this.tokens },
      ...{ uiDir: this.uiDir, stateDir: this.stateDir, site: () => SITE },
      makeCard: (token) => ({
        ...{ v: 1, issuedAt: '2026-01-01T00:00:00Z', urls: [], caPem: 'CA', token: token.reveal() },
      }),
      ...options,
    });
    for (const name of readdirSync(pageDir)) this.#pageFiles.set(name, readFileSync(join(pageDir, name), 'utf8'));
    this.#file = CliFile.parse(JSON.parse(readFileSync(this.cliFile, 'utf8')));
    return this;
  }

  async stop(): Promise<void> {
    await this.#server?.close();
    rmSync(this.stateDir, { recursive: true });
  }

  get server(): ApiServer {
    if (this.#server === undefined) throw new UsherError('INTERNAL', { detail: 'not started' });
    return this.#server;
  }

  get cliFile(): string {
    return join(this.stateDir, 'cli.json');
  }

  get file(): CliFile {
    if (this.#file === undefined) throw new UsherError('INTERNAL', { detail: 'not started' });
    return this.#file;
  }

  /** What the command line's token may. */
  get bearer(): Record<string, string> {
    return { authorization: `Bearer ${this.file.token}` };
  }

  /** Puts the device DEVICE_ID, whose MAC address was seen on the LAN. */
  async putDevice(): Promise<void> {
    this.sightings.see(MAC, { ip: '10.0.0.5' });
    await this.kube.create(DEVICE, device(DEVICE_ID));
  }

  /** Signs in as a browser would, by default with a one-time code; the headers of every later change. */
  async signIn(as?: { name: string; password: string }): Promise<Record<string, string>> {
    const body = as ?? { code: this.server.newSignInCode().code.reveal() };
    const reply = await this.call('/api/v1/session', { method: 'POST', body });
    const cookie = String(reply.headers['set-cookie']).split(';')[0] ?? '';
    const { csrfToken } = reply.body as { csrfToken: string };
    return { cookie, 'x-usher-csrf': csrfToken, origin: this.origin, 'sec-fetch-site': 'same-origin' };
  }

  get origin(): string {
    return `https://127.0.0.1:${this.server.port}`;
  }

  call(path: string, { method = 'GET', headers = {}, body, raw }: Call = {}): Promise<Reply> {
    const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const options: RequestOptions = {
      ...{
        host: '127.0.0.1',
        port: this.server.port,
        path,
        method,
        ca: this.file.caPem,
        timeout: 20_000,
        servername: 'localhost',
      },
      headers: {
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...headers,
      },
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const read = Buffer.concat(chunks).toString();
          const isJson = (response.headers['content-type'] ?? '').startsWith('application/json');
          const parsed: unknown = isJson && read !== '' ? JSON.parse(read) : undefined;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: read, body: parsed });
        });
      });
      outgoing.on('timeout', () => outgoing.destroy(new UsherError('TIMED_OUT', { what: path, limitMs: 20_000 })));
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }
}

/** The code of an error reply. */
export function codeOf(reply: Reply): string | undefined {
  return (reply.body as { error?: { code: string } } | undefined)?.error?.code;
}
