import type { Kind, KubeObject } from './resources.ts';

/** An Event of events.k8s.io/v1: what Usher writes, and what it reads of those of others. */
export interface KubeEvent extends KubeObject {
  apiVersion: 'events.k8s.io/v1';
  kind: 'Event';
  /** RFC 3339 with microseconds; null in Events that were written as core/v1, for instance by a kubelet. */
  eventTime: string | null;
  reportingController: string;
  reportingInstance: string;
  action?: string;
  reason: string;
  regarding: {
    apiVersion: string;
    kind: string;
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
  };
  note?: string;
  type: string;
  series?: { count: number; lastObservedTime: string };
  deprecatedFirstTimestamp?: string | null;
  deprecatedLastTimestamp?: string | null;
  deprecatedCount?: number;
}

export const EVENT: Kind<KubeEvent> = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** Events about objects without a namespace live here. */
export const EVENTS_NAMESPACE = 'default';

/** When an Event happened last, and how often, however old the API it was written with; undefined when it does not say. */
export function occurrenceOf(event: KubeEvent): { atMs: number; count: number } | undefined {
  const { series, eventTime, deprecatedLastTimestamp, deprecatedFirstTimestamp, metadata } = event;
  const at =
    series?.lastObservedTime ??
    deprecatedLastTimestamp ??
    eventTime ??
    deprecatedFirstTimestamp ??
    metadata.creationTimestamp;
  const atMs = Date.parse(at ?? '');
  if (Number.isNaN(atMs)) return undefined;
  return { atMs, count: series?.count ?? event.deprecatedCount ?? 1 };
}
