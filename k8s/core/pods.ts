import type { Kind, KubeObject } from './resources.ts';

/** The part of a Pod that the product looks at. */
export interface Pod extends KubeObject {
  apiVersion: 'v1';
  kind: 'Pod';
  spec?: {
    nodeName?: string;
    affinity?: {
      nodeAffinity?: {
        requiredDuringSchedulingIgnoredDuringExecution?: {
          nodeSelectorTerms?: { matchFields?: { values?: string[] }[] }[];
        };
      };
    };
    terminationGracePeriodSeconds?: number;
    volumes?: (Record<string, unknown> & { name: string })[];
    containers?: PodContainer[];
    initContainers?: PodContainer[];
    ephemeralContainers?: PodContainer[];
    imagePullSecrets?: { name?: string }[];
  };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[];
    containerStatuses?: ContainerStatus[];
  };
}

interface ContainerStatus {
  name?: string;
  ready?: boolean;
  restartCount?: number;
  state?: { waiting?: { reason?: string; message?: string }; running?: object; terminated?: object };
  lastState?: { terminated?: { exitCode?: number; reason?: string } };
}

interface PodContainer {
  name?: string;
  image?: string;
  envFrom?: { secretRef?: { name?: string } }[];
  env?: { valueFrom?: { secretKeyRef?: { name?: string } } }[];
}

export const POD: Kind<Pod> = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

/** `kind/name` of the controller that keeps it, for instance `ReplicaSet/dashboard-5d9c`; undefined for a bare pod. */
export function ownerOf(pod: Pod): string | undefined {
  const owner = controllerOf(pod);
  return owner === undefined ? undefined : `${owner.kind}/${owner.name}`;
}

/** True when a controller starts it elsewhere once it is gone here. */
export function isMovable(pod: Pod): boolean {
  const owner = controllerOf(pod);
  return owner !== undefined && owner.kind !== 'Node' && owner.kind !== 'DaemonSet' && !isMirror(pod);
}

/** True for what a drain takes off a node: all but the node's own (mirror pods, DaemonSets) and what has ended. */
export function isEvictable(pod: Pod): boolean {
  return !isFinished(pod) && !isMirror(pod) && controllerOf(pod)?.kind !== 'DaemonSet';
}

export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Names (in the pod's namespace) of the Secrets that its kubelet reads for it, sorted. */
export function secretsOf({ spec = {} }: Pod): string[] {
  const containers = [spec.containers, spec.initContainers, spec.ephemeralContainers].flatMap((all) => all ?? []);
  const names = [
    ...(spec.imagePullSecrets ?? []).map(({ name }) => name),
    ...containers.flatMap(({ envFrom = [] }) => envFrom.map(({ secretRef }) => secretRef?.name)),
    ...containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name)),
    ...(spec.volumes ?? []).flatMap(secretsOfVolume),
  ];
  return [...new Set(names.flatMap((name) => (name === undefined || name === '' ? [] : [name])))].sort();
}

/** Every volume source names its Secret in one of few ways (core/v1: VolumeSource); a projected one has several sources. */
function secretsOfVolume(volume: Record<string, unknown>): (string | undefined)[] {
  return Object.entries(volume).flatMap(([type, source]) => {
    if (!isMap(source)) return [];
    const sources = source['sources'];
    if (type === 'projected') return Array.isArray(sources) ? sources.map((one) => nameIn(one, 'secret')) : [];
    const { secretName } = source;
    return [text(secretName), nameIn(source, 'secretRef'), nameIn(source, 'nodePublishSecretRef')];
  });
}

function nameIn(value: unknown, key: string): string | undefined {
  const inner = isMap(value) ? value[key] : undefined;
  return isMap(inner) ? text(inner['name']) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[MIRROR_ANNOTATION] !== undefined || controllerOf({ metadata })?.kind === 'Node';
}

function controllerOf({ metadata }: Pick<Pod, 'metadata'>): { kind: string; name: string } | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}
