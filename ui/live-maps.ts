import type { ClaimView, DeviceView, LiveEvent } from '../api/core/schemas.ts';

type DeviceEvent = Extract<LiveEvent, { type: 'snapshot' | 'device' | 'device-removed' }>;
type ClaimEvent = Extract<LiveEvent, { type: 'snapshot' | 'claim' | 'claim-removed' }>;

const DEVICE_EVENTS = new Set<LiveEvent['type']>(['snapshot', 'device', 'device-removed']);
const CLAIM_EVENTS = new Set<LiveEvent['type']>(['snapshot', 'claim', 'claim-removed']);

/** The devices after some events: the map itself when none of them is about a device. */
export function withDevices(
  map: ReadonlyMap<string, DeviceView> | undefined,
  events: readonly LiveEvent[],
): ReadonlyMap<string, DeviceView> | undefined {
  const ofDevices = events.filter((event): event is DeviceEvent => DEVICE_EVENTS.has(event.type));
  if (ofDevices.length === 0) return map;
  let next = new Map(map);
  for (const event of ofDevices) {
    if (event.type === 'snapshot') next = new Map(event.devices.map((device) => [device.id, device]));
    else if (event.type === 'device') next.set(event.device.id, event.device);
    else next.delete(event.id);
  }
  return next;
}

/** The claims after some events: the map itself when none of them is about a claim. */
export function withClaims(
  map: ReadonlyMap<string, ClaimView>,
  events: readonly LiveEvent[],
): ReadonlyMap<string, ClaimView> {
  const ofClaims = events.filter((event): event is ClaimEvent => CLAIM_EVENTS.has(event.type));
  if (ofClaims.length === 0) return map;
  let next = new Map(map);
  for (const event of ofClaims) {
    if (event.type === 'snapshot') next = new Map(event.claims.map((claim) => [claim.name, claim]));
    else if (event.type === 'claim') next.set(event.claim.name, event.claim);
    else next.delete(event.name);
  }
  return next;
}

/** First seen first. */
export function byArrival(a: DeviceView, b: DeviceView): number {
  // Times of RFC 3339 and ids are ASCII: comparing them so is many times faster than by the rules of a language.
  const [left, right] = [a.firstSeen ?? a.since, b.firstSeen ?? b.since];
  return left < right ? -1 : left > right ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
