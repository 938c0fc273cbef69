import { describeMatch, matchKey } from '../../../join/core/claim-match.ts';
import type { DeviceClaimSpec } from '../../../k8s/core/resources.ts';
import { writePair } from './cell-values.ts';

/** One field that becomes another; a side that is missing has nothing there. */
export interface FieldChange {
  field: string;
  from?: string;
  to?: string;
}

/** Field by field what leads from one claim to another; all of it when there was none. Empty when they mean the same. */
export function changesBetween(before: DeviceClaimSpec | undefined, after: DeviceClaimSpec): FieldChange[] {
  const old = before === undefined ? new Map<string, string>() : fieldsOf(before);
  const next = fieldsOf(after);
  const changes: FieldChange[] = [];
  for (const field of new Set([...old.keys(), ...next.keys()])) {
    const [from, to] = [old.get(field), next.get(field)];
    if (from === to || (field === 'match' && before !== undefined && matchKey(before.match) === matchKey(after.match)))
      continue;
    changes.push({ field, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) });
  }
  return changes;
}

function fieldsOf(spec: DeviceClaimSpec): Map<string, string> {
  const { match, nodeName, labels = {}, taints = [], pair, replaces, reclaimPolicy = 'Retain' } = spec;
  return new Map([
    ['match', describeMatch(match)],
    ...present('nodeName', nodeName),
    ...Object.entries(labels).map(([key, value]) => [`labels.${key}`, value] as const),
    ...taints.map(({ key, value = '', effect }) => [`taints.${key}:${effect}`, value] as const),
    ...present('pair', pair === undefined ? undefined : writePair(pair)),
    ...present('replaces', replaces),
    ...present('reclaimPolicy', reclaimPolicy === 'Retain' ? undefined : reclaimPolicy),
  ]);
}

function present(field: string, value: string | undefined): (readonly [string, string])[] {
  return value === undefined ? [] : [[field, value]];
}
