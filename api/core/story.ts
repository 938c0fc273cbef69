import { toRfc3339 } from '../../foundation/clock.ts';
import type { ErrorBody } from '../../foundation/errors.ts';
import { printable } from '../../foundation/text.ts';
import { isVerified } from '../../join/core/evidence.ts';
import { DEVICE, DEVICE_CLAIM, type Device, NODE, RETRY_ANNOTATION } from '../../k8s/core/resources.ts';
import { occurrenceOf, type KubeEvent } from '../../k8s/core/kube-event.ts';
import { observationText } from './device-view.ts';
import type { RowSources } from './row-sources.ts';
import type { StoryView } from './schemas.ts';

type Entry = StoryView['entries'][number];
/** An entry before its time is written out; `isStep`: a step of the join, whose length counts. */
type Happened = Omit<Entry, 'at' | 'tookMs'> & { atMs: number; isStep?: boolean };

const MOST_ENTRIES = 200;
const MAX_REASON = 128;
const MAX_MESSAGE = 1024;
/** Two words of one thing: a condition, and the Event that tells of the same change, are at most so far apart. */
const SAME_MOMENT_MS = 2000;

export interface StorySources extends RowSources {
  /** Events about its device, claim and node, in any order. */
  readonly events: readonly KubeEvent[];
  /** Why the Events are missing, when they are. */
  readonly eventsError?: ErrorBody | undefined;
  readonly nowMs: number;
}

/**
 * What happened to a device, oldest first: what was seen of it on the LAN (in memory only), and what Kubernetes remembers:
 * objects, conditions, and Events of the last hour. At most the newest 200 entries.
 */
export function storyOf(sources: StorySources): StoryView {
  const told = sources.events.flatMap((event) => toldBy(event, sources));
  const known = [...onLan(sources), ...ofDevice(sources), ...ofClaim(sources), ...ofNode(sources), ...told];
  const entries = [...known, ...fromConditions(sources, told), ...missing(sources)]
    .filter(({ atMs }) => Number.isFinite(atMs))
    .sort((a, b) => a.atMs - b.atMs)
    .slice(-MOST_ENTRIES);
  return { device: sources.id, entries: timed(entries) };
}

/** Entries as they are shown, the steps of the join with the time since the step before. */
function timed(happened: readonly Happened[]): Entry[] {
  let stepMs: number | undefined;
  return happened.map(({ atMs, isStep, reason, message, ...rest }) => {
    const tookMs = isStep === true && stepMs !== undefined ? atMs - stepMs : undefined;
    if (isStep === true) stepMs = atMs;
    return {
      at: toRfc3339(atMs),
      ...rest,
      reason: printable(reason, MAX_REASON),
      message: printable(message, MAX_MESSAGE),
      ...(tookMs === undefined ? {} : { tookMs }),
    };
  });
}

function onLan({ sightings, candidate }: StorySources): Happened[] {
  const seen = sightings.flatMap((sighting): Happened[] => [
    normal('lan', sighting.firstSeenMs, 'FirstSeen', `${sighting.mac} was first seen${whereOf(sighting.interface)}`),
    ...sighting.observations.map((one) =>
      normal('lan', one.atMs, `SeenBy${capital(one.source)}`, `${observationText(one)}${whereOf(one.interface)}`),
    ),
  ]);
  if (candidate === undefined) return seen;
  const { refusal, firstSeenMs, lastSeenMs, ip } = candidate;
  const hello = normal('device', firstSeenMs, 'Hello', `it said hello from ${ip}`);
  if (refusal === undefined) return [...seen, hello];
  return [...seen, hello, warning('device', lastSeenMs, refusal.toBody())];
}

/** Kubernetes tells whole seconds; a device that brought its evidence is introduced at the moment it was accepted. */
function introducedMs({ metadata, spec }: Device): number {
  const createdMs = timeOf(metadata.creationTimestamp);
  const verifiedMs = timeOf(spec.evidence.verifiedAt);
  return Math.floor(verifiedMs / 1000) * 1000 === createdMs ? verifiedMs : createdMs;
}

