import type { Messages } from './messages/en.ts';

// The rules of api/core/claim-rules.ts in words for somebody who is typing; the appliance checks again.

const PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const RESERVED = /^([^/]*\.)?(kubernetes\.io|k8s\.io|k3s\.io|k3s\.cattle\.io|usher\.internal)\//;
const MAX_PREFIX = 253;
const MAX_NODE_NAME = 63;
const MAX_LABELS = 32;

export interface LabelText {
  key: string;
  value: string;
}

/** What is wrong with a node's name, or undefined. */
export function nameProblem(name: string, m: Messages): string | undefined {
  if (name === '') return m.rules.nameMissing;
  if (name.length > MAX_NODE_NAME) return m.rules.tooLong(MAX_NODE_NAME);
  if (DNS_NAME.test(name)) return undefined;
  return m.rules.name;
}

/** What is wrong with a label's key, or undefined. */
export function keyProblem(key: string, m: Messages): string | undefined {
  const slash = key.lastIndexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  if (key === '') return m.rules.keyMissing;
  if (prefix !== undefined && (prefix.length > MAX_PREFIX || !DNS_NAME.test(prefix))) {
    return m.rules.prefix;
  }
  if (!PART.test(key.slice(slash + 1))) {
    return m.rules.key;
  }
  return RESERVED.test(key) ? m.rules.reserved : undefined;
}

/** What is wrong with a label's value, or undefined. */
export function valueProblem(value: string, m: Messages): string | undefined {
  if (value === '' || PART.test(value)) return undefined;
  return m.rules.value;
}

/** What is wrong with each label, or undefined where nothing is. Rows without any text do not count. */
export function labelProblems(labels: readonly LabelText[], m: Messages): (string | undefined)[] {
  return labels.map(({ key, value }, index) => {
    if (key === '' && value === '') return undefined;
    const isTwice = key !== '' && labels.findIndex((other) => other.key === key) < index;
    if (isTwice) return m.rules.twice(key);
    if (index >= MAX_LABELS) return m.rules.tooManyLabels(MAX_LABELS);
    return keyProblem(key, m) ?? valueProblem(value, m);
  });
}
