import { UsherError } from '../../foundation/errors.ts';
import { setCondition } from '../../k8s/core/conditions.ts';
import type {
  Condition,
  Device,
  DeviceConditionType,
  DeviceFailure,
  DeviceHardware,
  DevicePhase,
  DeviceStatus,
  JoinState,
  ObjectRef,
  PersistedJoin,
} from '../../k8s/core/resources.ts';
import type { EnrolState } from '../protocol/messages.ts';
import type { DeviceBinding } from './binding.ts';
import { isVerified } from './evidence.ts';
import { failureOf, knownState, type FailureChange } from './step.ts';

/** All that a device's status is derived from. */
export interface StatusSource {
  readonly device: Device;
  readonly join: PersistedJoin;
  readonly failure: FailureChange;
  readonly binding: DeviceBinding;
  /** Name and uid of the bound claim. */
  readonly claimRef: ObjectRef | undefined;
  readonly node: { readonly ref: ObjectRef; readonly ready: boolean; readonly labelled: boolean } | undefined;
  readonly hardware: DeviceHardware | undefined;
}

const PHASES: Readonly<Record<JoinState, DevicePhase>> = {
  pending: 'Pending',
  approved: 'Approved',
  ticketing: 'Joining',
  joining: 'Joining',
  labelling: 'Joining',
  ready: 'Ready',
  failed: 'Failed',
  quarantined: 'Quarantined',
  rejected: 'Rejected',
  ignored: 'Ignored',
  revoked: 'Revoked',
};
const ENROL_STATES: Readonly<Record<JoinState, EnrolState>> = {
  pending: 'verified',
  approved: 'approved',
  // Asking again for a ticket that is out gives the same one, so a device that lost the reply may do so.
  ticketing: 'approved',
  joining: 'approved',
  labelling: 'joined',
  ready: 'joined',
  failed: 'held',
  quarantined: 'held',
  rejected: 'rejected',
  ignored: 'held',
  revoked: 'revoked',
};
/** States in which a Node may go on existing: also one that was turned away while it was quarantined keeps it. */
const HAS_NODE: ReadonlySet<JoinState> = new Set([
  'labelling',
  'ready',
  'quarantined',
  'rejected',
  'ignored',
  'revoked',
]);
/** Failures that say what keeps claim and device apart; they go when the cause goes. */
const BINDING_CODES = [
  'CLAIM_CONFLICT',
  'SERIAL_CONFLICT',
  'NODE_NAME_TAKEN',
  'REPLACEMENT_OFFERED',
  'DEVICE_HAS_NODE',
] as const;

/** The phase people see. */
function phaseOf(join: PersistedJoin): DevicePhase {
  return PHASES[knownState(join) ?? 'pending'];
}

/** What the device itself is told. */
export function enrolStateOf({ spec, status }: Pick<Device, 'spec' | 'status'>): EnrolState {
  const state = (status?.join === undefined ? undefined : knownState(status.join)) ?? 'pending';
  return state === 'pending' && !isVerified(spec.evidence) ? 'pending' : ENROL_STATES[state];
}

