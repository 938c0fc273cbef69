import { toRfc3339 } from '../../foundation/clock.ts';
import { isVerified } from '../../join/core/evidence.ts';
import type { Candidate } from '../../join/core/ports.ts';
import { shortIdOf } from '../../join/protocol/device-id.ts';
import { healthWarnings, type Health } from '../../join/protocol/health.ts';
import type { Observation, Sighting } from '../../discovery/core/sighting.ts';
import type { DeviceClaim, DeviceHardware, Node } from '../../k8s/core/resources.ts';
import { conditionViews } from './condition-view.ts';
import { deviceFiles } from './device-files.ts';
import type { DeviceView, Stage } from './schemas.ts';
import type { RowSources } from './row-sources.ts';
import { waitsFor } from './waits-for.ts';

export const MAC_ROW_PREFIX = 'mac:';
const MAX_SEEN_BY = 16;

/** One row of the operators' list, from everything known of one physical thing. */
export function deviceView(sources: RowSources): DeviceView {
  const { id, device, candidate, claim, node } = sources;
  const stage = stageOf(sources);
  const sightings = [...sources.sightings].sort((a, b) => b.lastSeenMs - a.lastSeenMs);
  const hardware = device?.status?.hardware ?? candidate?.hello.hw;
  return compact({
    id,
    shortId: device === undefined && candidate === undefined ? id.slice(MAC_ROW_PREFIX.length) : shortIdOf(id),
    stage,
    state: device?.status?.join?.state,
    waitsFor: waitsFor(stage, sources),
    since: sinceOf(sources),
    ...seenTimes(sightings, candidate),
    macs: macsOf(sources),
    ip: first(sightings, (sighting) => sighting.ip) ?? candidate?.ip ?? addressOf(node),
    hostname: first(sightings, (sighting) => sighting.hostname) ?? hardware?.hostname,
    vendor: first(sightings, (sighting) => sighting.vendor),
    ...hardwareFacts(hardware),
    devices: deviceFiles(hardware ?? {}),
    serial: hardware?.serial ?? first(sightings, (sighting) => sighting.serial),
    evidence: device?.spec.evidence.kind ?? 'None',
    codeAwaited: device === undefined && candidate?.hello.evidence.type === 'code' ? true : undefined,
    claimable: isClaimable(sources, stage),
    claim: claim?.metadata.name,
    nodeName: nodeNameOf(sources),
    labels: node === undefined || claim === undefined ? undefined : labelsOnNode(claim, node),
    failure: device?.status?.failure ?? candidate?.refusal?.toBody(),
    conditions: device === undefined ? undefined : conditionViews(device.status?.conditions),
    warnings: warningsOf(hardware),
    seenBy: seenByOf(sightings),
    ...succession(sources),
    reasons: [...new Set(sightings.flatMap((sighting) => sighting.reasons.map(({ why }) => why)))],
  });
}

function succession({ offer, offeredBy = [], replacedBy }: RowSources): {
  [Key in 'offer' | 'offeredBy' | 'replacedBy']: DeviceView[Key];
} {
  return {
    offer: offer === undefined ? undefined : offerView(offer),
    offeredBy: offeredBy.length === 0 ? undefined : [...offeredBy],
    replacedBy,
  };
}

function offerView({
  device: { metadata, status },
  claim,
  because,
}: NonNullable<RowSources['offer']>): DeviceView['offer'] {
  const nodeName = status?.nodeRef?.name ?? status?.join?.nodeName;
  return {
    device: metadata.name,
    shortId: shortIdOf(metadata.name),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(claim === undefined ? {} : { claim }),
    because,
  };
}

/** As seen, newest first; as it says; and what is remembered of something that is not there. */
function macsOf({ device, candidate, sightings, ignoredMac }: RowSources): string[] {
  const seen = [...sightings].sort((a, b) => b.lastSeenMs - a.lastSeenMs).map(({ mac }) => mac);
  const said = device?.status?.hardware?.macs ?? candidate?.hello.hw.macs ?? [];
  return [...new Set([...seen, ...said, ...(ignoredMac === undefined ? [] : [ignoredMac.mac])])];
}

/**
 * Where it stands. What has nothing to show for itself and the MAC address of an ignored device, or one that was
 * ignored before it showed a key, is taken for that one, and stays ignored. A MAC address is only said, never proven,
 * so it hides and does nothing else: whoever has evidence, a used token of this site or a claim is shown, since
 * somebody wrote its card or named it on purpose, and no stranger that was ignored can hide it by saying its address.
 */
function stageOf(sources: RowSources): Stage {
  const stage = ownStage(sources);
  const { ignoredTwins, ignoredMac, claim, offer } = sources;
  const isUnproven = stage === 'Seen' || stage === 'NoEvidence';
  const isKnown = ignoredTwins !== undefined || ignoredMac !== undefined;
  return isUnproven && isKnown && claim === undefined && offer === undefined ? 'Ignored' : stage;
}

