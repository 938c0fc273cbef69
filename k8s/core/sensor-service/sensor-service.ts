import type { Condition, Kind, KubeObject } from '../resources.ts';

/** An object of the API that runs one service on the nodes that carry certain labels, one active instance per unit. */
export interface SensorService extends KubeObject {
  apiVersion: 'usher.internal/v1alpha1';
  kind: 'SensorService';
  spec: SensorServiceSpec;
  status?: SensorServiceStatus;
}

export const SENSOR_SERVICE: Kind<SensorService> = {
  apiVersion: 'usher.internal/v1alpha1',
  kind: 'SensorService',
  plural: 'sensorservices',
  namespaced: true,
};

/** As the API server stores it, so with the defaults of the CRD; {@link failoverOf} and {@link updateOf} give them elsewhere. */
export interface SensorServiceSpec {
  type: 'Sensor' | 'Actuator';
  container: ServiceContainer;
  /** Labels that a node must all have; at least one. */
  nodeSelector: Record<string, string>;
  tolerations?: ServiceToleration[];
  devices?: DeviceRule[];
  mqtt?: MqttTopics;
  failover?: FailoverPolicy;
  /** There exactly when `type` is Actuator. */
  actuator?: ActuatorPolicy;
  update?: UpdatePolicy;
}

export interface ServiceContainer {
  image: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string }[];
  resources?: ServiceResources;
}

/** Quantities as Kubernetes writes them, by `cpu` and `memory`. */
export interface ServiceResources {
  requests?: Record<string, string>;
  limits?: Record<string, string>;
}

