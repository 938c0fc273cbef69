const LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/** Longest node name: the label kubernetes.io/hostname carries it, and a label value has at most 63 characters. */
const MAX_NODE_NAME = 63;

/** RFC 1123 label: lower-case letters, digits and inner hyphens, at most 63. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && DNS_LABEL.test(text);
}

/** RFC 1123 subdomain as Kubernetes names are: labels joined by dots, at most 253 characters. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && DNS_SUBDOMAIN.test(text);
}

/** Whether a node can have this name. */
export function isNodeName(text: string): boolean {
  return text.length <= MAX_NODE_NAME && isDnsSubdomain(text);
}
