import { Agent, request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { CATALOGUE, type ErrorCode } from '../../foundation/error-catalogue.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import { ErrorReply } from '../core/schemas.ts';
import type { Appliance } from './find-appliance.ts';
import type { HttpRequest } from './request-to.ts';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]']);
/** Largest reply that is read: the list of a full site has some megabytes. */
const MAX_REPLY_BYTES = 64 * 1024 * 1024;

/** HTTPS to one appliance, with its certificate authority pinned. */
export class Http {
  readonly #appliance: Appliance;
  readonly #timeoutMs: number;
  readonly #agent: Agent;

  constructor(appliance: Appliance, timeoutMs: number) {
    this.#appliance = appliance;
    this.#timeoutMs = timeoutMs;
    // A certificate that operators gave may be pinned without what issued it.
    const trust = { ca: appliance.caPem, allowPartialTrustChain: true, minVersion: 'TLSv1.2' } as const;
    // No name is asked for when an address is called; by this one the site's own authority answers, which is pinned.
    const isHere = LOOPBACK.has(new URL(appliance.url).hostname);
    this.#agent = new Agent({ keepAlive: true, ...trust, ...(isHere ? { servername: 'localhost' } : {}) });
  }

  /**
   * The JSON of the reply, undefined for an empty one.
   * @throws UsherError as the appliance gave it; APPLIANCE_UNREACHABLE when there is no reply; INTERNAL when it is no JSON
   */
  async json(call: HttpRequest): Promise<unknown> {
    const text = await this.text(call);
    return text === '' ? undefined : parseJson(text);
  }

  /** The body of the reply as text. @throws UsherError as {@link json} */
  async text(call: HttpRequest): Promise<string> {
    return this.#read(await this.open(call));
  }

  /** The body of the reply as it is. @throws UsherError as {@link json} */
  async bytes(call: HttpRequest): Promise<Uint8Array> {
    return this.#readBytes(await this.open(call));
  }

  /** The reply with its body not read yet; its status is a success. @throws UsherError as {@link json} */
  async open(call: HttpRequest): Promise<IncomingMessage> {
    const response = await this.#send(call);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    throw errorFrom(await this.#read(response), status);
  }

  close(): void {
    this.#agent.destroy();
  }

  unreachable(error: unknown): UsherError {
    const detail = messageOf(error);
    return new UsherError('APPLIANCE_UNREACHABLE', { url: this.#appliance.url, detail }, { cause: error });
  }

  #send(call: HttpRequest): Promise<IncomingMessage> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const options: RequestOptions = {
      method: call.method,
      agent: this.#agent,
      headers: {
        authorization: `Bearer ${this.#appliance.token.reveal()}`,
        accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
        ...(call.file === undefined
          ? {}
          : { 'content-type': call.file.type, 'content-length': String(call.file.bytes) }),
        ...call.headers,
      },
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(call.path, this.#appliance.url), options, (response) => {
        outgoing.setTimeout(0);
        resolve(response);
      });
      const limitMs = call.timeoutMs ?? this.#timeoutMs;
      outgoing.setTimeout(limitMs, () => {
        const what = `${call.method} ${call.path}`;
        outgoing.destroy(new UsherError('TIMED_OUT', { what, limitMs }));
      });
      outgoing.on('error', (error) => reject(this.unreachable(error)));
      if (call.file === undefined) outgoing.end(body);
      else pipeline(call.file.stream, outgoing).catch((error: unknown) => reject(this.unreachable(error)));
    });
  }

  async #read(response: IncomingMessage): Promise<string> {
    return (await this.#readBytes(response)).toString('utf8');
  }

  async #readBytes(response: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > MAX_REPLY_BYTES) throw new UsherError('REQUEST_TOO_LARGE', { limitBytes: MAX_REPLY_BYTES });
        chunks.push(chunk);
      }
    } catch (error) {
      throw error instanceof UsherError ? error : this.unreachable(error);
    }
    return Buffer.concat(chunks);
  }
}

/** The appliance's refusal as the very error it threw; a code this version does not know becomes INTERNAL. */
function errorFrom(text: string, status: number): UsherError {
  const reply = ErrorReply.safeParse(parseJsonOrNothing(text));
  if (!reply.success) return new UsherError('INTERNAL', { detail: `the appliance answered HTTP ${status}` });
  return toUsherError(reply.data.error);
}

/** An error that the appliance told of, as the very error it threw there. */
export function toUsherError({ code, message, remedy }: ErrorReply['error']): UsherError {
  if (!isKnownCode(code)) return new UsherError('INTERNAL', { detail: `${message} [${code}]` });
  return Object.assign(new UsherError(code), { message, remedy });
}

function isKnownCode(code: string): code is ErrorCode {
  return Object.hasOwn(CATALOGUE, code);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsherError('INTERNAL', { detail: 'the appliance answered something that is not JSON' }, { cause: error });
  }
}

function parseJsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
