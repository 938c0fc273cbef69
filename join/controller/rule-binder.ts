import type { Clock } from '../../foundation/clock.ts';
import { isUsherError, messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Informer, KubeClient } from '../../k8s/client/kube-client.ts';
import { DEVICE_CLAIM, type Device, type DeviceClaim, type Node } from '../../k8s/core/resources.ts';
import {
  claimByRule,
  nextNumber,
  type ApprovalPlan,
  type ApprovalRule,
  type ApprovalRules,
} from '../core/approval-rule.ts';
import { isVerified } from '../core/evidence.ts';
import { checked, type ApprovalRuleStore } from './approval-rule-store.ts';
import type { ClaimBinder } from './claim-binder.ts';
import type { DeviceStore } from './device-store.ts';
import type { EventSink } from './ports.ts';

export interface RuleBinderOptions {
  readonly kube: KubeClient;
  readonly rules: ApprovalRuleStore;
  readonly store: DeviceStore;
  readonly binder: Pick<ClaimBinder, 'bindingOf' | 'onBinding'>;
  readonly claims: Informer<DeviceClaim>;
  readonly nodes: Informer<Node>;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RETRY_MS = 5_000;
/** How many names are tried that turn out to be taken by what the caches do not know yet. */
const ATTEMPTS = 10;

/**
 * Makes an ordinary claim for each new device of a batch that a rule is about, as an operator would. What stands in the
 * way of an operator's claim stands in its way too: it never claims a device that is held, turned away or known from
 * before.
 */
export class RuleBinder implements ApprovalRules {
  readonly #options: RuleBinderOptions;
  readonly #waiting = new Set<string>();
  /** Claims that were made, until the watch tells of them. */
  readonly #made = new Map<string, DeviceClaim>();
  /** Device → rule, and why that one could not claim it. */
  readonly #problems = new Map<string, { rule: string; text: string }>();
  readonly #unsubscribe: (() => void)[] = [];
  #working: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: RuleBinderOptions) {
    this.#options = options;
  }

  /** Begins to claim. The informers must be synced. */
  start(): void {
    const { rules, store, binder, claims } = this.#options;
    this.#unsubscribe.push(
      claims.onChange(({ object }) => void this.#made.delete(object.metadata.name)),
      store.onChange((id) => this.#wake([id])),
      binder.onBinding((id) => this.#wake([id])),
      rules.onChange(() => this.#wakeAll()),
    );
    this.#wakeAll();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#working;
  }

  list(): (ApprovalRule & { problem?: string })[] {
    return this.#options.rules.list().map((rule) => {
      const [problem] = [...this.#problems].filter(([, { rule: name }]) => name === rule.name);
      return problem === undefined || !rule.isOn
        ? rule
        : { ...rule, problem: `Device ${problem[0]}: ${problem[1].text}` };
    });
  }

  create(rule: ApprovalRule): Promise<ApprovalRule> {
    return this.#options.rules.write(rule.name, (known) => {
      if (known !== undefined) throw new UsherError('RULE_EXISTS', { name: rule.name });
      return rule;
    });
  }

