import type { z } from 'zod';
import { asUsherError, UsherError } from '../../foundation/errors.ts';
import {
  AlarmList,
  ClaimCodeView,
  ClaimList,
  ClaimView,
  ClusterCaView,
  CreatedToken,
  DeviceList,
  DeviceView,
  IdentifyView,
  PageCertificateView,
  RevocationView,
  SignInCode,
  SiteView,
  StoryView,
  TokenList,
  type AlarmView,
  type ClaimChange,
  type DecisionRequest,
  type LabelSheetRequest,
  type NewClaim,
  type NewClaimCode,
  type NewToken,
} from '../core/schemas.ts';
import { checkedReply } from './checked-reply.ts';
import { readEvents, type ReceivedEvent } from './event-reader.ts';
import type { Appliance } from './find-appliance.ts';
import { Http } from './http.ts';
import { ImagesClient } from './images-client.ts';
import { ManifestClient } from './manifest-client.ts';
import { PeopleClient } from './people-client.ts';
import { requestTo, type ApiRequest } from './request-to.ts';
import { RulesClient } from './rules-client.ts';
import { ServicesClient } from './services-client.ts';

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
  /** Users, sessions, API tokens and the audit log. */
  readonly people: PeopleClient;
  /** Files of claims. */
  readonly manifests: ManifestClient;
  /** Rules that claim by themselves. */
  readonly rules: RulesClient;
  /** Container images. */
  readonly images: ImagesClient;
  /** Sensor services. */
  readonly services: ServicesClient;

  /** @param options.timeoutMs longest time until a reply begins */
  constructor(appliance: Appliance, options: { timeoutMs?: number } = {}) {
    this.#http = new Http(appliance, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.people = new PeopleClient(this.#http);
    this.manifests = new ManifestClient(this.#http);
    this.rules = new RulesClient(this.#http);
    this.images = new ImagesClient(this.#http);
    this.services = new ServicesClient(this.#http);
  }

  site(): Promise<SiteView> {
    return this.#call(SiteView, requestTo('GET', '/api/v1/site'));
  }

  async devices(): Promise<DeviceView[]> {
    return (await this.#call(DeviceList, requestTo('GET', '/api/v1/devices'))).items;
  }

  /** @param id full or shortened id, `mac:…`, MAC address, serial, node name or host name */
  device(id: string): Promise<DeviceView> {
    return this.#call(DeviceView, requestTo('GET', '/api/v1/devices/{id}', { params: { id } }));
  }

  /** What happened to a device, oldest first. @param id as in {@link device} */
  story(id: string): Promise<StoryView> {
    return this.#call(StoryView, requestTo('GET', '/api/v1/devices/{id}/story', { params: { id } }));
  }

  /** The device blinks and shows two words; answers when it has begun. @param id as in {@link device} */
  identify(id: string, seconds: number): Promise<IdentifyView> {
    return this.#call(
      IdentifyView,
      requestTo('POST', '/api/v1/devices/{id}/identify', { params: { id }, body: { seconds } }),
    );
  }

  /** A sheet of labels, as a file. */
  labelSheet(sheet: LabelSheetRequest): Promise<Uint8Array> {
    return this.#http.bytes(requestTo('POST', '/api/v1/label-sheets', { body: sheet }));
  }

  /** The device `newcomer` takes the place of `id`; gives the row of the newcomer. */
  replace(id: string, newcomer: string): Promise<DeviceView> {
    return this.#call(
      DeviceView,
      requestTo('POST', '/api/v1/devices/{id}/replacement', { params: { id }, body: { with: newcomer } }),
    );
  }

  /** What revoking would stop, and what would be left to whoever holds the board. */
  revocation(id: string): Promise<RevocationView> {
    return this.#call(RevocationView, requestTo('GET', '/api/v1/devices/{id}/revocation', { params: { id } }));
  }

  clusterCa(): Promise<ClusterCaView> {
    return this.#call(ClusterCaView, requestTo('GET', '/api/v1/cluster-ca'));
  }

  async alarms(): Promise<AlarmView[]> {
    return (await this.#call(AlarmList, requestTo('GET', '/api/v1/alarms'))).items;
  }

  /** Says that somebody judged the alarm. */
  async acknowledgeAlarm(id: string): Promise<void> {
    await this.#http.json(requestTo('DELETE', '/api/v1/alarms/{id}', { params: { id } }));
  }

  decide(id: string, decision: DecisionRequest['decision']): Promise<DeviceView> {
    return this.#call(
      DeviceView,
      requestTo('POST', '/api/v1/devices/{id}/decision', { params: { id }, body: { decision } }),
    );
  }

  async claims(): Promise<ClaimView[]> {
    return (await this.#call(ClaimList, requestTo('GET', '/api/v1/claims'))).items;
  }

  claim(name: string): Promise<ClaimView> {
    return this.#call(ClaimView, requestTo('GET', '/api/v1/claims/{name}', { params: { name } }));
  }

  createClaim(claim: NewClaim): Promise<ClaimView> {
    return this.#call(ClaimView, requestTo('POST', '/api/v1/claims', { body: claim }));
  }

  changeClaim(name: string, change: ClaimChange): Promise<ClaimView> {
    return this.#call(ClaimView, requestTo('PATCH', '/api/v1/claims/{name}', { params: { name }, body: change }));
  }

  async deleteClaim(name: string): Promise<void> {
    await this.#http.json(requestTo('DELETE', '/api/v1/claims/{name}', { params: { name } }));
  }

  /** Lets the device prove this code; see {@link claimCode} for what comes of it. */
  enterClaimCode(entered: NewClaimCode): Promise<ClaimCodeView> {
    return this.#call(ClaimCodeView, requestTo('POST', '/api/v1/claim-codes', { body: entered }));
  }

  /** How the code stands that was entered last. @param device full id */
  claimCode(device: string): Promise<ClaimCodeView> {
    return this.#call(ClaimCodeView, requestTo('GET', '/api/v1/claim-codes/{device}', { params: { device } }));
  }

  async tokens(): Promise<TokenList['items']> {
    return (await this.#call(TokenList, requestTo('GET', '/api/v1/enrol-tokens'))).items;
  }

  createToken(token: NewToken): Promise<CreatedToken> {
    return this.#call(CreatedToken, requestTo('POST', '/api/v1/enrol-tokens', { body: token }));
  }

  async revokeToken(tokenId: string): Promise<void> {
    await this.#http.json(requestTo('DELETE', '/api/v1/enrol-tokens/{tokenId}', { params: { tokenId } }));
  }

  /** Who vouches for the page. */
  pageCertificate(): Promise<PageCertificateView> {
    return this.#call(PageCertificateView, requestTo('GET', '/api/v1/page-certificate'));
  }

  /** The certificate of the site's own authority, PEM. */
  trustPem(): Promise<string> {
    return this.#http.text({ method: 'GET', path: '/trust/ca.pem', headers: { accept: '*/*' } });
  }

  /** All metrics in the Prometheus text format. */
  metrics(): Promise<string> {
    return this.#http.text({ method: 'GET', path: '/metrics', headers: { accept: 'text/plain' } });
  }

  /** A new one-time code for the page. */
  newSignInCode(): Promise<SignInCode> {
    return this.#call(SignInCode, requestTo('POST', '/api/v1/sign-in-codes'));
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

  #call<Reply, Shape extends z.ZodType<Reply>>(shape: Shape, call: ApiRequest<Reply>): Promise<z.infer<Shape>> {
    return checkedReply(this.#http, shape, call);
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
