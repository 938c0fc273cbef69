import { Router } from 'express';
import { toRfc3339, type Clock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import type { ApprovalPlan, ApprovalRule, ApprovalRules } from '../../../join/core/approval-rule.ts';
import { shortIdOf } from '../../../join/protocol/device-id.ts';
import {
  ApprovalRuleChange,
  NewApprovalRule,
  type ApprovalRuleList,
  type ApprovalRulePreview,
  type ApprovalRuleView,
} from '../../core/schemas/approval-rules.ts';
import { bodyOf } from '../request-body.ts';

/** For an appliance without a join part, as in tests. */
export const NO_APPROVAL_RULES: ApprovalRules = {
  list: () => [],
  create: () => Promise.reject(new UsherError('RULE_INVALID', { detail: 'no rules are kept here' })),
  change: (name) => Promise.reject(new UsherError('RULE_UNKNOWN', { name })),
  remove: (name) => Promise.reject(new UsherError('RULE_UNKNOWN', { name })),
  preview: () => [],
};

/** Rules that claim devices of a batch by themselves: listed, tried out, made, switched on and off, deleted. */
export function approvalRuleRoutes(rules: ApprovalRules, clock: Clock): Router {
  const router = Router();
  router.get('/approval-rules', (_request, response) => {
    response.json({ items: rules.list().map(ruleView) } satisfies ApprovalRuleList);
  });
  router.post('/approval-rules', async (request, response) => {
    const rule = await rules.create(ruleOf(bodyOf(request, NewApprovalRule), clock));
    response.status(201).location(`/api/v1/approval-rules/${rule.name}`).json(ruleView(rule));
  });
  router.post('/approval-rules/preview', (request, response) => {
    const plans = rules.preview(ruleOf(bodyOf(request, NewApprovalRule), clock));
    response.json({ items: plans.map(planView) } satisfies ApprovalRulePreview);
  });
  router.patch('/approval-rules/:name', async (request, response) => {
    const given = bodyOf(request, ApprovalRuleChange);
    const { taints, ...rest } = given;
    const change = { ...rest, ...(taints === undefined ? {} : { taints: taints.map(plainTaint) }) };
    response.json(ruleView(await rules.change(request.params.name, withoutUndefined(change))));
  });
  router.delete('/approval-rules/:name', async (request, response) => {
    await rules.remove(request.params.name);
    response.status(204).end();
  });
  return router;
}

function ruleOf(wanted: NewApprovalRule, clock: Clock): ApprovalRule {
  const { name, tokenId, nameTemplate, labels = {}, taints = [], firstNumber = 1, isOn = false } = wanted;
  const createdAt = toRfc3339(clock.nowMs());
  return { ...{ name, tokenId, nameTemplate, labels, firstNumber, isOn, createdAt }, taints: taints.map(plainTaint) };
}

function ruleView({ taints, labels, ...rest }: ApprovalRule & { problem?: string }): ApprovalRuleView {
  return { ...rest, labels: { ...labels }, taints: [...taints] };
}

function planView(plan: ApprovalPlan): ApprovalRulePreview['items'][number] {
  const { metadata, status } = plan.device;
  const serial = status?.hardware?.serial;
  const device = {
    ...{ device: metadata.name, shortId: shortIdOf(metadata.name) },
    ...(serial === undefined ? {} : { serial }),
  };
  if (plan.is === 'leave') return { ...device, outcome: 'leave', reason: plan.reason };
  return { ...device, outcome: 'claim', name: plan.claim.metadata.name, labels: plan.claim.spec.labels ?? {} };
}

function plainTaint({
  key,
  value,
  effect,
}: NonNullable<NewApprovalRule['taints']>[number]): ApprovalRule['taints'][number] {
  return { key, ...(value === undefined ? {} : { value }), effect };
}

/** A field that was not sent stays; to the compiler it may also be there and undefined. */
function withoutUndefined<Change extends object>(
  change: Change,
): { [Key in keyof Change]?: Exclude<Change[Key], undefined> } {
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [Key in keyof Change]?: Exclude<Change[Key], undefined> };
}