  change(name: string, change: Parameters<ApprovalRules['change']>[1]): Promise<ApprovalRule> {
    return this.#options.rules.write(name, (known) => {
      if (known === undefined) throw new UsherError('RULE_UNKNOWN', { name });
      return { ...known, ...change };
    });
  }

  async remove(name: string): Promise<void> {
    await this.#options.rules.write(name, (known) => {
      if (known === undefined) throw new UsherError('RULE_UNKNOWN', { name });
      return undefined;
    });
  }

  preview(rule: ApprovalRule): ApprovalPlan[] {
    const planned: DeviceClaim[] = [];
    return this.#inOrder(this.#options.store.list())
      .filter((device) => batchOf(device) === rule.tokenId)
      .map((device) => {
        const plan = this.#plan(checked(rule), device, planned);
        if (plan.is === 'claim') planned.push(plan.claim);
        return plan;
      });
  }

  #wakeAll(): void {
    this.#wake(this.#options.store.list().map(({ metadata }) => metadata.name));
  }

  #wake(ids: readonly string[]): void {
    if (this.#isStopped || this.#options.rules.list().every(({ isOn }) => !isOn)) return;
    for (const id of ids) this.#waiting.add(id);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
      if (this.#waiting.size > 0) this.#wake([]);
    });
  }

  /** One after the other: each number follows from the claims before it. */
  async #work(): Promise<void> {
    // What changes in one turn of the event loop is looked at together.
    await Promise.resolve();
    while (this.#waiting.size > 0 && !this.#isStopped) {
      const devices = [...this.#waiting].flatMap((id) => this.#options.store.get(id) ?? []);
      this.#waiting.clear();
      for (const device of this.#inOrder(devices)) await this.#approve(device.metadata.name);
    }
  }

  async #approve(id: string): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      for (let attempt = 1; attempt <= ATTEMPTS && !this.#isStopped; attempt += 1) if (await this.#try(id)) return;
    } catch (error) {
      logger.warn({ device: id, detail: messageOf(error) }, 'a rule could not claim a device yet');
      clock.after(RETRY_MS, () => this.#wake([id]));
    }
  }

  /** False when the name was taken by a claim that was not known here: the next number is to be tried. */
  async #try(id: string): Promise<boolean> {
    const { kube, rules, store, events, logger } = this.#options;
    const device = store.get(id);
    const rule = rules.ruleFor(device === undefined ? undefined : batchOf(device));
    this.#problems.delete(id);
    if (device === undefined || rule === undefined) return true;
    const plan = this.#plan(rule, device);
    if (plan.is === 'leave') {
      if (this.#isNew(device)) this.#problems.set(id, { rule: rule.name, text: plan.reason });
      return true;
    }
    const { name } = plan.claim.metadata;
    try {
      const made = await kube.create(DEVICE_CLAIM, plan.claim);
      if (this.#options.claims.get(name) === undefined) this.#made.set(name, made);
      logger.info({ device: id, rule: rule.name, claim: name }, 'a rule claimed a device');
      const message = `Approval rule ${rule.name} claimed device ${id}`;
      await events.record(made, { type: 'Normal', reason: 'ClaimedByRule', message, action: 'Approve' });
      return true;
    } catch (error) {
      if (!isUsherError(error, 'KUBE_ALREADY_EXISTS')) throw error;
      const found = await kube.get(DEVICE_CLAIM, { name });
      // The answer to an earlier try was lost.
      if (found === undefined || found.spec.match.device === id) return true;
      this.#made.set(name, found);
      return false;
    }
  }

  #plan(rule: ApprovalRule, device: Device, planned: readonly DeviceClaim[] = []): ApprovalPlan {
    const reason = this.#reasonToLeave(device);
    if (reason !== undefined) return { is: 'leave', device, reason };
    const claims = [...this.#options.claims.list(), ...this.#made.values(), ...planned];
    const names = new Set(this.#names(claims));
    const claim = claimByRule(rule, device, nextNumber(rule, names, claims));
    if ('problem' in claim) return { is: 'leave', device, reason: claim.problem };
    if (!names.has(claim.metadata.name)) return { is: 'claim', device, claim };
    return { is: 'leave', device, reason: `the name ${claim.metadata.name} is taken` };
  }

  /** Every name that is a node's, or is to become one, or was. */
  #names(claims: readonly DeviceClaim[]): string[] {
    const { nodes, store } = this.#options;
    return [
      ...claims.flatMap(({ metadata, spec }) => [metadata.name, spec.nodeName ?? metadata.name]),
      ...nodes.list().map(({ metadata }) => metadata.name),
      ...store.list().flatMap(({ status }) => [status?.nodeRef?.name ?? [], status?.join?.nodeName ?? []].flat()),
    ];
  }

  #isNew({ spec, status }: Device): boolean {
    const { join, nodeRef } = status ?? {};
    return spec.decision === 'Undecided' && nodeRef === undefined && (join === undefined || join.attempt === 0);
  }

  #reasonToLeave(device: Device): string | undefined {
    const { metadata, spec, status } = device;
    if (!isVerified(spec.evidence)) return 'its evidence was withdrawn';
    if (spec.decision !== 'Undecided') return `an operator decided: ${spec.decision}`;
    for (const { spec: made } of this.#made.values()) if (made.match.device === metadata.name) return 'it is claimed';
    const binding = this.#options.binder.bindingOf(metadata.name);
    if (binding.is === 'bound') return `it is claimed by ${binding.claim}`;
    if (binding.is === 'leaving') return 'another device takes its place';
    if (binding.is === 'held') return new UsherError(binding.problem.code, binding.problem.params).message;
    // Whoever takes a claim away from a device that had joined means it: the rule does not make it anew.
    if (!this.#isNew(device)) return 'it is no new device';
    return status?.failure?.message;
  }

  #inOrder(devices: readonly Device[]): Device[] {
    const key = ({ metadata }: Device): string => `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
    return [...devices].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }
}

/** The batch that a device is of: what a preview shows and what a rule claims are the same devices. */
function batchOf({ spec }: Device): string | undefined {
  return spec.evidence.kind === 'BatchToken' ? spec.evidence.tokenId : undefined;
}