/** As in core/v1. */
export interface ServiceToleration {
  key?: string;
  operator?: 'Exists' | 'Equal';
  value?: string;
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** One device of the node that the container gets. Exactly one of `path` and `usb` is set. */
export interface DeviceRule {
  /** DNS label, unique in its service. */
  name: string;
  /** Absolute, below /dev; or the folder of a 1-Wire sensor in sysfs, in which `*` may stand for its number. */
  path?: string;
  usb?: UsbRule;
  access?: 'ReadWrite' | 'ReadOnly';
  sharing?: 'Exclusive' | 'Shared';
  /** Where the container finds it; {@link containerPathOf} gives the default. */
  containerPath?: string;
}

/** Four lower-case hexadecimal digits each, as lsusb shows them. */
export interface UsbRule {
  vendor: string;
  product: string;
  serial?: string;
}

export interface MqttTopics {
  publish?: PublishRule[];
  subscribe?: SubscribeRule[];
}

export interface PublishRule {
  /** Holds `{unit}` as a whole level; no wildcard. */
  topic: string;
  qos?: 0 | 1 | 2;
  retain?: boolean;
  /** Where it goes in Kafka; a topic without this never leaves the site. */
  leavesSite?: KafkaTarget;
}

export interface KafkaTarget {
  kafkaTopic: string;
  key?: string;
  maxBytes?: number;
  maxRatePerSecond?: number;
}

export interface SubscribeRule {
  filter: string;
  qos?: 0 | 1 | 2;
  /** Where in Kafka it comes from; a filter without this hears only what is said at the site. */
  entersSite?: KafkaSource;
}

export interface KafkaSource {
  kafkaTopic: string;
  maxBytes?: number;
  maxRatePerSecond?: number;
}

export type FailoverMode = 'Lease' | 'ActiveActive';
export type Fencing = 'SelfFence' | 'Watchdog' | 'None';
export type ControlPlaneLoss = 'Safe' | 'HoldLast';
export type Takeover = 'PairOnly' | 'SimilarNode';
export type FailbackPolicy = 'Auto' | 'Manual' | 'Never';

export interface FailoverPolicy {
  mode?: FailoverMode;
  profile?: 'Default' | 'Fast';
  /** The three durations stand together, and then instead of the profile's. */
  leaseDurationSeconds?: number;
  renewDeadlineSeconds?: number;
  retryPeriodSeconds?: number;
  takeover?: Takeover;
  failback?: { policy?: FailbackPolicy; afterSeconds?: number };
  fencing?: Fencing;
  onControlPlaneLoss?: ControlPlaneLoss;
}

export interface ActuatorPolicy {
  hazard: 'Low' | 'High';
  interlockAcknowledged?: boolean;
  /** One sentence for people. */
  safeState: string;
  commandTtlSeconds?: number;
}

export interface UpdatePolicy {
  order?: 'StandbyFirst' | 'AllAtOnce';
  minReadySeconds?: number;
}

// --- status ----------------------------------------------------------------------------------------------------------

export type ServiceConditionType =
  | 'Ready'
  | 'PlacementSatisfied'
  | 'DevicesAvailable'
  | 'FencingEffective'
  /** True while something is being moved or updated. */
  | 'Progressing'
  /** True when it runs, but not as it should: no standby left, for instance. */
  | 'Degraded';

export interface SensorServiceStatus {
  observedGeneration?: number;
  /** Names of its units, for `kubectl get`: `left, right`. */
  unitNames?: string;
  /** `left=pi-a right=pi-c`; `-` where none is active. */
  activeNodes?: string;
  standbyNodes?: string;
  units?: UnitStatus[];
  nodes?: { matched: number; ready: number; withDevices: number };
  conditions?: Condition<ServiceConditionType>[];
}

export interface UnitStatus {
  /** Name of the pair, or of the node where its claim has no pair. */
  name: string;
  /** Who holds the lease now; absent when nobody does. */
  active?: { node: string; epoch: number; since: string };
  /** Who was active last, so that a lease that somebody deleted is not taken for a free one. */
  lastActive?: { node: string; epoch: number };
  standby?: { node: string; ready: boolean }[];
  handovers?: number;
  lastHandover?: {
    time: string;
    from: string;
    to: string;
    /** Expired: the old one went silent. Released: it let go, asked or because its service ended. */
    reason: 'Expired' | 'Released';
  };
  /** Sentences that say why the unit is not as it should be. */
  problems?: string[];
}

// --- defaults --------------------------------------------------------------------------------------------------------

type Complete<T> = { [K in keyof T]-?: NonNullable<T[K]> };

/** A failover policy with nothing left open, but the explicit durations, which go into {@link leaseTermsOf}. */
export type CompleteFailover = Complete<
  Omit<FailoverPolicy, 'failback' | 'leaseDurationSeconds' | 'renewDeadlineSeconds' | 'retryPeriodSeconds'>
> & { failback: { policy: FailbackPolicy; afterSeconds: number } };

export const DEFAULT_COMMAND_TTL_SECONDS = 10;
export const DEFAULT_MIN_READY_SECONDS = 5;
export const DEFAULT_FAILBACK_SECONDS = 300;

/** The failover policy with the defaults of the CRD: actuators stay where they are, sensors too unless asked. */
export function failoverOf({ failover = {} }: Pick<SensorServiceSpec, 'failover'>): CompleteFailover {
  return {
    mode: failover.mode ?? 'Lease',
    profile: failover.profile ?? 'Default',
    takeover: failover.takeover ?? 'PairOnly',
    failback: {
      policy: failover.failback?.policy ?? 'Manual',
      afterSeconds: failover.failback?.afterSeconds ?? DEFAULT_FAILBACK_SECONDS,
    },
    fencing: failover.fencing ?? 'SelfFence',
    onControlPlaneLoss: failover.onControlPlaneLoss ?? 'Safe',
  };
}

/** The update policy with the defaults of the CRD. */
export function updateOf({ update = {} }: Pick<SensorServiceSpec, 'update'>): Complete<UpdatePolicy> {
  return {
    order: update.order ?? 'StandbyFirst',
    minReadySeconds: update.minReadySeconds ?? DEFAULT_MIN_READY_SECONDS,
  };
}

/** How old a command may be when it is carried out, ms. */
export function commandTtlMs({ actuator }: Pick<SensorServiceSpec, 'actuator'>): number {
  return (actuator?.commandTtlSeconds ?? DEFAULT_COMMAND_TTL_SECONDS) * 1000;
}

/** A service by namespace and name: `usher-services/lathe`, the key of maps and queues. */
export function serviceKey({ namespace = 'default', name }: { namespace?: string; name: string }): string {
  return `${namespace}/${name}`;
}
