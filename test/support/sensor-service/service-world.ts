import type { Pod } from '../../../k8s/core/pods.ts';
import type { Node } from '../../../k8s/core/resources.ts';
import type { SeenLease, ServiceWorld } from '../../../k8s/core/sensor-service/placement.ts';
import { LABELS_ANNOTATION, labelsNote, labelsOf } from '../../../k8s/core/node-claim.ts';
import {
  CANDIDATES_ANNOTATION,
  leaseLabels,
  leaseNameOf,
  type LeaseSpec,
} from '../../../k8s/core/sensor-service/lease.ts';
import { deviceResource, grantResource } from '../../../k8s/core/sensor-service/resource-names.ts';
import type { SensorService } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { SERVICE_LABEL } from '../../../k8s/core/sensor-service/lease.ts';
import { VERSION_ANNOTATION, wantedVersion } from '../../../k8s/core/sensor-service/workload.ts';
import { NAMESPACE, SENSOR, serviceOf } from './services.ts';

export const BROKER = 'mqtt://10.0.0.1:1883';
export const NOW = Date.parse('2026-01-01T12:00:00Z');
const LONG_AGO = '2026-01-01T00:00:00Z';

/** A node as a claim made it, that has what `service` needs. */
export function nodeFor(
  name: string,
  options: {
    labels?: Record<string, string>;
    pair?: [string, 'Primary' | 'Backup'];
    service?: SensorService;
    ready?: boolean;
  } = {},
): Node {
  const { labels = { machine: 'lathe' }, pair, service = serviceOf('lathe', SENSOR), ready = true } = options;
  const claim = { labels, ...(pair === undefined ? {} : { pair: { name: pair[0], role: pair[1] } }) };
  const resources = [
    grantResource(NAMESPACE, service.metadata.name),
    ...(service.spec.devices ?? []).map(deviceResource),
  ];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { ...labelsOf(claim), 'kubernetes.io/hostname': name },
      annotations: { [LABELS_ANNOTATION]: labelsNote(labelsOf(claim)) },
    },
    status: {
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown', lastTransitionTime: LONG_AGO }],
      allocatable: Object.fromEntries(resources.map((resource) => [resource, '1'])),
    },
  };
}

/** The service's pod on a node, ready since `readySince` unless told otherwise. */
export function podOn(
  node: string,
  options: { service?: SensorService; version?: string; readySince?: string | undefined; status?: Pod['status'] } = {},
): Pod {
  const { service = serviceOf('lathe', SENSOR), readySince = LONG_AGO } = options;
  const { name, namespace = NAMESPACE } = service.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${node}`,
      namespace,
      uid: `uid-${name}-${node}`,
      labels: { [SERVICE_LABEL]: name },
      annotations: { [VERSION_ANNOTATION]: options.version ?? wantedVersion(service, BROKER) },
    },
    spec: { nodeName: node, containers: [{ name: 'service', image: service.spec.container.image }] },
    status: options.status ?? {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: readySince }],
    },
  };
}

/** The lease of a unit, held by `spec.holderIdentity`. */
export function leaseFor(
  unit: string,
  spec: LeaseSpec,
  over: {
    isStale?: boolean;
    isSpent?: boolean;
    wasReleased?: boolean;
    heldSinceMs?: number;
    annotations?: Record<string, string>;
    service?: string;
  } = {},
): SeenLease {
  const service = over.service ?? 'lathe';
  return {
    lease: {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: leaseNameOf(service, unit),
        namespace: NAMESPACE,
        uid: `uid-${service}-${unit}`,
        labels: leaseLabels(service, unit),
        annotations: { [CANDIDATES_ANNOTATION]: '[]', ...over.annotations },
      },
      spec: { leaseTransitions: 1, acquireTime: LONG_AGO, renewTime: LONG_AGO, ...spec },
    },
    isStale: over.isStale ?? false,
    isSpent: over.isSpent ?? over.isStale ?? false,
    wasReleased: over.wasReleased ?? false,
    heldSinceMs: over.heldSinceMs ?? 0,
  };
}

/** A world with these parts; the rest of it is empty. */
export function worldOf(parts: Partial<ServiceWorld>): ServiceWorld {
  const service = serviceOf('lathe', SENSOR);
  service.metadata.uid = 'uid-lathe';
  return {
    service,
    nodes: [],
    claims: [],
    pods: [],
    leases: [],
    goneLeases: [],
    daemonSet: undefined,
    brokerUrl: BROKER,
    nowMs: NOW,
    ...parts,
  };
}
