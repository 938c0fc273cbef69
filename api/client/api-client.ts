import { z } from 'zod';
import { asUsherError, UsherError } from '../../foundation/errors.ts';
import {
  AlarmList,
  ClaimList,
  ClaimView,
  ClusterCaView,
  CreatedToken,
  DeviceList,
  DeviceView,
  RevocationView,
  SignInCode,
  SiteView,
  StoryView,
  TokenList,
  type AlarmView,
  type ClaimChange,
  type DecisionRequest,
  type NewClaim,
  type NewToken,
} from '../core/schemas.ts';
import { readEvents, type ReceivedEvent } from './event-reader.ts';
import type { Appliance } from './find-appliance.ts';
import { Http, type HttpRequest } from './http.ts';

const DEFAULT_TIMEOUT_MS = 15_000;
/** Wait before an event stream that broke is opened again; doubled up to the longest. */
const RECONNECT_FIRST_MS = 250;
const RECONNECT_LONGEST_MS = 5_000;

/**
 * The operators' API as functions. Every error is the UsherError that the appliance threw; without an appliance it is
 * APPLIANCE_UNREACHABLE.
 */
export class ApiClient {
  readonly #http: Http;

  /** @param options.timeoutMs longest time until a reply begins */
  constructor(appliance: Appliance, options: { timeoutMs?: number } = {}) {
    this.#http = new Http(appliance, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  }

  site(): Promise<SiteView> {
    return this.#call(SiteView, { method: 'GET', path: '/api/v1/site' });
  }

  async devices(): Promise<DeviceView[]> {
    return (await this.#call(DeviceList, { method: 'GET', path: '/api/v1/devices' })).items;
  }

  /** @param id full or shortened id, `mac:…`, MAC address, serial, node name or host name */
  device(id: string): Promise<DeviceView> {
    return this.#call(DeviceView, { method: 'GET', path: `/api/v1/devices/${encodeURIComponent(id)}` });
  }

  /** What happened to a device, oldest first. @param id as in {@link device} */
  story(id: string): Promise<StoryView> {
    return this.#call(StoryView, { method: 'GET', path: `/api/v1/devices/${encodeURIComponent(id)}/story` });
  }

  /** The device `newcomer` takes the place of `id`; gives the row of the newcomer. */
  replace(id: string, newcomer: string): Promise<DeviceView> {
    const path = `/api/v1/devices/${encodeURIComponent(id)}/replacement`;
    return this.#call(DeviceView, { method: 'POST', path, body: { with: newcomer } });
  }

  /** What revoking would stop, and what would be left to whoever holds the board. */
  revocation(id: string): Promise<RevocationView> {
    return this.#call(RevocationView, { method: 'GET', path: `/api/v1/devices/${encodeURIComponent(id)}/revocation` });
  }

  clusterCa(): Promise<ClusterCaView> {
    return this.#call(ClusterCaView, { method: 'GET', path: '/api/v1/cluster-ca' });
  }

  async alarms(): Promise<AlarmView[]> {
    return (await this.#call(AlarmList, { method: 'GET', path: '/api/v1/alarms' })).items;
  }

  /** Says that somebody judged the alarm. */
  async acknowledgeAlarm(id: string): Promise<void> {
    await this.#http.json({ method: 'DELETE', path: `/api/v1/alarms/${encodeURIComponent(id)}` });
  }

  decide(id: string, decision: DecisionRequest['decision']): Promise<DeviceView> {
    const path = `/api/v1/devices/${encodeURIComponent(id)}/decision`;
    return this.#call(DeviceView, { method: 'POST', path, body: { decision } });
  }

  async claims(): Promise<ClaimView[]> {
    return (await this.#call(ClaimList, { method: 'GET', path: '/api/v1/claims' })).items;
  }

  claim(name: string): Promise<ClaimView> {
    return this.#call(ClaimView, { method: 'GET', path: `/api/v1/claims/${encodeURIComponent(name)}` });
  }

  createClaim(claim: NewClaim): Promise<ClaimView> {
    return this.#call(ClaimView, { method: 'POST', path: '/api/v1/claims', body: claim });
  }

  changeClaim(name: string, change: ClaimChange): Promise<ClaimView> {
    const path = `/api/v1/claims/${encodeURIComponent(name)}`;
    return this.#call(ClaimView, { method: 'PATCH', path, body: change });
  }

  async deleteClaim(name: string): Promise<void> {
    await this.#http.json({ method: 'DELETE', path: `/api/v1/claims/${encodeURIComponent(name)}` });
  }

  async tokens(): Promise<TokenList['items']> {
    return (await this.#call(TokenList, { method: 'GET', path: '/api/v1/enrol-tokens' })).items;
  }

  createToken(token: NewToken): Promise<CreatedToken> {
    return this.#call(CreatedToken, { method: 'POST', path: '/api/v1/enrol-tokens', body: token });
  }

  async revokeToken(tokenId: string): Promise<void> {
    await this.#http.json({ method: 'DELETE', path: `/api/v1/enrol-tokens/${encodeURIComponent(tokenId)}` });
  }

  /** All metrics in the Prometheus text format. */
  metrics(): Promise<string> {
    return this.#http.text({ method: 'GET', path: '/metrics', headers: { accept: 'text/plain' } });
  }

  /** A new one-time code for the page. */
  newSignInCode(): Promise<SignInCode> {
    return this.#call(SignInCode, { method: 'POST', path: '/api/v1/sign-in-codes', body: {} });
  }

  /**
   * What happens, as it happens: a snapshot, then changes. A stream that breaks is opened again where it ended; only
   * when the first attempt fails, or the appliance refuses, an error comes out. Ends when `signal` is aborted.
   */
  async *events(signal: AbortSignal): AsyncGenerator<ReceivedEvent, void, undefined> {
    let lastId: string | undefined;
    let delayMs = RECONNECT_FIRST_MS;
    const ended = (): boolean => signal.aborted;
    while (!ended()) {
      try {
        const response = await this.#http.open({
          method: 'GET',
          path: '/api/v1/events',
          headers: { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) },
          signal,
        });
        for await (const received of readEvents(response)) {
          lastId = received.id;
          delayMs = RECONNECT_FIRST_MS;
          yield received;
        }
      } catch (error) {
        if (ended()) return;
        if (lastId === undefined || isRefusal(error)) throw asUsherError(error);
      }
      await pause(delayMs, signal);
      delayMs = Math.min(delayMs * 2, RECONNECT_LONGEST_MS);
    }
  }

  close(): void {
    this.#http.close();
  }

  async #call<Shape extends z.ZodType>(shape: Shape, call: HttpRequest): Promise<z.infer<Shape>> {
    const parsed = shape.safeParse(await this.#http.json(call));
    if (parsed.success) return parsed.data;
    const detail = `the reply to ${call.method} ${call.path} has another shape: ${z.prettifyError(parsed.error)}`;
    throw new UsherError('INTERNAL', { detail }, { cause: parsed.error });
  }
}

/** An answer that will be the same next time, unlike a connection that broke. */
function isRefusal(error: unknown): boolean {
  return error instanceof UsherError && error.http >= 400 && error.http < 500 && error.code !== 'RATE_LIMITED';
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done, { once: true });
  });
}
