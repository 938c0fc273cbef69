import type { DeviceClaim, Node } from '../core/resources.ts';
import { DEVICE_DOMAIN, GRANT_DOMAIN } from '../core/sensor-service/resource-names.ts';
import { WATCHDOG_DOMAIN } from '../core/sensor-service/watchdog.ts';

const DOMAINS = [DEVICE_DOMAIN, GRANT_DOMAIN, WATCHDOG_DOMAIN];

/** What plans of services read of a node; its heartbeats change none of it. */
export function gistOfNode({ metadata, spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const resources = Object.entries(status?.allocatable ?? {}).filter(([name]) =>
    DOMAINS.some((domain) => name.startsWith(`${domain}/`)),
  );
  return JSON.stringify([
    metadata.uid,
    metadata.labels,
    metadata.annotations?.['usher.internal/labels'],
    metadata.deletionTimestamp,
    spec?.taints,
    ready?.status,
    ready?.lastTransitionTime,
    resources.sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

/** What plans of services read of a claim. */
export function gistOfClaim({ metadata, spec, status }: DeviceClaim): string {
  return JSON.stringify([metadata.uid, spec.labels, spec.pair, status?.phase]);
}
