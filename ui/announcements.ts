import type { AlarmView, DeviceView } from '../api/core/schemas.ts';
import { badgeOf, groupOf, nameOf } from './device-groups.ts';

/** What of a device is worth telling when it changes. */
export interface Stand {
  badge: string;
  text: string;
}

/** More than these are told as a number. */
const MAX_TOLD = 3;

/** What has changed since `before` (nothing the first time), and how all stand now. */
export function changesInWords(
  before: ReadonlyMap<string, Stand> | undefined,
  devices: readonly DeviceView[],
): { text: string; stands: ReadonlyMap<string, Stand> } {
  const stands = new Map(devices.map((device) => [device.id, standOf(device)]));
  if (before === undefined) return { text: '', stands };
  const sentences: string[] = [];
  for (const [id, stand] of stands) {
    const known = before.get(id);
    if (known === undefined) sentences.push(`New: ${stand.text}`);
    else if (known.badge !== stand.badge) sentences.push(stand.text);
  }
  const text = sentences.length > MAX_TOLD ? `${String(sentences.length)} devices changed.` : sentences.join(' ');
  return { text, stands };
}

/** The alarms that were not there before, in words. */
export function newAlarms(before: readonly AlarmView[], alarms: readonly AlarmView[]): string {
  const fresh = alarms.filter(({ id }) => before.every((known) => known.id !== id));
  const [first] = fresh;
  if (first === undefined) return '';
  return fresh.length === 1 ? `Alarm: ${first.message}.` : `${String(fresh.length)} new alarms.`;
}

function standOf(device: DeviceView): Stand {
  const badge = badgeOf(device);
  const hint = groupOf(device) === 'claim' ? ', waits for your claim' : '';
  const failure = device.failure === undefined ? '' : `: ${device.failure.message}`;
  return { badge, text: `${nameOf(device)}: ${badge}${hint}${failure}.` };
}
