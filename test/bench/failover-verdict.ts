import type { FailoverFigures } from './failover.ts';

/**
 * What must not be, a line each: two active nodes under usher, or a control without fencing that shows none, so that the
 * instrument proves nothing.
 */
export function violationsOf({ usher, usherFast, unfenced }: FailoverFigures): string[] {
  const fast = Object.entries(usherFast).map(([fault, figures]) => [`${fault} (fast)`, figures] as const);
  const found: string[] = [];
  for (const [name, { doubleActiveMs }] of [...Object.entries(usher), ...fast]) {
    if (doubleActiveMs.max !== 0) found.push(`${name}: two nodes were active for ${doubleActiveMs.max.toFixed(0)} ms`);
  }
  if (unfenced?.doubleActiveMs.max === 0)
    found.push('unfenced: the control without fencing never had two active nodes');
  return found;
}
