import { acquireFromMs, checkFromMs, heirOf, isOwnLeftover } from './takeover.ts';
import type { UnitState } from './unit-state.ts';

/** The earliest moment at which something is due by time alone. */
export function wakeAtMs(state: UnitState): number | undefined {
  const { role, request, nextSendMs } = state;
  const due: number[] = [];
  if (role.name === 'active') due.push(role.validUntilMs);
  if (role.name === 'stopping' && !role.killing) due.push(role.killAtMs);
  if (request !== undefined) due.push(request.abortAtMs);
  else if (state.mustRead || role.name === 'active') due.push(nextSendMs);
  else if (role.name === 'candidate') due.push(...runFromMs(state).map((fromMs) => Math.max(nextSendMs, fromMs)));
  return due.length === 0 ? undefined : Math.min(...due);
}

/** When a candidate has something to ask or to write: a release, an adoption or an acquisition. */
function runFromMs(state: UnitState): number[] {
  const { sighting, ready } = state;
  if (sighting?.record.terms === undefined) return [];
  if (isOwnLeftover(state, sighting.record) || heirOf(state, sighting.record) !== undefined) return [sighting.sinceMs];
  const due = [checkFromMs(state), ready.length === 0 ? undefined : acquireFromMs(state)];
  return due.filter((fromMs) => fromMs !== undefined);
}