/** The whole status of a device, from scratch; only what it says of time is carried over from the present one. */
export function deriveStatus(source: StatusSource, nowMs: number): DeviceStatus {
  const { device, join, claimRef, node, hardware } = source;
  const state = knownState(join) ?? 'pending';
  const failure = failureNow(source, state, nowMs);
  const { generation } = device.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  let { conditions } = device.status ?? {};
  for (const said of conditionsOf(source, state))
    conditions = setCondition(conditions, { ...said, ...observed }, nowMs);
  return {
    phase: phaseOf(join),
    ...(hardware === undefined ? {} : { hardware }),
    ...(claimRef === undefined ? {} : { claimRef }),
    ...(node === undefined || !HAS_NODE.has(state) ? {} : { nodeRef: node.ref }),
    join,
    ...(failure === undefined ? {} : { failure }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

function failureNow(source: StatusSource, state: JoinState, nowMs: number): DeviceFailure | undefined {
  const { failure, binding, device } = source;
  if (failure.is === 'shown') return failure.failure;
  const shown = failure.is === 'cleared' ? undefined : device.status?.failure;
  if (binding.is === 'held' && state === 'pending') {
    const held = failureOf(binding.problem, nowMs);
    return shown?.code === held.code && shown.message === held.message ? shown : held;
  }
  const isOver = shown !== undefined && BINDING_CODES.some((code) => code === shown.code);
  return isOver ? undefined : shown;
}

type Said = Pick<Condition<DeviceConditionType>, 'type' | 'status' | 'reason' | 'message'>;

function conditionsOf(source: StatusSource, state: JoinState): Said[] {
  const said = [evidenceVerified(source), claimed(source, state), ticketed(source, state), ...ofNode(source)];
  const isReady = state === 'ready' && source.node?.ready === true;
  const open = said.find(({ status }) => status !== 'True');
  return [
    ...said,
    isReady
      ? say('Ready', true, 'Joined', 'The node is Ready and carries what its claim says.')
      : say('Ready', false, open?.reason ?? 'Joining', open?.message ?? 'The join is not complete yet.'),
  ];
}

function say(type: DeviceConditionType, isTrue: boolean, reason: string, message: string): Said {
  return { type, status: isTrue ? 'True' : 'False', reason, message };
}

function evidenceVerified({ device: { spec } }: StatusSource): Said {
  return isVerified(spec.evidence)
    ? say('EvidenceVerified', true, spec.evidence.kind, 'The device has shown that it belongs to this site.')
    : say('EvidenceVerified', false, 'NoEvidence', 'The device has shown nothing that ties it to this site.');
}

function claimed({ binding, node }: StatusSource, state: JoinState): Said {
  if (binding.is === 'bound') return say('Claimed', true, 'Bound', `Claim ${binding.claim} is bound to the device.`);
  if (binding.is === 'held') {
    return say('Claimed', false, camelCase(binding.problem.code), failureOf(binding.problem, 0).message);
  }
  return node !== undefined && HAS_NODE.has(state)
    ? say('Claimed', false, 'NodeRetained', `The claim was deleted; node ${node.ref.name} is kept and goes on running.`)
    : say('Claimed', false, 'NoClaim', 'No claim matches the device.');
}

function ticketed({ join: { nodeName = '' } }: StatusSource, state: JoinState): Said {
  switch (state) {
    case 'joining':
      return say('Ticketed', true, 'TicketOut', `The ticket for node ${nodeName} is out.`);
    case 'labelling':
    case 'ready':
      return say('Ticketed', true, 'TicketUsed', `The ticket for node ${nodeName} was used and is burnt.`);
    case 'ticketing':
      return say('Ticketed', false, 'TicketBeingMade', 'The ticket is being made.');
    case 'failed':
      return say('Ticketed', false, 'TicketBurnt', 'The last ticket is burnt.');
    case 'pending':
    case 'approved':
    case 'quarantined':
    case 'rejected':
    case 'ignored':
    case 'revoked':
      return say('Ticketed', false, 'NoTicket', 'The device has no ticket.');
  }
}

function ofNode({ node }: StatusSource): Said[] {
  if (node === undefined) {
    return [
      say('NodeReady', false, 'NoNode', 'The node does not exist.'),
      say('Labelled', false, 'NoNode', 'The node does not exist.'),
    ];
  }
  const { name } = node.ref;
  return [
    node.ready
      ? say('NodeReady', true, 'NodeReady', `Node ${name} is Ready.`)
      : say('NodeReady', false, 'NodeNotReady', `Node ${name} is not Ready.`),
    node.labelled
      ? say('Labelled', true, 'LabelsSet', `Node ${name} has the labels, taints and pair of its claim.`)
      : say('Labelled', false, 'LabelsMissing', `Node ${name} lacks labels, taints or pair of its claim.`),
  ];
}

/** `NODE_NAME_TAKEN` as a condition's reason: `NodeNameTaken`. */
export function camelCase(code: string): string {
  return code.toLowerCase().replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The refusal of a request for a ticket in a state that has none to give. */
export function refusalOf(state: JoinState, failure: DeviceFailure | undefined): UsherError {
  switch (state) {
    case 'rejected':
      return new UsherError('DEVICE_REJECTED');
    case 'revoked':
      return new UsherError('DEVICE_REVOKED');
    case 'failed':
    case 'quarantined':
      return new UsherError('TICKET_FAILED', {
        detail: failure?.message ?? 'an operator must look at the device first',
      });
    case 'pending':
    case 'approved':
    case 'ticketing':
    case 'joining':
    case 'labelling':
    case 'ready':
    case 'ignored':
      return new UsherError('NOT_APPROVED');
  }
}
