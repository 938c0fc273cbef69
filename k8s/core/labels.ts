import { isDnsSubdomain } from './names.ts';

const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Domains (with all below them) whose labels and taints belong to Kubernetes, k3s and Usher, not to claims. */
const RESERVED_DOMAINS = ['kubernetes.io', 'k8s.io', 'k3s.io', 'k3s.cattle.io', 'usher.internal'];

/** Labels on a Node that carry the pair of its claim; design: pair. */
export const PAIR_LABEL = 'usher.internal/pair';
export const PAIR_ROLE_LABEL = 'usher.internal/pair-role';

/**
 * What is wrong with a label key, in words that complete "the key …", or undefined. Kubernetes' qualified name: an
 * optional DNS subdomain and a slash, then a name of at most 63 characters.
 */
export function labelKeyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (slash >= 0 && !isDnsSubdomain(key.slice(0, slash))) return 'needs a DNS name before its slash';
  if (name.length > 63) return 'has more than 63 characters';
  if (!NAME.test(name)) return 'may have letters, digits, -, _ and . only, with a letter or digit at both ends';
  if (slash >= 0 && isReservedDomain(key.slice(0, slash)))
    return `lies under ${key.slice(0, slash)}, which is reserved`;
  return undefined;
}

/** What is wrong with a label value, in words that complete "the value …", or undefined. The empty value is fine. */
export function labelValueProblem(value: string): string | undefined {
  if (value.length > 63) return 'has more than 63 characters';
  if (value !== '' && !NAME.test(value)) {
    return 'may have letters, digits, -, _ and . only, with a letter or digit at both ends';
  }
  return undefined;
}

/** Every problem of a claim's labels, one sentence each; none for labels that the API server takes. */
export function labelProblems(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const ofKey = labelKeyProblem(key);
    const ofValue = labelValueProblem(value);
    return [
      ...(ofKey === undefined ? [] : [`the label key ${JSON.stringify(key)} ${ofKey}`]),
      ...(ofValue === undefined ? [] : [`the value of label ${JSON.stringify(key)} ${ofValue}`]),
    ];
  });
}

function isReservedDomain(domain: string): boolean {
  return RESERVED_DOMAINS.some((reserved) => domain === reserved || domain.endsWith(`.${reserved}`));
}
