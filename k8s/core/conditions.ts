import { toRfc3339 } from '../../foundation/clock.ts';
import type { Condition } from './resources.ts';

/**
 * `conditions` with `next` in place of the one of its type, as a new list in the same order. `lastTransitionTime` is
 * `nowMs` only when `status` differs from before; so writing the same condition again changes nothing.
 */
export function setCondition<Type extends string>(
  conditions: readonly Condition<Type>[] | undefined,
  next: Omit<Condition<Type>, 'lastTransitionTime'>,
  nowMs: number,
): Condition<Type>[] {
  const known = conditions ?? [];
  const before = known.find((condition) => condition.type === next.type);
  const lastTransitionTime = before?.status === next.status ? before.lastTransitionTime : toRfc3339(nowMs);
  const after: Condition<Type> = { ...next, lastTransitionTime };
  return before === undefined
    ? [...known, after]
    : known.map((condition) => (condition.type === next.type ? after : condition));
}

/** True when the condition of this type is there and True. */
export function isTrue<Type extends string>(conditions: readonly Condition<Type>[] | undefined, type: Type): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}
