import { isFinished, type Pod } from '../pods.ts';
import type { Node } from '../resources.ts';
import { deviceResource, deviceText, grantResource } from './resource-names.ts';
import type { SensorService } from './sensor-service.ts';
import { hinderingTaint, isNodeReady } from './units.ts';
import { VERSION_ANNOTATION } from './workload.ts';

/** Why a service does not run on a node, or not as it should. */
export interface Problem {
  readonly reason:
    | 'NodeNotReady'
    | 'NodeTainted'
    | 'NodeAgentMissing'
    | 'DeviceMissing'
    | 'DeviceTaken'
    | 'ImageMissing'
    | 'Crashing'
    | 'NotStarted'
    | 'Starting';
  readonly node: string;
  /** One sentence. */
  readonly message: string;
}

/** What runs of a service on one node. */
export interface Instance {
  readonly node: Node;
  /** The pod that runs or is to run; one that ends only when there is no other. */
  readonly pod: Pod | undefined;
  readonly isReady: boolean;
  /** Since when its container is ready; undefined when it is not. */
  readonly readySinceMs: number | undefined;
  readonly isOutdated: boolean;
  /** Why it is not ready; of one that is, only that it lost a device. */
  readonly problem: Problem | undefined;
}

const IMAGE_REASONS = [
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
];

/** What there is of the service on `node`, with the first thing that keeps it from running. */
export function instanceOn(
  node: Node,
  { service, pods, version }: { service: SensorService; pods: readonly Pod[]; version: string },
): Instance {
  const here = pods.filter((pod) => pod.spec?.nodeName === node.metadata.name || targetOf(pod) === node.metadata.name);
  const pod = here.find((one) => !isEnding(one)) ?? here[0];
  const ready = pod === undefined || isEnding(pod) ? undefined : readyCondition(pod);
  const isReady = ready !== undefined && isNodeReady(node);
  const isOutdated = pod !== undefined && !isEnding(pod) && pod.metadata.annotations?.[VERSION_ANNOTATION] !== version;
  return {
    node,
    pod,
    isReady,
    readySinceMs: isReady ? Date.parse(ready.lastTransitionTime ?? '') || 0 : undefined,
    isOutdated,
    problem: isReady ? lostDevice(node, service) : problemOn(node, pod, service),
  };
}

/** Whether the node is known to lack a device of the service, whatever the program on it does. */
export function hasLostDevice(node: Node, service: SensorService): boolean {
  return lostDevice(node, service) !== undefined;
}

/** A program that stands by need not notice that its device is gone. A kubelet that starts anew counts nothing at first. */
function lostDevice(node: Node, service: SensorService): Problem | undefined {
  const { name, namespace = 'default' } = service.metadata;
  const problem = has(node, grantResource(namespace, name)) ? deviceProblem(node, service) : undefined;
  return problem?.reason === 'DeviceMissing' ? problem : undefined;
}

/** Whether a unit could be handed over to it: it is ready, and its devices are there. */
export function isFit(instance: Instance | undefined): instance is Instance {
  return instance?.isReady === true && instance.problem === undefined;
}

/** The devices of the service that the node does not have, as people call them. */
export function missingDevices(node: Node, service: SensorService): string[] {
  return (service.spec.devices ?? []).filter((rule) => !has(node, deviceResource(rule))).map(deviceText);
}

/** Pods of DaemonSets are bound by the scheduler; until then their affinity names the node. */
function targetOf(pod: Pod): string | undefined {
  const affinity = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return affinity?.nodeSelectorTerms?.flatMap(({ matchFields = [] }) => matchFields)[0]?.values?.[0];
}

/** True for a pod that is on its way out. */
export function isEnding(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined || isFinished(pod);
}

function problemOn(node: Node, pod: Pod | undefined, service: SensorService): Problem {
  const { name } = node.metadata;
  const { tolerations = [] } = service.spec;
  if (!isNodeReady(node)) return { reason: 'NodeNotReady', node: name, message: `node ${name} is not ready` };
  const taint = hinderingTaint(node, tolerations);
  if (taint !== undefined) {
    const text = `${taint.key}${taint.value === undefined ? '' : `=${taint.value}`}:${taint.effect}`;
    const message = `node ${name} has the taint ${text}: write it into spec.tolerations, or take it off the node's claim`;
    return { reason: 'NodeTainted', node: name, message };
  }
  // A pod that was bound had all it asked for; a device that was unplugged meanwhile is still the likeliest reason.
  const isBound = pod?.spec?.nodeName !== undefined;
  const missing = isBound ? deviceProblem(node, service) : missingOn(node, service);
  if (missing !== undefined) return missing;
  return podProblem(name, pod, service);
}

