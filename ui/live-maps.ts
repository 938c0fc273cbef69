import type { ClaimView, DeviceView, LiveEvent } from '../api/core/schemas.ts';

type DeviceEvent = Extract<LiveEvent, { type: 'snapshot' | 'device' | 'device-removed' }>;
type ClaimEvent = Extract<LiveEvent, { type: 'snapshot' | 'claim' | 'claim-removed' }>;

/** The devices after an event. */
export function withDevice(map: ReadonlyMap<string, DeviceView>, event: DeviceEvent): ReadonlyMap<string, DeviceView> {
  if (event.type === 'snapshot') return new Map(event.devices.map((device) => [device.id, device]));
  const next = new Map(map);
  if (event.type === 'device') next.set(event.device.id, event.device);
  else next.delete(event.id);
  return next;
}

/** The claims after an event. */
export function withClaim(map: ReadonlyMap<string, ClaimView>, event: ClaimEvent): ReadonlyMap<string, ClaimView> {
  if (event.type === 'snapshot') return new Map(event.claims.map((claim) => [claim.name, claim]));
  const next = new Map(map);
  if (event.type === 'claim') next.set(event.claim.name, event.claim);
  else next.delete(event.name);
  return next;
}

/** First seen first. */
export function byArrival(a: DeviceView, b: DeviceView): number {
  return (a.firstSeen ?? a.since).localeCompare(b.firstSeen ?? b.since) || a.id.localeCompare(b.id);
}
