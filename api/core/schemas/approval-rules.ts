import { z } from 'zod';

// Rules that claim devices of a batch by themselves.

const ruleName = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const template = z.string().min(1).max(253);

/** POST /api/v1/approval-rules. A rule is off until it is switched on, best after a look at its preview. */
export const NewApprovalRule = z.object({
  name: ruleName,
  /** Public part of the batch token whose devices it claims. */
  tokenId: z.string().max(26),
  /** Name of the claim and the node, with {n}, {n:3} (with zeros before), {serial}, {mac6} and {id6}. */
  nameTemplate: template,
  /** Labels of the node; the values are templates too. */
  labels: z.record(z.string(), z.string().max(253)).optional(),
  taints: z
    .array(
      z.object({
        key: z.string(),
        value: z.string().optional(),
        effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
      }),
    )
    .optional(),
  /** First number of {n}; 1 unless given. */
  firstNumber: z.int().min(0).max(1_000_000).optional(),
  isOn: z.boolean().optional(),
});
export type NewApprovalRule = z.infer<typeof NewApprovalRule>;

/** PATCH /api/v1/approval-rules/{name}: what is given replaces what was there. */
export const ApprovalRuleChange = NewApprovalRule.omit({ name: true }).partial();
export type ApprovalRuleChange = z.infer<typeof ApprovalRuleChange>;

export const ApprovalRuleView = NewApprovalRule.extend({
  isOn: z.boolean(),
  createdAt: z.iso.datetime(),
  /** What the rule cannot do now, in a sentence: its token was revoked, a device of its batch is held … */
  problem: z.string().optional(),
});
export type ApprovalRuleView = z.infer<typeof ApprovalRuleView>;
export const ApprovalRuleList = z.object({ items: z.array(ApprovalRuleView) });
export type ApprovalRuleList = z.infer<typeof ApprovalRuleList>;

/** Reply to POST /api/v1/approval-rules/preview: what the rule would do to the devices of its batch that are there now. */
export const ApprovalRulePreview = z.object({
  items: z.array(
    z.object({
      device: z.string(),
      shortId: z.string(),
      serial: z.string().optional(),
      outcome: z.enum(['claim', 'leave']),
      /** Of the claim and node that it would make. */
      name: z.string().optional(),
      labels: z.record(z.string(), z.string()).optional(),
      /** Why it is left alone, or cannot be claimed. */
      reason: z.string().optional(),
    }),
  ),
});
export type ApprovalRulePreview = z.infer<typeof ApprovalRulePreview>;