function missingOn(node: Node, service: SensorService): Problem | undefined {
  const { name } = node.metadata;
  const { metadata } = service;
  if (!has(node, grantResource(metadata.namespace ?? 'default', metadata.name))) {
    const message = `usher-node does not offer this service on node ${name} yet: see its pods in usher-system`;
    return { reason: 'NodeAgentMissing', node: name, message };
  }
  return deviceProblem(node, service);
}

function deviceProblem(node: Node, service: SensorService): Problem | undefined {
  const { name } = node.metadata;
  const missing = missingDevices(node, service);
  if (missing.length === 0) return undefined;
  const unheard = (service.spec.devices ?? []).filter((rule) => !isCounted(node, deviceResource(rule)));
  if (unheard.length > 0) {
    const message = `usher-node has not said yet whether node ${name} has ${unheard.map(deviceText).join(' and ')}`;
    return { reason: 'NodeAgentMissing', node: name, message };
  }
  return {
    reason: 'DeviceMissing',
    node: name,
    message: `node ${name} has no ${missing.join(' and no ')}: plug it in`,
  };
}

function podProblem(node: string, pod: Pod | undefined, service: SensorService): Problem {
  const { spec, metadata } = service;
  if (pod === undefined) return { reason: 'NotStarted', node, message: `it is not started on node ${node} yet` };
  const { conditions = [], containerStatuses = [], reason: failed, message: why = '' } = pod.status ?? {};
  const unscheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  if (pod.spec?.nodeName === undefined && /Insufficient (devices|grants)\./.test(unscheduled?.message ?? '')) {
    return takenProblem(node, unscheduled?.message ?? '', service);
  }
  const [status] = containerStatuses;
  const waiting = status?.state?.waiting;
  if (waiting?.reason !== undefined && IMAGE_REASONS.includes(waiting.reason)) {
    const message = `node ${node} cannot get the image ${spec.container.image}: bring it to the site with usher oci load`;
    return { reason: 'ImageMissing', node, message };
  }
  if ((status?.restartCount ?? 0) > 0 && status?.ready !== true) {
    const code = status?.lastState?.terminated?.exitCode;
    const logs = `usher kubectl logs -n ${metadata.namespace ?? 'default'} ${pod.metadata.name} --previous`;
    const message = `its program ends on node ${node}${code === undefined ? '' : ` with code ${String(code)}`}: ${logs}`;
    return { reason: 'Crashing', node, message };
  }
  const detail = failed === undefined ? (waiting?.message ?? unscheduled?.message) : `${failed} ${why}`.trim();
  const text = detail === undefined || detail === '' ? '' : ` (${detail.slice(0, 300)})`;
  return { reason: 'Starting', node, message: `it is starting on node ${node}${text}` };
}

/**
 * The node offers everything now, and yet the scheduler found too little. What it found is free, not offered: another pod
 * has it, or the scheduler looked before it was offered. Only a device that others can have is told to be taken.
 */
function takenProblem(node: string, found: string, { spec, metadata }: SensorService): Problem {
  const short = (resource: string): boolean => found.includes(`Insufficient ${resource}`);
  const devices = (spec.devices ?? []).filter((rule) => short(deviceResource(rule)));
  if (devices.length > 0) {
    const names = devices.map(deviceText).join(', ');
    const message = `node ${node} has no ${names} left to give: another pod has it, or it was plugged in just now`;
    return { reason: 'DeviceTaken', node, message };
  }
  const grant = grantResource(metadata.namespace ?? 'default', metadata.name);
  const message = short(grant)
    ? `it is starting on node ${node}: the pod before it has not ended, or usher-node offers the service only now`
    : `it is starting on node ${node} (${found.slice(0, 300)})`;
  return { reason: 'Starting', node, message };
}

/** The kubelet counts a resource from the moment on at which it is first offered, also when there is none: then as 0. */
function isCounted(node: Node, resource: string): boolean {
  return node.status?.allocatable?.[resource] !== undefined;
}

function has(node: Node, resource: string): boolean {
  const quantity = node.status?.allocatable?.[resource];
  return quantity !== undefined && quantity !== '0';
}

function readyCondition(pod: Pod): { lastTransitionTime?: string } | undefined {
  return pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
}
