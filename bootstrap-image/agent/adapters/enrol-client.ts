import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { z } from 'zod';
import { hasErrno, isUsherError, messageOf, UsherError } from '../../../foundation/errors.ts';
import {
  ApplianceInfo,
  ArtifactList,
  type CheckIn,
  CheckInReply,
  type DeviceHello,
  type DeviceReport,
  EnrolStatus,
  type JoinRequest,
  JoinTicket,
  MAX_WAIT_SEC,
  REGISTRAR_NAME,
} from '../../../join/protocol/messages.ts';
import { refused } from '../core/refusal.ts';
import type { DeviceIdentity } from './device-key.ts';
import { parseJson } from './state-file.ts';

const LARGEST_REPLY_BYTES = 256 * 1024;
const CONNECT_TIMEOUT_MS = 3_000;
const REPLY_TIMEOUT_MS = 10_000;
/** The appliance takes up to 30 s to make a ticket. */
const JOIN_TIMEOUT_MS = 40_000;

/** What OpenSSL and Node call a certificate that the pinned CA does not vouch for. */
const NOT_TRUSTED = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'INVALID_CA',
  'ERR_TLS_CERT_ALTNAME_INVALID',
];

export interface EnrolClientOptions {
  /** `https://host:port` */
  readonly origin: string;
  /** The only CA that is believed; without one anybody is, and nothing secret may be sent. */
  readonly caPem: string | undefined;
  readonly identity: DeviceIdentity;
  /** The device's address to call from, where it has several; by default the kernel chooses. */
  readonly localAddress?: string;
}

