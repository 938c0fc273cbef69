import { z } from 'zod';
import { UsherError, isUsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Informer, KubeClient } from '../../k8s/client/kube-client.ts';
import { CONFIG_MAP, MANAGED_BY, USHER_NAMESPACE, type ConfigMap } from '../../k8s/core/resources.ts';
import { ruleProblem, type ApprovalRule } from '../core/approval-rule.ts';

/** ConfigMap in usher-system; each rule is one key of it (docs/adr/0012). */
export const APPROVAL_RULES = 'approval-rules';
const NAME = { name: APPROVAL_RULES, namespace: USHER_NAMESPACE };
const ATTEMPTS = 6;

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

/** The rules in the ConfigMap usher-system/approval-rules, written by replace guarded with resourceVersion. */
export class ApprovalRuleStore {
  readonly #kube: KubeClient;
  readonly #logger: Logger;
  readonly #informer: Informer<ConfigMap>;
  readonly #handlers = new Set<() => void>();
  #rules: ReadonlyMap<string, ApprovalRule> = new Map();

  constructor({ kube, logger }: { kube: KubeClient; logger: Logger }) {
    this.#kube = kube;
    this.#logger = logger;
    this.#informer = kube.inform(CONFIG_MAP, {
      namespace: USHER_NAMESPACE,
      fieldSelector: `metadata.name=${APPROVAL_RULES}`,
    });
    this.#informer.onChange(({ type, object }) => this.#take(type === 'deleted' ? undefined : object));
  }

  async synced(): Promise<void> {
    await this.#informer.synced();
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
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.#kube.get(CONFIG_MAP, NAME);
      const rules = new Map(found === undefined ? [] : this.#read(found));
      const changed = change(rules.get(name));
      if (changed === undefined) rules.delete(name);
      else rules.set(name, checked(changed));
      const data = Object.fromEntries(
        [...rules].map(([key, rule]) => [key, JSON.stringify({ ...rule, name: undefined })]),
      );
      try {
        this.#take(await this.#put(found, data));
        return changed;
      } catch (error) {
        if (attempt >= ATTEMPTS || !isUsherError(error, 'KUBE_CONFLICT', 'KUBE_ALREADY_EXISTS')) throw error;
      }
    }
  }

  async stop(): Promise<void> {
    await this.#informer.stop();
  }

  #put(found: ConfigMap | undefined, data: Record<string, string>): Promise<ConfigMap> {
    if (found !== undefined) return this.#kube.replace(CONFIG_MAP, { ...found, data });
    const metadata = { ...NAME, labels: { ...MANAGED_BY } };
    return this.#kube.create(CONFIG_MAP, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  }

  #take(object: ConfigMap | undefined): void {
    this.#rules = object === undefined ? new Map() : this.#read(object);
    for (const handler of this.#handlers) handler();
  }

  /** Somebody may have written it by hand: what is no rule, or none that can be kept, is not obeyed. */
  #read({ data = {} }: ConfigMap): Map<string, ApprovalRule> {
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
