import type { Position } from './guard.ts';

/** A message of the site that the guard understands. */
export type SiteMessage =
  | { readonly type: 'level'; readonly unit: string; readonly percent: number; readonly epoch: number }
  | { readonly type: 'valve'; readonly unit: string; readonly position: Position; readonly epoch: number };

export const LEVEL_FILTER = 'site/telemetry/tank-level/+/level';
export const VALVE_FILTER = 'site/state/valve/+';
/** MQTT's limit on a level is longer; no unit's name is. */
const UNIT = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

export function commandTopic(unit: string): string {
  return `site/command/valve/${unit}`;
}

/** Reads a message of {@link LEVEL_FILTER} or {@link VALVE_FILTER}; undefined when it is none of them or has no epoch. */
export function readMessage(topic: string, payload: string, epochText: string | undefined): SiteMessage | undefined {
  const [, group, service, unit = '', last] = topic.split('/');
  const epoch = epochText !== undefined && /^\d{1,15}$/.test(epochText) ? Number(epochText) : undefined;
  const body = objectOf(payload);
  if (epoch === undefined || body === undefined || !UNIT.test(unit)) return undefined;
  if (group === 'telemetry' && service === 'tank-level' && last === 'level') {
    const percent = body['levelPercent'];
    return typeof percent === 'number' ? { type: 'level', unit, percent, epoch } : undefined;
  }
  const position = body['position'];
  if (group !== 'state' || service !== 'valve' || (position !== 'open' && position !== 'closed')) return undefined;
  return { type: 'valve', unit, position, epoch };
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
