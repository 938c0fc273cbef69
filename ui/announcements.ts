import type { AlarmView, DeviceView } from '../api/core/schemas.ts';
import type { Messages } from './messages/en.ts';
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
  m: Messages,
): { text: string; stands: ReadonlyMap<string, Stand> } {
  const stands = new Map(devices.map((device) => [device.id, standOf(device, m)]));
  if (before === undefined) return { text: '', stands };
  const sentences: string[] = [];
  for (const [id, stand] of stands) {
    const known = before.get(id);
    if (known === undefined) sentences.push(m.told.isNew(stand.text));
    else if (known.badge !== stand.badge) sentences.push(stand.text);
  }
  const text = sentences.length > MAX_TOLD ? m.told.many(sentences.length) : sentences.join(' ');
  return { text, stands };
}

/** The alarms that were not there before, in words. */
export function newAlarms(before: readonly AlarmView[], alarms: readonly AlarmView[], m: Messages): string {
  const fresh = alarms.filter(({ id }) => before.every((known) => known.id !== id));
  const [first] = fresh;
  if (first === undefined) return '';
  return fresh.length === 1
    ? m.told.alarm(m.server(first.message, first.code) ?? first.message)
    : m.told.alarms(fresh.length);
}

function standOf(device: DeviceView, m: Messages): Stand {
  const badge = badgeOf(device, m);
  const hint = groupOf(device) === 'claim' ? m.told.waitsForYou : '';
  const { failure } = device;
  const why = failure === undefined ? '' : `: ${m.server(failure.message, failure.code) ?? failure.message}`;
  return { badge, text: `${m.told.stand(nameOf(device, m), badge)}${hint}${why}.` };
}
