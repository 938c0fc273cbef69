import { setCondition } from '../../k8s/core/conditions.ts';
import type {
  ClaimConditionType,
  ClaimPhase,
  Condition,
  Device,
  DeviceClaim,
  DeviceClaimStatus,
} from '../../k8s/core/resources.ts';
import type { ClaimBinding } from './binding.ts';
import { describeMatch } from './claim-match.ts';
import { camelCase, HANDING_OVER } from './device-status.ts';
import { failureOf } from './step.ts';

type Said = Omit<Condition<ClaimConditionType>, 'lastTransitionTime' | 'observedGeneration'>;

/** The whole status of a claim, from its binding and the device it is bound to. */
export function deriveClaimStatus(
  claim: DeviceClaim,
  binding: ClaimBinding,
  device: Device | undefined,
  nowMs: number,
): DeviceClaimStatus {
  const bound = binding.is === 'bound' ? device : undefined;
  const nodeRef = bound?.status?.claimRef?.uid === claim.metadata.uid ? bound?.status?.nodeRef : undefined;
  const { generation } = claim.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  let conditions: Condition<ClaimConditionType>[] = claim.status?.conditions ?? [];
  for (const said of [boundSaid(claim, binding), joinedSaid(bound, nodeRef?.name), readySaid(bound, nodeRef?.name)]) {
    conditions = setCondition(conditions, { ...said, ...observed }, nowMs);
  }
  return {
    phase: phaseOf(binding, nodeRef !== undefined),
    ...(bound === undefined ? {} : { deviceRef: { name: bound.metadata.name, uid: bound.metadata.uid ?? '' } }),
    ...(nodeRef === undefined ? {} : { nodeRef }),
    conditions,
  };
}

function phaseOf(binding: ClaimBinding, hasNode: boolean): ClaimPhase {
  switch (binding.is) {
    case 'waiting':
      return 'Waiting';
    case 'conflict':
      return 'Conflict';
    case 'bound':
      return hasNode ? 'Joined' : 'Bound';
  }
}

function boundSaid({ spec }: DeviceClaim, binding: ClaimBinding): Said {
  switch (binding.is) {
    case 'waiting': {
      const until = spec.replaces === undefined ? '' : ` Until then device ${spec.replaces} stays as it is.`;
      const what = `No device with evidence matches ${describeMatch(spec.match)} yet.${until}`;
      return said('Bound', false, 'NoDevice', what);
    }
    case 'conflict':
      return said('Bound', false, camelCase(binding.problem.code), failureOf(binding.problem, 0).message);
    case 'bound':
      return said('Bound', true, 'Bound', `Device ${binding.device} is bound to the claim.`);
  }
}

function joinedSaid(device: Device | undefined, nodeName: string | undefined): Said {
  if (nodeName !== undefined) return said('Joined', true, 'NodeExists', `The device has joined as node ${nodeName}.`);
  const failure = device?.status?.failure;
  if (failure !== undefined) return said('Joined', false, camelCase(failure.code), failure.message);
  const waits = device?.status?.conditions?.find(({ reason }) => reason === HANDING_OVER);
  if (waits !== undefined) return said('Joined', false, waits.reason, waits.message);
  return device === undefined
    ? said('Joined', false, 'NotBound', 'No device is bound to the claim.')
    : said('Joined', false, 'NotJoinedYet', 'The device has not joined yet.');
}

function readySaid(device: Device | undefined, nodeName: string | undefined): Said {
  const ready = device?.status?.conditions?.find(({ type }) => type === 'Ready');
  if (nodeName === undefined || ready === undefined) return said('Ready', false, 'NoNode', 'There is no node yet.');
  return said('Ready', ready.status === 'True', ready.reason, ready.message);
}

function said(type: ClaimConditionType, isTrue: boolean, reason: string, message: string): Said {
  return { type, status: isTrue ? 'True' : 'False', reason, message };
}