/** How every connection to an appliance is made: with the device's key, and with the pinned CA if there is one. */
export function tlsOptions({ caPem, identity }: Pick<EnrolClientOptions, 'caPem' | 'identity'>): ConnectionOptions {
  return {
    ...(caPem === undefined ? { rejectUnauthorized: false } : { ca: [caPem] }),
    cert: identity.certificatePem,
    key: identity.privateKeyPem.reveal(),
    servername: REGISTRAR_NAME,
    minVersion: 'TLSv1.3',
  };
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The bytes of an artifact as the appliance sends them. */
export interface ArtifactBytes {
  /** Position of the first byte: 0 when the appliance did not honour the range. */
  readonly fromByte: number;
  /** To be read to the end or left early; either way the connection is given free. */
  readonly chunks: AsyncIterable<Buffer>;
}

/**
 * The device's side of the enrol API: TLS 1.3 with the device's certificate, the pinned CA and the fixed server name, on
 * connections that are kept. With any other CA the handshake fails and no request is sent.
 *
 * Every method throws UsherError NO_APPLIANCE_FOUND (not reachable, or lost), APPLIANCE_NOT_TRUSTED,
 * APPLIANCE_REFUSED (see refusalOf) or APPLIANCE_REPLY_INVALID.
 */
export class EnrolClient {
  readonly origin: string;
  readonly #agent: Agent;

  constructor(options: EnrolClientOptions) {
    this.origin = options.origin;
    this.#agent = new Agent({
      keepAlive: true,
      scheduling: 'lifo',
      ...tlsOptions(options),
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    });
  }

  info(signal?: AbortSignal): Promise<ApplianceInfo> {
    return this.#json({ method: 'GET', path: '/enroll/v1/info', signal }, ApplianceInfo);
  }

  hello(body: DeviceHello): Promise<EnrolStatus> {
    return this.#json({ method: 'POST', path: '/enroll/v1/hello', body }, EnrolStatus);
  }

  /** Waits for a version other than `version`, at most `waitSec`. */
  status(version: number, waitSec: number = MAX_WAIT_SEC): Promise<EnrolStatus> {
    const path = `/enroll/v1/status?wait=${waitSec}&version=${version}`;
    return this.#json({ method: 'GET', path, timeoutMs: waitSec * 1_000 + REPLY_TIMEOUT_MS }, EnrolStatus);
  }

  join(body: JoinRequest): Promise<JoinTicket> {
    return this.#json({ method: 'POST', path: '/enroll/v1/join', body, timeoutMs: JOIN_TIMEOUT_MS }, JoinTicket);
  }

  joined(): Promise<EnrolStatus> {
    return this.#json({ method: 'POST', path: '/enroll/v1/joined', body: { v: 1 } }, EnrolStatus);
  }

  report(body: DeviceReport): Promise<EnrolStatus> {
    return this.#json({ method: 'POST', path: '/enroll/v1/error', body }, EnrolStatus);
  }

  checkIn(body: CheckIn): Promise<CheckInReply> {
    return this.#json({ method: 'POST', path: '/enroll/v1/checkin', body }, CheckInReply);
  }

  /** @param arch as the hello names it */
  artifacts(arch: string): Promise<ArtifactList> {
    return this.#json({ method: 'GET', path: `/enroll/v1/artifacts?arch=${encodeURIComponent(arch)}` }, ArtifactList);
  }

  /** The bytes of an artifact from `fromByte` on. */
  async artifact(sha256: string, fromByte: number): Promise<ArtifactBytes> {
    const headers = fromByte > 0 ? { range: `bytes=${fromByte}-` } : {};
    const response = await this.#send({ method: 'GET', path: `/enroll/v1/artifacts/${sha256}`, headers });
    const status = response.statusCode ?? 0;
    if (status === 206) return { fromByte, chunks: this.#chunks(response) };
    if (status === 200) return { fromByte: 0, chunks: this.#chunks(response) };
    throw refused(status, parseJson(await this.#text(response)));
  }

  /** Closes all connections; calls under way fail. */
  close(): void {
    this.#agent.destroy();
  }

  async #json<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
    const response = await this.#send(call);
    const text = await this.#text(response);
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) throw refused(status, parseJson(text));
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const detail = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
    throw new UsherError(
      'APPLIANCE_REPLY_INVALID',
      { what: call.path.replace(/\?.*/, ''), detail },
      { cause: parsed.error },
    );
  }

  async #text(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of this.#chunks(response)) {
      bytes += chunk.length;
      if (bytes > LARGEST_REPLY_BYTES) {
        throw new UsherError('APPLIANCE_REPLY_INVALID', { what: this.origin, detail: 'it is too large' });
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  async *#chunks(response: IncomingMessage): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) yield chunk;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async #send(call: Call): Promise<IncomingMessage> {
    try {
      // Once more when a kept connection turned out to be closed: every call of this API may be repeated.
      const response = (await this.#sendOnce(call)) ?? (await this.#sendOnce(call));
      if (response !== undefined) return response;
    } catch (error) {
      throw this.#translate(error);
    }
    throw new UsherError('NO_APPLIANCE_FOUND', { tried: `${this.origin} (the connection was closed)` });
  }

  /** The response's head; undefined when the connection it went out on had been closed by the other side before. */
  #sendOnce(call: Call): Promise<IncomingMessage | undefined> {
    const { method, path, timeoutMs = REPLY_TIMEOUT_MS } = call;
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    const headers = {
      ...call.headers,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
    };
    const options = { method, headers, agent: this.#agent, timeout: timeoutMs, signal: call.signal };
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, this.origin), options, resolve);
      const giveUp = (what: string, limitMs: number): void => {
        outgoing.destroy(new UsherError('TIMED_OUT', { what, limitMs }));
      };
      const connecting = setTimeout(giveUp, CONNECT_TIMEOUT_MS, 'connecting', CONNECT_TIMEOUT_MS);
      outgoing.once('socket', (socket) => {
        if (outgoing.reusedSocket) clearTimeout(connecting);
        else socket.once('secureConnect', () => clearTimeout(connecting));
      });
      // Idle time, so it also ends a download that has stalled.
      outgoing.once('timeout', () => giveUp(`${method} ${path}`, timeoutMs));
      outgoing.once('close', () => {
        clearTimeout(connecting);
        // An unasked-for switch of protocols ends a request without a response and without an error.
        reject(
          new UsherError('NO_APPLIANCE_FOUND', { tried: `${this.origin} (it answered something else than HTTP)` }),
        );
      });
      outgoing.once('error', (error) => {
        const closedBefore = outgoing.reusedSocket && hasErrno(error, 'ECONNRESET', 'EPIPE');
        if (closedBefore) resolve(undefined);
        else reject(error);
      });
      outgoing.end(body);
    });
  }

  #translate(error: unknown): UsherError {
    if (isUsherError(error) && error.code !== 'TIMED_OUT') return error;
    if (hasErrno(error, ...NOT_TRUSTED)) {
      return new UsherError('APPLIANCE_NOT_TRUSTED', { url: this.origin }, { cause: error });
    }
    return new UsherError('NO_APPLIANCE_FOUND', { tried: `${this.origin} (${messageOf(error)})` }, { cause: error });
  }
}
