import { Agent, request } from 'undici';
import { toRfc3339, type Clock } from '../../../../foundation/clock.ts';
import { messageOf, UsherError } from '../../../../foundation/errors.ts';
import { retryAfterToMs } from './acme-schedule.ts';

export interface TransportOptions {
  /** The directory's URL. */
  url: string;
  /** Who vouches for the ACME server, PEM; default what the machine's Node.js trusts. */
  caPem?: string | undefined;
  clock: Clock;
}

/** The library's request and reply: of Axios, as far as they are used. */
interface Config {
  url?: string | undefined;
  method?: string | undefined;
  data?: unknown;
  headers: { toJSON: () => unknown };
}
interface Reply<C> {
  data: string;
  status: number;
  statusText: string;
  headers: Record<string, string>;
  config: C;
}

export interface AcmeTransport {
  /**
   * One request. What the library cannot tell apart is thrown here: no answer, and "not so often".
   * @throws UsherError ACME_DIRECTORY_AWAY, ACME_LIMITED
   */
  send<C extends Config>(config: C): Promise<Reply<C>>;
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
const REPLY_MS = 30_000;
const MAX_REPLY_BYTES = 1_048_576;
const TOO_MANY = 429;
const SERVER_ERROR = 500;
const UNAVAILABLE = 503;
/** When a server says "not so often" without saying until when. */
const DEFAULT_HOLD_MS = 3_600_000;

/** HTTPS to the ACME server and to nothing else: no proxy of the environment, no redirection, no plain HTTP. */
export function acmeTransport({ url: directory, caPem, clock }: TransportOptions, signal: AbortSignal): AcmeTransport {
  const agent = new Agent({
    connect: { timeout: CONNECT_MS, ...(caPem === undefined ? {} : { ca: caPem }) },
    headersTimeout: REPLY_MS,
    bodyTimeout: REPLY_MS,
    maxResponseSize: MAX_REPLY_BYTES,
  });
  const away = (detail: string, cause?: unknown): UsherError =>
    new UsherError('ACME_DIRECTORY_AWAY', { url: directory, detail }, { cause });

  const send = async <C extends Config>(config: C): Promise<Reply<C>> => {
    const url = config.url ?? directory;
    if (!url.startsWith('https://')) throw away(`it names ${url}, which is not https`);
    const reply = await asked(url, config).catch((error: unknown) => {
      throw signal.aborted ? new UsherError('STOPPED', {}, { cause: error }) : away(reasonOf(error), error);
    });
    const { status, headers, data } = reply;
    const untilMs = retryAfterToMs(headers['retry-after'], clock.nowMs());
    if (status === TOO_MANY || (status === UNAVAILABLE && untilMs !== undefined)) {
      const until = toRfc3339(untilMs ?? clock.nowMs() + DEFAULT_HOLD_MS);
      throw new UsherError('ACME_LIMITED', { url: directory, until, detail: problemOf(data) });
    }
    if (status >= SERVER_ERROR && url === directory) throw away(`it answers ${String(status)}`);
    return reply;
  };

  const asked = async <C extends Config>(url: string, config: C): Promise<Reply<C>> => {
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      method: (config.method ?? 'get').toUpperCase() as 'GET' | 'HEAD' | 'POST',
      headers: textHeaders(config.headers.toJSON()),
      body: typeof config.data === 'string' ? config.data : null,
      signal,
    });
    return { data: await body.text(), status: statusCode, statusText: '', headers: textHeaders(headers), config };
  };
  return { send, close: () => agent.close() };
}

/** Those that say anything. */
function textHeaders(headers: unknown): Record<string, string> {
  const entries = Object.entries((headers ?? {}) as Record<string, unknown>).map(([name, value]) => {
    return [name, Array.isArray(value) ? value.join(', ') : value] as const;
  });
  return Object.fromEntries(
    entries.flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
    ),
  );
}

/** What a problem document (RFC 9457) says for people. */
function problemOf(body: string): string {
  try {
    const { detail } = JSON.parse(body) as { detail?: unknown };
    return typeof detail === 'string' ? detail.slice(0, 500) : 'without a reason';
  } catch (error) {
    if (error instanceof SyntaxError) return 'without a reason';
    throw error;
  }
}

/** Connecting to a name with several addresses fails with one reason for each. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return messageOf(error);
}
