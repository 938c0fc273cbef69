import { UsherError, type ErrorBody } from '../../foundation/errors.ts';
import { setCondition } from '../../k8s/core/conditions.ts';
import type {
  Condition,
  Device,
  DeviceConditionType,
  DeviceEvidence,
  DeviceFailure,
  DeviceHardware,
  DevicePhase,
  DeviceStatus,
  JoinState,
  ObjectRef,
  PersistedJoin,
} from '../../k8s/core/resources.ts';
import { healthWarnings } from '../protocol/health.ts';
import type { EnrolState } from '../protocol/messages.ts';
import type { ShownError } from './actions.ts';
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
  readonly node:
    | { readonly ref: ObjectRef; readonly ready: boolean; readonly labelled: boolean; readonly kept: boolean }
    | undefined;
  readonly hardware: DeviceHardware | undefined;
  /** The board that its quarantine is about. */
  readonly otherHardware: DeviceHardware | undefined;
  /** Pods that are leaving its node, which is being drained. */
  readonly podsLeaving: number | undefined;
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
  replaced: 'Replaced',
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
  // Like a revoked one it is not to join again, and it is told why.
  replaced: 'revoked',
};
/** States in which a Node may go on existing: also one that was turned away while it was quarantined keeps it. */
const HAS_NODE: ReadonlySet<JoinState> = new Set([
  'labelling',
  'ready',
  'quarantined',
  'rejected',
  'ignored',
  'revoked',
  'replaced',
]);
/** Failures that say what keeps claim and device apart; they go when the cause goes. */
const BINDING_CODES = [
  'CLAIM_CONFLICT',
  'SERIAL_CONFLICT',
  'NODE_NAME_TAKEN',
  'REPLACEMENT_OFFERED',
  'TOKEN_REVOKED',
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
  const { device, join, claimRef, node, hardware, otherHardware } = source;
  const state = knownState(join) ?? 'pending';
  const failure = failureNow(source, state, nowMs);
  const { generation } = device.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  let { conditions } = device.status ?? {};
  for (const said of [...conditionsOf(source, state), ...hardwareHealthy(source)])
    conditions = setCondition(conditions, { ...said, ...observed }, nowMs);
  return {
    phase: phaseOf(join),
    ...(hardware === undefined ? {} : { hardware }),
    ...(otherHardware === undefined || state !== 'quarantined' || failure?.code !== 'HARDWARE_CHANGED'
      ? {}
      : { otherHardware }),
    ...(claimRef === undefined ? {} : { claimRef }),
    ...(node?.kept !== true || !HAS_NODE.has(state) ? {} : { nodeRef: node.ref }),
    join,
    ...(failure === undefined ? {} : { failure }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

function failureNow(source: StatusSource, state: JoinState, nowMs: number): DeviceFailure | undefined {
  const { failure, binding, device } = source;
  if (failure.is === 'shown') return failure.failure;
  const shown = failure.is === 'cleared' ? undefined : device.status?.failure;
  const problem = state === 'pending' ? (withdrawal(device.spec.evidence) ?? heldBy(binding)) : undefined;
  if (problem !== undefined) {
    const held = failureOf(problem, nowMs);
    return shown?.code === held.code && shown.message === held.message ? shown : held;
  }
  const isOver = shown !== undefined && BINDING_CODES.some((code) => code === shown.code);
  return isOver ? undefined : shown;
}

function heldBy(binding: DeviceBinding): ShownError | undefined {
  return binding.is === 'held' ? binding.problem : undefined;
}

/** Why evidence that was accepted once counts no more. */
function withdrawal({ withdrawnAt, tokenId = '' }: DeviceEvidence): ShownError | undefined {
  return withdrawnAt === undefined ? undefined : { code: 'TOKEN_REVOKED', params: { tokenId } };
}

type Said = Pick<Condition<DeviceConditionType>, 'type' | 'status' | 'reason' | 'message'>;

function conditionsOf(source: StatusSource, state: JoinState): Said[] {
  const said = [evidenceVerified(source), claimed(source, state), ticketed(source, state), ...ofNode(source)];
  const isReady = state === 'ready' && source.node?.ready === true;
  const open = draining(source) ?? said.find(({ status }) => status !== 'True');
  if (open?.reason === DRAINING) return [...said, say('Ready', false, open.reason, open.message)];
  return [
    ...said,
    isReady
      ? say('Ready', true, 'Joined', 'The node is Ready and carries what its claim says.')
      : say('Ready', false, open?.reason ?? 'Joining', open?.message ?? 'The join is not complete yet.'),
  ];
}

/** What the device says of its power supply and its card; there only from the first warning on. */
function hardwareHealthy({ device, hardware }: StatusSource): Said[] {
  const warnings = healthWarnings(hardware ?? {});
  const [first] = warnings;
  if (first !== undefined) {
    const message = warnings.map((warning) => `${warning.message}. ${warning.remedy}`).join(' ');
    return [say('HardwareHealthy', false, camelCase(first.code), message)];
  }
  const wasSaid = device.status?.conditions?.some(({ type }) => type === 'HardwareHealthy') === true;
  return wasSaid
    ? [say('HardwareHealthy', true, 'NoWarning', 'Nothing is wrong with its power supply or its card.')]
    : [];
}

function say(type: DeviceConditionType, isTrue: boolean, reason: string, message: string): Said {
  return { type, status: isTrue ? 'True' : 'False', reason, message };
}

function evidenceVerified({ device: { spec } }: StatusSource): Said {
  const withdrawn = withdrawal(spec.evidence);
  if (withdrawn !== undefined)
    return say('EvidenceVerified', false, camelCase(withdrawn.code), failureOf(withdrawn, 0).message);
  return isVerified(spec.evidence)
    ? say('EvidenceVerified', true, spec.evidence.kind, 'The device has shown that it belongs to this site.')
    : say('EvidenceVerified', false, 'NoEvidence', 'The device has shown nothing that ties it to this site.');
}

/** The reasons of conditions by which the API and the device itself tell what is waited for. */
export const DRAINING = 'NodeDraining';
export const HANDING_OVER = 'NameHandedOver';

function draining({ node, podsLeaving = 0 }: StatusSource): Said | undefined {
  if (node === undefined || podsLeaving === 0) return undefined;
  const pods = podsLeaving === 1 ? '1 pod' : `${String(podsLeaving)} pods`;
  return say('Ready', false, DRAINING, `Waits for ${pods} to leave node ${node.ref.name}.`);
}

function claimed({ binding, node }: StatusSource, state: JoinState): Said {
  if (binding.is === 'bound') return say('Claimed', true, 'Bound', `Claim ${binding.claim} is bound to the device.`);
  if (binding.is === 'held') {
    return say('Claimed', false, camelCase(binding.problem.code), failureOf(binding.problem, 0).message);
  }
  if (binding.is === 'leaving') {
    const who = binding.to === undefined ? 'a device that has not come yet' : `device ${binding.to}`;
    return say('Claimed', false, 'Replaced', `Claim ${binding.claim} gives its place to ${who}.`);
  }
  return node !== undefined && HAS_NODE.has(state)
    ? say('Claimed', false, 'NodeRetained', `The claim was deleted; node ${node.ref.name} is kept and goes on running.`)
    : say('Claimed', false, 'NoClaim', 'No claim matches the device.');
}

function ticketed({ join: { nodeName = '' }, binding }: StatusSource, state: JoinState): Said {
  if (state === 'pending' && binding.is === 'bound' && binding.handOver !== undefined) {
    const { from, nodeName: wanted } = binding.handOver;
    return say('Ticketed', false, HANDING_OVER, `Waits until device ${from} has given up node name ${wanted}.`);
  }
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
    case 'replaced':
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

/** What to tell a device that waits without a failure; undefined when its state says it all. */
export function waitReasonOf({ status }: Pick<Device, 'status'>): ErrorBody | undefined {
  const state = (status?.join === undefined ? undefined : knownState(status.join)) ?? 'pending';
  if (state === 'rejected' || state === 'revoked') return refusalOf(state, undefined).toBody();
  const waits = status?.conditions?.find(({ reason }) => reason === HANDING_OVER);
  return waits === undefined ? undefined : new UsherError('NODE_DRAINING', { detail: waits.message }).toBody();
}

/** The refusal of a request for a ticket in a state that has none to give. */
export function refusalOf(state: JoinState, failure: DeviceFailure | undefined): UsherError {
  switch (state) {
    case 'rejected':
      return new UsherError('DEVICE_REJECTED');
    case 'revoked':
      return new UsherError('DEVICE_REVOKED');
    case 'replaced':
      return new UsherError('DEVICE_REPLACED', { by: 'another device' });
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
