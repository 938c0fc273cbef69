import type { z } from 'zod';
import type { Condition } from '../../k8s/core/resources.ts';
import type { ConditionView } from './schemas.ts';

/** Conditions as operators see them, without what only controllers need. */
export function conditionViews(conditions: readonly Condition[] = []): z.infer<typeof ConditionView>[] {
  return conditions.map(({ type, status, reason, message, lastTransitionTime }) => ({
    type,
    status,
    reason,
    message,
    lastTransitionTime,
  }));
}
