import type { AlarmSource } from '../../api/server/alarms.ts';
import type { ApprovalRule, ApprovalRules } from '../../join/core/approval-rule.ts';
import { device, DEVICE_ID } from './api-fixture.ts';

// Parts of an appliance that always answer the same: for tests of what the API makes of their answers.

export const alarms: AlarmSource = {
  list: () => [
    { id: 'one', code: 'NODE_PASSWORD_UNEXPECTED', message: 'm', remedy: 'r', since: '2026-01-01T00:00:00Z' },
  ],
  acknowledge: (id) => Promise.resolve(id === 'one'),
  onChange: () => () => undefined,
};
const RULE: ApprovalRule = {
  ...{ name: 'greenhouse', tokenId: 'batch1', nameTemplate: 'gh-{n:2}', firstNumber: 1, isOn: false },
  ...{ labels: { zone: 'a' }, taints: [], createdAt: '2026-01-01T00:00:00Z' },
};
export const approvalRules: ApprovalRules = {
  list: () => [RULE],
  create: (rule) => Promise.resolve(rule),
  change: (_name, change) => Promise.resolve({ ...RULE, ...change }),
  remove: () => Promise.resolve(),
  preview: () => [{ is: 'leave', device: device(DEVICE_ID), reason: 'it is claimed by mine' }],
};
