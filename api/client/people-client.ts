import {
  ApiTokenList,
  AuditPage,
  AuditVerification,
  CreatedApiToken,
  SessionList,
  UserList,
  UserView,
  type ApiTokenView,
  type NewApiToken,
  type NewUser,
  type SignedInView,
  type UserChange,
} from '../core/schemas.ts';
import { checkedReply } from './checked-reply.ts';
import type { Http } from './http.ts';
import { requestTo } from './request-to.ts';

/** What to ask the audit log for; a field that is missing asks for everything. */
export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  device?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  limit?: number | undefined;
}

/** Users, sessions, API tokens and the audit log, as functions. Errors as those of the ApiClient. */
export class PeopleClient {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async users(): Promise<UserView[]> {
    return (await checkedReply(this.#http, UserList, requestTo('GET', '/api/v1/users'))).items;
  }

  createUser(user: NewUser): Promise<UserView> {
    return checkedReply(this.#http, UserView, requestTo('POST', '/api/v1/users', { body: user }));
  }

  changeUser(name: string, change: UserChange): Promise<UserView> {
    return checkedReply(
      this.#http,
      UserView,
      requestTo('PATCH', '/api/v1/users/{name}', { params: { name }, body: change }),
    );
  }

  async removeUser(name: string): Promise<void> {
    await this.#http.json(requestTo('DELETE', '/api/v1/users/{name}', { params: { name } }));
  }

  async sessions(): Promise<SignedInView[]> {
    return (await checkedReply(this.#http, SessionList, requestTo('GET', '/api/v1/sessions'))).items;
  }

  async endSession(id: string): Promise<void> {
    await this.#http.json(requestTo('DELETE', '/api/v1/sessions/{id}', { params: { id } }));
  }

  async apiTokens(): Promise<ApiTokenView[]> {
    return (await checkedReply(this.#http, ApiTokenList, requestTo('GET', '/api/v1/api-tokens'))).items;
  }

  createApiToken(token: NewApiToken): Promise<CreatedApiToken> {
    return checkedReply(this.#http, CreatedApiToken, requestTo('POST', '/api/v1/api-tokens', { body: token }));
  }

  async revokeApiToken(id: string): Promise<void> {
    await this.#http.json(requestTo('DELETE', '/api/v1/api-tokens/{id}', { params: { id } }));
  }

  /** Newest first. */
  audit(filter: AuditFilter): Promise<AuditPage> {
    return checkedReply(this.#http, AuditPage, requestTo('GET', '/api/v1/audit', { query: filter }));
  }

  /** The appliance walks its files and compares their head with the anchor. */
  verifyAudit(): Promise<AuditVerification> {
    return checkedReply(this.#http, AuditVerification, requestTo('GET', '/api/v1/audit/verification'));
  }

  /** The whole log as it is on the disk, one entry a line; not read yet. */
  async exportAudit(): Promise<AsyncIterable<Buffer>> {
    return await this.#http.open({ ...requestTo('GET', '/api/v1/audit/export'), headers: { accept: '*/*' } });
  }
}
