import type { ErrorCode } from '../../foundation/error-catalogue.ts';

/** The part of Kubernetes' ObjectMeta that the product reads or writes. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  /** Who set which field; left out of the informers' caches. */
  managedFields?: unknown;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
}

/** Any Kubernetes object. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** What tells one kind of object from another, and where it lives in the API. */
export interface Kind<T extends KubeObject> {
  readonly apiVersion: T['apiVersion'];
  readonly kind: T['kind'];
  readonly plural: string;
  readonly namespaced: boolean;
}

/** A standard condition (meta/v1). */
export interface Condition<Type extends string = string> {
  type: Type;
  status: 'True' | 'False' | 'Unknown';
  /** CamelCase, for programs. */
  reason: string;
  /** One sentence, for people. */
  message: string;
  observedGeneration?: number;
  lastTransitionTime: string;
}

export interface Taint {
  key: string;
  value?: string;
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

export interface ObjectRef {
  name: string;
  uid: string;
}

// --- Device ----------------------------------------------------------------------------------------------------------

/** What ties a device to this site. `None`: made by an operator's decision about a device that showed nothing. */
export type EvidenceKind = 'CardToken' | 'BatchToken' | 'ClaimCode' | 'Key' | 'None';
export type Decision = 'Undecided' | 'Rejected' | 'Ignored' | 'Revoked';

export interface DeviceEvidence {
  kind: EvidenceKind;
  /** Public part of the enrol token, for token evidence. */
  tokenId?: string;
  verifiedAt?: string;
  /** RFC 3339; when its token was revoked before the device had joined: it ties the device to nothing any more. */
  withdrawnAt?: string;
  /** Hash of the claim code that the device proved: no other device ever enters by that code again. */
  codeFingerprint?: string;
}

export interface DeviceSpec {
  /** PEM of the P-256 public key; its hash is the device's name. */
  publicKey: string;
  evidence: DeviceEvidence;
  decision: Decision;
}

export interface DeviceHardware {
  model?: string;
  serial?: string;
  revision?: string;
  duid?: string;
  macs: string[];
  memoryMiB?: number;
  arch?: string;
  hostname?: string;
  power?: { undervoltage?: boolean | undefined; throttled?: boolean | undefined };
  card?: {
    worn?: boolean | undefined;
    /** Rounded down to a power of ten. */
    errors?: number | undefined;
    readOnly?: boolean | undefined;
    nearlyFull?: boolean | undefined;
  };
  devices?: string[];
  /** Those of the device files that hang on USB. */
  usb?: UsbDeviceFile[] | undefined;
}

/** Serial and name are as their maker wrote them, or whoever built the thing. */
export interface UsbDeviceFile {
  path: string;
  vendor: string;
  product: string;
  serial?: string | undefined;
  name?: string | undefined;
}

/** States of the join chart, by name as they are persisted (design: the join machine). */
export const JOIN_STATES = [
  'pending',
  'approved',
  'ticketing',
  'joining',
  'labelling',
  'ready',
  'failed',
  'quarantined',
  'rejected',
  'ignored',
  'revoked',
  'replaced',
] as const;
export type JoinState = (typeof JOIN_STATES)[number];

/** What people read of the join state. */
export const DEVICE_PHASES = [
  'Pending',
  'Approved',
  'Joining',
  'Ready',
  'Failed',
  'Quarantined',
  'Rejected',
  'Ignored',
  'Revoked',
  'Replaced',
] as const;
export type DevicePhase = (typeof DEVICE_PHASES)[number];

/** The persisted join machine. `state` is a plain string: an unknown one is a migration, never a crash. */
export interface PersistedJoin {
  schema: 1;
  state: string;
  /** RFC 3339; when the state's time limit is reached. */
  deadline?: string;
  /** Tickets asked for since the device was approved. */
  attempt: number;
  /** Set from the first ticket on. */
  nodeName?: string;
  /** Public id of the bootstrap token that is out, if one is. */
  ticketId?: string;
  /** RFC 3339; when the last ticket was asked for, as long as no Node came with it. */
  ticketedAt?: string;
  /** RFC 3339; when a Node of the device was seen first. */
  joinedAt?: string;
  /** RFC 3339; when the present state was entered. */
  since: string;
  /** Moments (RFC 3339) of the failures of the last day, newest last, at most 5. */
  failures?: string[];
}

export interface DeviceFailure {
  code: ErrorCode;
  message: string;
  remedy: string;
  since: string;
  retryAt?: string;
}

export type DeviceConditionType =
  | 'EvidenceVerified'
  | 'Claimed'
  | 'Ticketed'
  | 'NodeReady'
  | 'Labelled'
  | 'Ready'
  /** There only once the device told of something that is wrong with its hardware. */
  | 'HardwareHealthy';

export interface DeviceStatus {
  phase?: DevicePhase;
  hardware?: DeviceHardware;
  /** The other board on which its key came back, until an operator has judged that. */
  otherHardware?: DeviceHardware;
  claimRef?: ObjectRef;
  nodeRef?: ObjectRef;
  join?: PersistedJoin;
  failure?: DeviceFailure;
  conditions?: Condition<DeviceConditionType>[];
}

export interface Device extends KubeObject {
  apiVersion: 'usher.internal/v1alpha1';
  kind: 'Device';
  spec: DeviceSpec;
  status?: DeviceStatus;
}

// --- DeviceClaim -----------------------------------------------------------------------------------------------------

/** Exactly one key is set. */
export interface ClaimMatch {
  device?: string;
  serial?: string;
  mac?: string;
  duid?: string;
  keyFingerprint?: string;
}

export interface ClaimPair {
  name: string;
  role: 'Primary' | 'Backup';
}

export interface DeviceClaimSpec {
  match: ClaimMatch;
  /** Defaults to the claim's name; immutable once set. */
  nodeName?: string;
  labels?: Record<string, string>;
  taints?: Taint[];
  pair?: ClaimPair;
  /** Id of the device whose place the matched one takes: the operator's word that a board was flashed anew or swapped. */
  replaces?: string;
  reclaimPolicy?: 'Retain' | 'Release';
}

export type ClaimPhase = 'Waiting' | 'Bound' | 'Joined' | 'Conflict';
export type ClaimConditionType = 'Bound' | 'Joined' | 'Ready';

export interface DeviceClaimStatus {
  phase?: ClaimPhase;
  deviceRef?: ObjectRef;
  nodeRef?: ObjectRef;
  conditions?: Condition<ClaimConditionType>[];
}

export interface DeviceClaim extends KubeObject {
  apiVersion: 'usher.internal/v1alpha1';
  kind: 'DeviceClaim';
  spec: DeviceClaimSpec;
  status?: DeviceClaimStatus;
}

// --- Kubernetes' own kinds, as far as the product looks at them ------------------------------------------------------

export interface Node extends KubeObject {
  apiVersion: 'v1';
  kind: 'Node';
  spec?: { taints?: Taint[]; unschedulable?: boolean };
  status?: {
    conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[];
    /** Quantities by resource, extended ones too. */
    allocatable?: Record<string, string>;
    addresses?: { type: string; address: string }[];
    nodeInfo?: { machineID?: string; kubeletVersion?: string; architecture?: string };
    images?: { names?: string[] | null }[];
  };
}

export interface KubeSecret extends KubeObject {
  apiVersion: 'v1';
  kind: 'Secret';
  type?: string;
  immutable?: boolean;
  /** Base64. */
  data?: Record<string, string>;
}

export interface ConfigMap extends KubeObject {
  apiVersion: 'v1';
  kind: 'ConfigMap';
  data?: Record<string, string>;
}

export const DEVICE: Kind<Device> = {
  apiVersion: 'usher.internal/v1alpha1',
  kind: 'Device',
  plural: 'devices',
  namespaced: false,
};
export const DEVICE_CLAIM: Kind<DeviceClaim> = {
  apiVersion: 'usher.internal/v1alpha1',
  kind: 'DeviceClaim',
  plural: 'deviceclaims',
  namespaced: false,
};
export const NODE: Kind<Node> = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
export const SECRET: Kind<KubeSecret> = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true };
export const CONFIG_MAP: Kind<ConfigMap> = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

/** The namespace of the product's own Secrets and ConfigMaps. */
export const USHER_NAMESPACE = 'usher-system';
/** ConfigMap in {@link USHER_NAMESPACE} whose keys are the node names that may be created (VAP usher-approved-nodes). */
export const APPROVED_NODES = 'approved-nodes';
/** Label on every object that Usher makes, so that its own leftovers can be found. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'usher' } as const;
/**
 * Annotation on a Device: an operator asks to end a failed wait at once. Its value is the moment of the request (RFC
 * 3339); it counts when it is later than the device entered its present state.
 */
export const RETRY_ANNOTATION = 'usher.internal/retry';
/** Field manager of Usher's server-side applies of labels and taints on Nodes. */
export const FIELD_MANAGER = 'usher';

/** True when the object carries the label of what Usher makes. */
export function isManagedByUsher(object: KubeObject): boolean {
  return Object.entries(MANAGED_BY).every(([key, value]) => object.metadata.labels?.[key] === value);
}
