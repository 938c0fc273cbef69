import type { DeviceClaim } from '../resources.ts';
import { labelsOf } from '../node-claim.ts';

/** `machine=lathe, location=left`, by key. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  const texts = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return texts.sort().join(', ');
}

/** `a, b`. */
export function namesOf(names: readonly string[]): string {
  return [...new Set(names)].join(', ');
}

/** Names of the claims whose nodes would match and are not there yet, as `claim x`. */
export function claimsToCome(claims: readonly DeviceClaim[], selector: Readonly<Record<string, string>>): string[] {
  return claims
    .filter(({ spec, status }) => {
      const labels = labelsOf({ labels: spec.labels ?? {}, ...(spec.pair === undefined ? {} : { pair: spec.pair }) });
      const isMatch = Object.entries(selector).every(([key, value]) => labels[key] === value);
      return isMatch && status?.phase !== 'Joined';
    })
    .map(({ metadata }) => `claim ${metadata.name}`)
    .sort();
}
