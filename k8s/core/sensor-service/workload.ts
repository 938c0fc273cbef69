import { type Kind, type KubeObject, MANAGED_BY, type OwnerReference } from '../resources.ts';
import { leaseTermsOf, SERVICE_LABEL } from './lease.ts';
import { containerPathOf, deviceResource, GRANT_SOCKET, grantResource, hash } from './resource-names.ts';
import { commandTtlMs, SENSOR_SERVICE, type SensorService } from './sensor-service.ts';

/** A DaemonSet of apps/v1, as far as the product writes and reads it. */
export interface DaemonSet extends KubeObject {
  apiVersion: 'apps/v1';
  kind: 'DaemonSet';
  spec: {
    selector: { matchLabels: Record<string, string> };
    updateStrategy?: { type: 'OnDelete' | 'RollingUpdate' };
    revisionHistoryLimit?: number;
    template: {
      metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
      spec: Record<string, unknown> & { affinity?: { nodeAffinity?: NodeAffinity } };
    };
  };
}

interface NodeAffinity {
  requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: NodeSelectorTerm[] };
}

interface NodeSelectorTerm {
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
  matchFields?: { key: string; operator: string; values?: string[] }[];
}

export const DAEMON_SET: Kind<DaemonSet> = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  namespaced: true,
};

/** Annotation on a pod: what of its template matters; another value than the service's means that it is outdated. */
export const VERSION_ANNOTATION = 'usher.internal/version';
/** Annotation on the DaemonSet: JSON of the nodes that lost their labels and still run, with the moment (RFC 3339). */
export const LEAVING_ANNOTATION = 'usher.internal/leaving';

/** User and group of every service, the usual "nonroot". */
export const SERVICE_USER = 65_532;
const STOP_SECONDS = 5;
const CONTAINER = 'service';

export interface WorkloadOptions {
  readonly service: SensorService;
  readonly brokerUrl: string;
  /** Nodes on which it runs or goes on running whatever becomes of their labels. */
  readonly keptOn: readonly string[];
  /** Value of {@link LEAVING_ANNOTATION}. */
  readonly leaving?: string | undefined;
}

/** The DaemonSet of a service. */
export function daemonSetOf({ service, brokerUrl, keptOn, leaving }: WorkloadOptions): DaemonSet {
  const { name, namespace = 'default' } = service.metadata;
  const labels = { ...MANAGED_BY, [SERVICE_LABEL]: name };
  const podSpec = podSpecOf(service, brokerUrl);
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: {
      name,
      namespace,
      labels,
      annotations: leaving === undefined ? {} : { [LEAVING_ANNOTATION]: leaving },
      ownerReferences: [ownerOf(service)],
    },
    spec: {
      selector: { matchLabels: { [SERVICE_LABEL]: name } },
      updateStrategy: { type: 'OnDelete' },
      revisionHistoryLimit: 2,
      template: {
        metadata: { labels, annotations: { [VERSION_ANNOTATION]: versionOf(podSpec) } },
        spec: { ...podSpec, affinity: affinityOf(service.spec.nodeSelector, keptOn) },
      },
    },
  };
}

/** The version that a service's pods have to have. */
export function wantedVersion(service: SensorService, brokerUrl: string): string {
  return versionOf(podSpecOf(service, brokerUrl));
}

/** The reference by which what is made for a service goes with it. */
export function ownerOf(service: SensorService): OwnerReference {
  return {
    apiVersion: SENSOR_SERVICE.apiVersion,
    kind: SENSOR_SERVICE.kind,
    name: service.metadata.name,
    uid: service.metadata.uid ?? '',
    controller: true,
  };
}

/** The nodes that a DaemonSet keeps whatever becomes of their labels: {@link WorkloadOptions.keptOn}, read back. */
export function keptNodesOf(daemonSet: DaemonSet | undefined): string[] {
  const required = daemonSet?.spec.template.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (required?.nodeSelectorTerms ?? []).flatMap(({ matchFields = [] }) =>
    matchFields.flatMap(({ values = [] }) => values),
  );
}

function versionOf(podSpec: object): string {
  return hash(JSON.stringify(podSpec));
}

/**
 * Any node with the labels, at once, even while Usher is down; and those it runs on already, by name: the DaemonSet
 * controller would take a pod off the moment its node loses a label, before it runs anywhere else. (A field requirement
 * takes exactly one value.)
 */
function affinityOf(selector: Readonly<Record<string, string>>, keptOn: readonly string[]): object {
  const byLabels: NodeSelectorTerm = {
    matchExpressions: Object.entries(selector)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key, operator: 'In', values: [value] })),
  };
  const byName = [...keptOn]
    .sort()
    .map((node): NodeSelectorTerm => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }));
  const terms = { nodeSelectorTerms: [byLabels, ...byName] };
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
}

/** Everything that makes two pods of a service alike; meets the restricted Pod Security Standard. */
function podSpecOf(service: SensorService, brokerUrl: string): Record<string, unknown> {
  const { container, tolerations = [] } = service.spec;
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: STOP_SECONDS,
    tolerations,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: SERVICE_USER,
      runAsGroup: SERVICE_USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: CONTAINER,
        image: container.image,
        imagePullPolicy: 'IfNotPresent',
        ...(container.command === undefined ? {} : { command: container.command }),
        ...(container.args === undefined ? {} : { args: container.args }),
        env: envOf(service, brokerUrl),
        resources: resourcesOf(service),
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } }],
  };
}

function resourcesOf(service: SensorService): object {
  const { container, devices = [] } = service.spec;
  const { name, namespace = 'default' } = service.metadata;
  const extended = Object.fromEntries(devices.map((rule) => [deviceResource(rule), '1']));
  return {
    ...(container.resources?.requests === undefined ? {} : { requests: container.resources.requests }),
    limits: { ...container.resources?.limits, ...extended, [grantResource(namespace, name)]: '1' },
  };
}

function envOf(service: SensorService, brokerUrl: string): object[] {
  const { spec, metadata } = service;
  const { devices = [], mqtt = {} } = spec;
  const paths = Object.fromEntries(devices.map((rule) => [rule.name, containerPathOf(rule)]));
  const given: Record<string, string> = {
    USHER_SERVICE: metadata.name,
    USHER_NAMESPACE: metadata.namespace ?? 'default',
    USHER_GRANT_SOCKET: GRANT_SOCKET,
    USHER_BROKER_URL: brokerUrl,
    USHER_DEVICES: JSON.stringify(paths),
    USHER_PUBLISH: JSON.stringify(mqtt.publish ?? []),
    USHER_SUBSCRIBE: JSON.stringify(mqtt.subscribe ?? []),
    USHER_COMMAND_TTL_MS: String(commandTtlMs(spec)),
    USHER_STOP_MS: String(leaseTermsOf(spec).stopMs),
  };
  const fields = { USHER_NODE_NAME: 'spec.nodeName', USHER_POD_UID: 'metadata.uid' };
  return [
    ...(spec.container.env ?? []).map(({ name, value = '' }) => ({ name, value })),
    ...Object.entries(given).map(([name, value]) => ({ name, value })),
    ...Object.entries(fields).map(([name, fieldPath]) => ({
      name,
      valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
    })),
  ];
}
