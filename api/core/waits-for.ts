import { DRAINING, HANDING_OVER } from '../../join/core/device-status.ts';
import { isVerified } from '../../join/core/evidence.ts';
import { shortIdOf } from '../../join/protocol/device-id.ts';
import type { Condition, Device, DeviceClaim, Node } from '../../k8s/core/resources.ts';
import type { RowSources } from './row-sources.ts';
import type { Stage } from './schemas.ts';

/** What the thing of a row waits for now, in a sentence; undefined when all is well. */
export function waitsFor(stage: Stage, sources: RowSources): string | undefined {
  return goingOn(sources.device) ?? atStage(stage, sources);
}

/** What is going on without anybody's doing, in the words of the device's own conditions. */
function goingOn(device: Device | undefined): string | undefined {
  const told = device?.status?.conditions?.filter(({ reason }) => reason === DRAINING || reason === HANDING_OVER);
  return told?.at(-1)?.message;
}

function atStage(stage: Stage, sources: RowSources): string | undefined {
  switch (stage) {
    case 'Seen':
      return sources.claim === undefined
        ? 'only seen on the LAN: waits for its agent to say hello'
        : `waits for its agent to say hello; it is to become ${nodeNameOf(sources)}`;
    case 'NoEvidence':
      return noEvidence(sources);
    case 'Pending':
      return pending(sources);
    case 'Approved':
      return 'approved: waits for the device to ask for its ticket';
    case 'Joining':
      return joining(sources);
    case 'Ready':
      return unclaimed(sources) ?? troubleOfNode(sources);
    case 'Failed':
      return failed(sources.device);
    case 'Quarantined':
      return 'waits for an operator: something about this device is not as it was';
    case 'Rejected':
      return 'rejected: stays so until an operator reconsiders';
    case 'Ignored':
      return ignoredAs(sources) ?? 'ignored: stays so until an operator reconsiders';
    case 'Revoked':
      return revoked(sources);
    case 'Replaced':
      if (sources.node !== undefined) return leaving(sources.node);
      return 'replaced by another device: stays so until an operator retries it';
  }
}

/** Nobody decided about this key; the sentence names the device, or the MAC address, about which somebody did. */
function ignoredAs({ device, candidate, ignoredMac, ignoredTwins: [twin] = [] }: RowSources): string | undefined {
  if ((device?.spec.decision ?? 'Undecided') !== 'Undecided') return undefined;
  if (ignoredMac !== undefined && (device ?? candidate) !== undefined) {
    return `ignored by its MAC address ${ignoredMac.mac}: stays so until an operator reconsiders`;
  }
  if (twin === undefined) return undefined;
  return `ignored like device ${shortIdOf(twin)}, whose MAC address it has: stays so until an operator reconsiders`;
}

function revoked({ node, claim }: RowSources): string {
  if (node !== undefined) return leaving(node);
  return claim === undefined
    ? 'revoked: stays so until an operator reconsiders'
    : `revoked: stays so until an operator reconsiders; its claim ${claim.metadata.name} stays until it is removed`;
}

function leaving(node: Node): string {
  return `waits for the pods of node ${node.metadata.name} to leave; then the node is deleted`;
}

function noEvidence({ candidate, claim, offer }: RowSources): string {
  if (claim?.spec.replaces !== undefined) return `${successorOf(claim)}: waits for its next hello`;
  if (offer !== undefined) return offerText(offer);
  if (candidate?.hello.evidence.type === 'code') return 'waits for its claim code: it is on its screen or label';
  const why = candidate?.refusal?.message ?? 'its card carries no enrol token of this site';
  return `waits for evidence: ${why}`;
}

function pending({ device, claim, offer, ignoredMac, ignoredTwins: [twin] = [] }: RowSources): string {
  const claimed = conditionOf(device, 'Claimed');
  if (claim === undefined && offer !== undefined) return offerText(offer);
  if (claim === undefined && twin !== undefined) {
    return `waits for a claim; it has the MAC address of device ${shortIdOf(twin)}, which is ignored`;
  }
  if (claim === undefined && ignoredMac !== undefined) {
    return `waits for a claim; its MAC address ${ignoredMac.mac} is ignored, until an operator reconsiders`;
  }
  if (claim === undefined) return 'waits for a claim';
  if (device !== undefined && !isVerified(device.spec.evidence)) return 'waits for evidence';
  if (claimed?.status === 'False' && claimed.reason !== 'NoClaim') return claimed.message;
  return device?.status?.claimRef === undefined
    ? `waits for claim ${claim.metadata.name} to be bound to it`
    : `claim ${claim.metadata.name} is bound; waits for approval`;
}

function offerText({ device: { metadata, status } }: NonNullable<RowSources['offer']>): string {
  const place = status?.nodeRef?.name ?? status?.join?.nodeName;
  const whose = place === undefined ? `device ${shortIdOf(metadata.name)}` : `node ${place}`;
  return `could take the place of ${whose}: confirm the replacement, or reject this device`;
}

function successorOf(claim: DeviceClaim): string {
  return `is to take the place of device ${shortIdOf(claim.spec.replaces ?? '')} as ${claim.spec.nodeName ?? claim.metadata.name}`;
}

function joining(sources: RowSources): string {
  switch (sources.device?.status?.join?.state) {
    case 'ticketing':
      return 'its ticket is being made';
    case 'labelling':
      return `waits for node ${nodeNameOf(sources)} to be Ready with its labels`;
    default:
      return sources.node === undefined
        ? 'has its ticket: k3s starts on the device'
        : `waits for node ${nodeNameOf(sources)} to be Ready`;
  }
}

function failed(device: Device | undefined): string {
  const retryAt = device?.status?.failure?.retryAt ?? device?.status?.join?.deadline;
  return retryAt === undefined ? 'failed: waits for an operator' : `failed: tried again at ${retryAt}`;
}

/** Its claim was deleted: the node runs on, which is worth saying. */
function unclaimed({ device, claim }: RowSources): string | undefined {
  const claimed = conditionOf(device, 'Claimed');
  return claim === undefined && claimed?.status === 'False' ? claimed.message : undefined;
}

function troubleOfNode({ device, node }: RowSources): string | undefined {
  if (node === undefined) return `its node ${device?.status?.nodeRef?.name ?? ''} is not there`;
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined || ready.status === 'True') return undefined;
  return `its node is not ready: ${ready.message ?? ready.reason ?? ready.status}`;
}

function nodeNameOf({ device, claim }: RowSources): string {
  return device?.status?.join?.nodeName ?? claim?.spec.nodeName ?? claim?.metadata.name ?? '';
}

function conditionOf(device: Device | undefined, type: string): Condition | undefined {
  return device?.status?.conditions?.find((condition) => condition.type === type);
}