/** An operator's decision counts at once, before the join controller has acted on it. */
function ownStage({ device, candidate }: RowSources): Stage {
  if (device === undefined) return candidate === undefined ? 'Seen' : 'NoEvidence';
  if (device.spec.decision !== 'Undecided') return device.spec.decision;
  const phase = device.status?.phase ?? 'Pending';
  if (phase !== 'Pending') return phase;
  return isVerified(device.spec.evidence) ? 'Pending' : 'NoEvidence';
}

function isClaimable({ device, claim }: RowSources, stage: Stage): boolean {
  if (device === undefined || claim !== undefined || !isVerified(device.spec.evidence)) return false;
  return stage === 'Pending' || stage === 'Failed';
}

function sinceOf({ device, candidate, sightings, ignoredMac }: RowSources): string {
  const since = device?.status?.join?.since ?? device?.metadata.creationTimestamp;
  if (since !== undefined) return since;
  if (candidate === undefined && ignoredMac !== undefined) return ignoredMac.at;
  const seenMs = candidate?.firstSeenMs ?? Math.min(...sightings.map(({ firstSeenMs }) => firstSeenMs));
  return toRfc3339(Number.isFinite(seenMs) ? seenMs : 0);
}

function seenTimes(
  sightings: readonly Sighting[],
  candidate: Candidate | undefined,
): { firstSeen?: string; lastSeen?: string } {
  const seen = candidate === undefined ? sightings : [...sightings, candidate];
  if (seen.length === 0) return {};
  return {
    firstSeen: toRfc3339(Math.min(...seen.map(({ firstSeenMs }) => firstSeenMs))),
    lastSeen: toRfc3339(Math.max(...seen.map(({ lastSeenMs }) => lastSeenMs))),
  };
}

type HardwareFacts = { [Key in 'model' | 'arch' | 'memoryMiB']: DeviceHardware[Key] | undefined };

function hardwareFacts(hardware: Partial<HardwareFacts> | undefined): HardwareFacts {
  return { model: hardware?.model, arch: hardware?.arch, memoryMiB: hardware?.memoryMiB };
}

function warningsOf(hardware: Health | undefined): DeviceView['warnings'] {
  const warnings = hardware === undefined ? [] : healthWarnings(hardware);
  return warnings.length === 0 ? undefined : warnings;
}

function nodeNameOf({ device, claim }: RowSources): string | undefined {
  const { phase, nodeRef, join } = device?.status ?? {};
  // Its Node is gone and no claim wants it, or the name went on to another device: what it was called is history.
  const isGivenUp = phase === 'Replaced' || (phase === 'Pending' && claim === undefined);
  const ofDevice = nodeRef?.name ?? (isGivenUp ? undefined : join?.nodeName);
  return ofDevice ?? claim?.spec.nodeName ?? claim?.metadata.name;
}

/** The labels that the claim asks for, with the values that the Node has now. */
function labelsOnNode(claim: DeviceClaim, node: Node): Record<string, string> {
  const wanted = Object.keys(claim.spec.labels ?? {});
  const have = node.metadata.labels ?? {};
  return Object.fromEntries(wanted.flatMap((key) => (have[key] === undefined ? [] : [[key, have[key]]])));
}

function addressOf(node: Node | undefined): string | undefined {
  return node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
}

function seenByOf(sightings: readonly Sighting[]): DeviceView['seenBy'] {
  return sightings
    .flatMap((sighting) => [...sighting.observations])
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, MAX_SEEN_BY)
    .map((seen) => ({
      source: seen.source,
      interface: seen.interface,
      at: toRfc3339(seen.atMs),
      what: observationText(seen),
    }));
}

/** What one source told, in words. */
export function observationText(seen: Observation): string {
  const words = [
    seen.messageType === undefined ? undefined : `DHCP ${seen.messageType}`,
    seen.service === undefined ? undefined : `announces ${seen.service}`,
    seen.ip === undefined ? undefined : `address ${seen.ip}`,
    seen.hostname === undefined ? undefined : `calls itself ${seen.hostname}`,
    seen.vendorClass === undefined ? undefined : `vendor class ${seen.vendorClass}`,
    seen.serial === undefined ? undefined : `serial ${seen.serial}`,
    seen.suspicious === undefined ? undefined : `suspicious: ${seen.suspicious}`,
  ].filter((text) => text !== undefined);
  return words.length === 0 ? 'seen' : words.join(', ');
}

function first<T>(items: readonly Sighting[], pick: (item: Sighting) => T | undefined): T | undefined {
  for (const item of items) {
    const value = pick(item);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Without the fields that are undefined, so that rows compare and print well. */
function compact(view: DeviceView): DeviceView {
  return Object.fromEntries(Object.entries(view).filter(([, value]) => value !== undefined)) as DeviceView;
}
