import type { KubeObject } from '../../k8s/core/resources.ts';

/**
 * Whether `one` is a later version of an object than `other`; anything is later than nothing. Resource versions of one
 * kind can be compared as numbers (Kubernetes says so since 1.35, and it was always true of etcd and k3s' SQLite).
 */
export function isNewer(one: KubeObject | undefined, other: KubeObject | undefined): boolean {
  if (one === undefined) return false;
  return other === undefined || versionOf(one) > versionOf(other);
}

function versionOf({ metadata: { resourceVersion = '' } }: KubeObject): bigint {
  return /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n;
}
