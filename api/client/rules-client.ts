import {
  ApprovalRuleList,
  ApprovalRulePreview,
  ApprovalRuleView,
  type ApprovalRuleChange,
  type NewApprovalRule,
} from '../core/schemas.ts';
import { checkedReply } from './checked-reply.ts';
import type { Http } from './http.ts';
import { requestTo } from './request-to.ts';

/** Rules that claim the devices of a batch by themselves. Errors as those of the ApiClient. */
export class RulesClient {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async list(): Promise<ApprovalRuleView[]> {
    return (await checkedReply(this.#http, ApprovalRuleList, requestTo('GET', '/api/v1/approval-rules'))).items;
  }

  create(rule: NewApprovalRule): Promise<ApprovalRuleView> {
    return checkedReply(this.#http, ApprovalRuleView, requestTo('POST', '/api/v1/approval-rules', { body: rule }));
  }

  /** What the rule would do now to the devices of its batch; it need not exist. */
  async preview(rule: NewApprovalRule): Promise<ApprovalRulePreview['items']> {
    const call = requestTo('POST', '/api/v1/approval-rules/preview', { body: rule });
    return (await checkedReply(this.#http, ApprovalRulePreview, call)).items;
  }

  change(name: string, change: ApprovalRuleChange): Promise<ApprovalRuleView> {
    const call = requestTo('PATCH', '/api/v1/approval-rules/{name}', { params: { name }, body: change });
    return checkedReply(this.#http, ApprovalRuleView, call);
  }

  /** The claims that it made stay. */
  async remove(name: string): Promise<void> {
    await this.#http.json(requestTo('DELETE', '/api/v1/approval-rules/{name}', { params: { name } }));
  }
}
