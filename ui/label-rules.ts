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
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'Give the node a name.';
  if (name.length > MAX_NODE_NAME) return `At most ${String(MAX_NODE_NAME)} characters.`;
  if (DNS_NAME.test(name)) return undefined;
  return 'Only lower-case letters, digits, “-” and “.”, with a letter or digit at both ends.';
}

/** What is wrong with a label's key, or undefined. */
export function keyProblem(key: string): string | undefined {
  const slash = key.lastIndexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  if (key === '') return 'A label needs a key.';
  if (prefix !== undefined && (prefix.length > MAX_PREFIX || !DNS_NAME.test(prefix))) {
    return 'What stands before “/” must be a DNS name.';
  }
  if (!PART.test(key.slice(slash + 1))) {
    return 'A key has letters, digits, “-”, “_” and “.”, at most 63, with a letter or digit at both ends.';
  }
  return RESERVED.test(key) ? 'Names under kubernetes.io, k8s.io, k3s.io and usher.internal are taken.' : undefined;
}

/** What is wrong with a label's value, or undefined. */
export function valueProblem(value: string): string | undefined {
  if (value === '' || PART.test(value)) return undefined;
  return 'A value has letters, digits, “-”, “_” and “.”, at most 63, with a letter or digit at both ends.';
}

/** What is wrong with each label, or undefined where nothing is. Rows without any text do not count. */
export function labelProblems(labels: readonly LabelText[]): (string | undefined)[] {
  return labels.map(({ key, value }, index) => {
    if (key === '' && value === '') return undefined;
    const isTwice = key !== '' && labels.findIndex((other) => other.key === key) < index;
    if (isTwice) return `“${key}” is there twice.`;
    if (index >= MAX_LABELS) return `At most ${String(MAX_LABELS)} labels.`;
    return keyProblem(key) ?? valueProblem(value);
  });
}