function ofDevice({ device }: StorySources): Happened[] {
  if (device === undefined) return [];
  const { metadata, spec, status } = device;
  const entries: Happened[] = [
    step(normal('device', introducedMs(device), 'Introduced', 'the appliance made its Device object')),
  ];
  const { kind, tokenId, verifiedAt } = spec.evidence;
  if (isVerified(spec.evidence) && verifiedAt !== undefined) {
    const what = tokenId === undefined ? kind : `${kind} ${tokenId}`;
    entries.push(normal('device', timeOf(verifiedAt), 'EvidenceVerified', `its evidence was accepted: ${what}`));
  }
  const askedAt = metadata.annotations?.[RETRY_ANNOTATION];
  if (askedAt !== undefined) {
    entries.push(normal('device', timeOf(askedAt), 'RetryAsked', 'an operator asked to try again at once'));
  }
  const { failure } = status ?? {};
  if (failure !== undefined) entries.push(warning('device', timeOf(failure.since), failure));
  return entries;
}

function ofClaim({ claim }: StorySources): Happened[] {
  if (claim === undefined) return [];
  const [key = '', value = ''] = Object.entries(claim.spec.match)[0] ?? [];
  const message = `claim ${claim.metadata.name} was made: it wants the device with ${key} ${String(value)}`;
  return [normal('claim', timeOf(claim.metadata.creationTimestamp), 'ClaimMade', message)];
}

function ofNode({ node }: StorySources): Happened[] {
  if (node === undefined) return [];
  return [
    normal('node', timeOf(node.metadata.creationTimestamp), 'NodeCreated', `node ${node.metadata.name} appeared`),
  ];
}

/** What an Event tells, if it is about this device, its claim or its node as long as that was this device's. */
function toldBy(event: KubeEvent, { device, claim, node }: StorySources): Happened[] {
  const occurrence = occurrenceOf(event);
  if (occurrence === undefined) return [];
  const { kind, name } = event.regarding;
  const nodeName = node?.metadata.name ?? device?.status?.join?.nodeName;
  const from = ((): Entry['from'] | undefined => {
    if (kind === DEVICE.kind && name === device?.metadata.name) return 'device';
    if (kind === DEVICE_CLAIM.kind && name === claim?.metadata.name) return 'claim';
    if (kind === NODE.kind && name === nodeName) return 'node';
    return undefined;
  })();
  // A name may have belonged to another device before.
  const bornMs = timeOf(device?.metadata.creationTimestamp);
  if (from === undefined || (from !== 'device' && occurrence.atMs < bornMs)) return [];
  const { atMs, count } = occurrence;
  const entry: Happened = {
    atMs,
    from,
    type: event.type === 'Warning' ? 'Warning' : 'Normal',
    reason: event.reason,
    message: event.note ?? '',
    ...(count > 1 ? { count } : {}),
  };
  return [from === 'device' ? step(entry) : entry];
}

/** Conditions say when they changed last; that is told where the Events of that time are forgotten. */
function fromConditions({ device }: StorySources, told: readonly Happened[]): Happened[] {
  const oldestMs = Math.min(...told.filter(({ from }) => from === 'device').map(({ atMs }) => atMs));
  return (device?.status?.conditions ?? [])
    .filter(({ lastTransitionTime }) => timeOf(lastTransitionTime) < oldestMs - SAME_MOMENT_MS)
    .filter(({ type, status }) => status === 'True' && type !== 'EvidenceVerified')
    .map(({ type, message, lastTransitionTime }) => normal('device', timeOf(lastTransitionTime), type, message));
}

function missing({ eventsError, nowMs }: StorySources): Happened[] {
  if (eventsError === undefined) return [];
  const { message } = eventsError;
  return [warning('device', nowMs, { ...eventsError, message: `what Kubernetes remembers is missing: ${message}` })];
}

function normal(from: Entry['from'], atMs: number, reason: string, message: string): Happened {
  return { atMs, from, type: 'Normal', reason, message };
}

function warning(from: Entry['from'], atMs: number, { code, message, remedy }: ErrorBody): Happened {
  return { atMs, from, type: 'Warning', reason: code, message, remedy };
}

function step(entry: Happened): Happened {
  return { ...entry, isStep: true };
}

function timeOf(rfc3339: string | undefined): number {
  return Date.parse(rfc3339 ?? '');
}

function whereOf(networkInterface: string): string {
  return networkInterface === '' ? '' : ` on ${networkInterface}`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
