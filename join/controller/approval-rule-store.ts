import { z } from 'zod';
import { UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { type ConfigMapData, SharedConfigMap } from '../../k8s/shared-config-map.ts';
import { ruleProblem, type ApprovalRule } from '../core/approval-rule.ts';

/** ConfigMap in usher-system; each rule is one key of it (docs/adr/0012). */
export const APPROVAL_RULES = 'approval-rules';

const KeptRule = z.object({
  tokenId: z.string(),
  nameTemplate: z.string(),
  labels: z.record(z.string(), z.string()),
  taints: z.array(
    z.object({
      key: z.string(),
      value: z.string().exactOptional(),
      effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
    }),
  ),
  firstNumber: z.int().nonnegative(),
  isOn: z.boolean(),
  createdAt: z.iso.datetime(),
});

/** The rules in the ConfigMap usher-system/approval-rules. */
export class ApprovalRuleStore {
  readonly #list: SharedConfigMap;
  readonly #logger: Logger;
  readonly #handlers = new Set<() => void>();
  #rules: ReadonlyMap<string, ApprovalRule> = new Map();

  constructor({ kube, logger }: { kube: KubeClient; logger: Logger }) {
    this.#list = new SharedConfigMap(kube, APPROVAL_RULES);
    this.#logger = logger;
    this.#list.onChange((data) => this.#take(this.#read(data)));
  }

  async synced(): Promise<void> {
    await this.#list.synced();
  }

  /** By name. */
  list(): ApprovalRule[] {
    return [...this.#rules.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The rule that is on for devices of this token: the first by name. */
  ruleFor(tokenId: string | undefined): ApprovalRule | undefined {
    return this.list().find((rule) => rule.isOn && rule.tokenId === tokenId);
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /**
   * Writes what `change` makes of the rule of that name; undefined takes it away.
   * @throws UsherError RULE_INVALID, KUBE_*, and what `change` throws
   */
  async write<Result extends ApprovalRule | undefined>(
    name: string,
    change: (rule: ApprovalRule | undefined) => Result,
  ): Promise<Result> {
    let rules = new Map<string, ApprovalRule>();
    let changed: Result | undefined;
    await this.#list.write((data) => {
      rules = this.#read(data);
      changed = change(rules.get(name));
      if (changed === undefined) rules.delete(name);
      else rules.set(name, checked(changed));
      return Object.fromEntries([...rules].map(([key, rule]) => [key, JSON.stringify({ ...rule, name: undefined })]));
    });
    this.#take(rules);
    return changed as Result;
  }

  async stop(): Promise<void> {
    await this.#list.stop();
  }

  #take(rules: ReadonlyMap<string, ApprovalRule>): void {
    this.#rules = rules;
    for (const handler of this.#handlers) handler();
  }

  /** Somebody may have written it by hand: what is no rule, or none that can be kept, is not obeyed. */
  #read(data: ConfigMapData): Map<string, ApprovalRule> {
    const rules = new Map<string, ApprovalRule>();
    for (const [name, text] of Object.entries(data)) {
      const rule = parsed(name, text);
      if (rule === undefined || ruleProblem(rule) !== undefined) {
        this.#logger.warn({ rule: name }, 'an entry of the ConfigMap approval-rules is no rule');
      } else rules.set(name, rule);
    }
    return rules;
  }
}

/** The rule itself. @throws UsherError RULE_INVALID */
export function checked(rule: ApprovalRule): ApprovalRule {
  const detail = ruleProblem(rule);
  if (detail !== undefined) throw new UsherError('RULE_INVALID', { detail });
  return rule;
}

function parsed(name: string, text: string): ApprovalRule | undefined {
  try {
    const { data } = KeptRule.safeParse(JSON.parse(text));
    return data === undefined ? undefined : { name, ...data };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
