import { UsherError } from '../../foundation/errors.ts';
import type { NewClaim } from './schemas.ts';

// The rules of the CRD's schema (k8s/manifests/device-claim-crd.yaml), checked before Kubernetes so that the message
// names the very label or name and says what is wrong with it.

const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const RESERVED = /^([^/]*\.)?(kubernetes\.io|k8s\.io|k3s\.io|k3s\.cattle\.io|usher\.internal)\//;
const MAX_NODE_NAME = 63;
const MAX_PREFIX = 253;
const MAX_LABELS = 32;
const MAX_TAINTS = 16;

/** What of a claim can be checked without looking at anything else. */
export type CheckedClaim = Pick<NewClaim, 'nodeName' | 'labels' | 'taints' | 'pair'> & { name?: string };

/** @throws UsherError CLAIM_INVALID naming the first thing that is wrong */
export function checkClaim(claim: CheckedClaim): void {
  const problem = nameProblem(claim) ?? labelsProblem(claim) ?? taintsProblem(claim) ?? pairProblem(claim);
  if (problem !== undefined) throw new UsherError('CLAIM_INVALID', { detail: problem });
}

function nameProblem({ name, nodeName }: CheckedClaim): string | undefined {
  if (name !== undefined && !DNS_SUBDOMAIN.test(name)) {
    return `the name ${name} may only have lower-case letters, digits, - and ., and must begin and end with a letter or digit`;
  }
  const node = nodeName ?? name;
  if (node === undefined) return undefined;
  if (node.length > MAX_NODE_NAME) return `the node name ${node} is longer than ${MAX_NODE_NAME} characters`;
  if (DNS_SUBDOMAIN.test(node)) return undefined;
  return `the node name ${node} may only have lower-case letters, digits, - and ., and must begin and end with a letter or digit`;
}

function labelsProblem({ labels = {} }: CheckedClaim): string | undefined {
  const entries = Object.entries(labels);
  if (entries.length > MAX_LABELS) return `there are more than ${MAX_LABELS} labels`;
  for (const [key, value] of entries) {
    const problem = keyProblem(key) ?? valueProblem(value);
    if (problem !== undefined) return `label ${key}=${value}: ${problem}`;
  }
  return undefined;
}

function taintsProblem({ taints = [] }: CheckedClaim): string | undefined {
  if (taints.length > MAX_TAINTS) return `there are more than ${MAX_TAINTS} taints`;
  const seen = new Set<string>();
  for (const taint of taints) {
    const text = `${taint.key}:${taint.effect}`;
    const problem = keyProblem(taint.key) ?? valueProblem(taint.value ?? '');
    if (problem !== undefined) return `taint ${text}: ${problem}`;
    if (seen.has(text)) return `taint ${text} is given twice`;
    seen.add(text);
  }
  return undefined;
}

function pairProblem({ pair }: CheckedClaim): string | undefined {
  if (pair === undefined || (DNS_LABEL.test(pair.name) && pair.name.length <= 63)) return undefined;
  return `the pair ${pair.name} may only have lower-case letters, digits and -, at most 63`;
}

/** Kubernetes' qualified name: an optional DNS subdomain and a slash, then up to 63 letters, digits, -, _ and `.`. */
function keyProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  if (prefix !== undefined && (prefix.length > MAX_PREFIX || !DNS_SUBDOMAIN.test(prefix))) {
    return 'what stands before the slash must be a DNS name';
  }
  if (!QUALIFIED_PART.test(key.slice(slash + 1))) {
    return 'a key has at most 63 letters, digits, -, _ and ., and begins and ends with a letter or digit';
  }
  return RESERVED.test(key)
    ? 'names under kubernetes.io, k8s.io, k3s.io and usher.internal cannot be claimed'
    : undefined;
}

function valueProblem(value: string): string | undefined {
  if (value === '' || QUALIFIED_PART.test(value)) return undefined;
  return 'a value has at most 63 letters, digits, -, _ and ., and begins and ends with a letter or digit';
}
