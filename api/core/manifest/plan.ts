import { UsherError } from '../../../foundation/errors.ts';
import { describeMatch, matchKey } from '../../../join/core/claim-match.ts';
import { DEVICE_CLAIM, MANAGED_BY, type DeviceClaim, type DeviceClaimSpec } from '../../../k8s/core/resources.ts';
import type { ManifestCounts, ManifestRow } from '../schemas/manifests.ts';
import { changesBetween } from './changes.ts';
import type { DraftRow, Fault, Place, WantedClaim } from './draft.ts';
import { FileIndex } from './file-index.ts';
import { nodeNameOf, type ManifestWorld } from './world.ts';

/** A row with what importing it does. */
export interface PlannedRow {
  readonly row: ManifestRow;
  /** What is to be written, of a row that makes or changes a claim. */
  readonly claim?: DeviceClaim;
  /** The claim as it is, when there is one. */
  readonly present?: DeviceClaim;
}

/** Compares the rows of a file with the site, and with each other. */
export function planManifest(drafts: readonly DraftRow[], world: ManifestWorld): PlannedRow[] {
  const file = new FileIndex(drafts, world);
  return drafts.map((draft) => planRow(draft, file, world));
}

export function countsOf(rows: readonly ManifestRow[]): ManifestCounts {
  const counts = { new: 0, changed: 0, unchanged: 0, conflict: 0, invalid: 0 };
  for (const { outcome } of rows) counts[outcome] += 1;
  return counts;
}

/** The row with what kept it from being imported. */
export function refusedRow(
  row: ManifestRow,
  error: UsherError,
  outcome: 'conflict' | 'invalid' = 'conflict',
): ManifestRow {
  return { ...row, outcome, ...error.toBody() };
}

function planRow(draft: DraftRow, file: FileIndex, world: ManifestWorld): PlannedRow {
  const { wanted, fault } = draft;
  const notes = draft.notes.length === 0 ? {} : { notes: [...draft.notes] };
  const base = { ...draft.place, name: draft.name, ...notes };
  if (wanted === undefined || fault !== undefined) {
    const error = fault?.error ?? new UsherError('CLAIM_INVALID', { detail: 'the row is empty' });
    return { row: refusedRow({ ...base, ...fault?.place, outcome: 'invalid' }, error, 'invalid') };
  }
  const named = { ...base, match: describeMatch(wanted.match) };
  const present = world.claim(wanted.name);
  const is = present === undefined ? {} : { present };
  const conflict = conflictOf(draft, wanted, file, world);
  if (conflict !== undefined) {
    return { ...is, row: refusedRow({ ...named, ...conflict.place, outcome: 'conflict' }, conflict.error) };
  }
  const claim = wantedClaim(wanted, present);
  const changes = changesBetween(present?.spec, claim.spec);
  if (changes.length === 0) return { ...is, row: { ...named, outcome: 'unchanged' } };
  return { ...is, claim, row: { ...named, outcome: present === undefined ? 'new' : 'changed', changes } };
}

/** The claim as the file wants it; what the file says nothing about stays. */
export function wantedClaim(wanted: WantedClaim, present: DeviceClaim | undefined): DeviceClaim {
  const before: Partial<DeviceClaimSpec> = present?.spec ?? {};
  const kept = wanted.keepsOtherLabels ? (before.labels ?? {}) : {};
  const labels = Object.fromEntries(
    Object.entries({ ...kept, ...wanted.labels }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
  // The same device in another spelling stays as it is written.
  const isSame = before.match !== undefined && matchKey(before.match) === matchKey(wanted.match);
  const nodeName = present === undefined ? wanted.nodeName : before.nodeName;
  const taints = wanted.taints ?? before.taints ?? [];
  const pair = wanted.pair === undefined ? before.pair : (wanted.pair ?? undefined);
  const replaces = wanted.replaces === undefined ? before.replaces : (wanted.replaces ?? undefined);
  const reclaimPolicy = wanted.reclaimPolicy ?? before.reclaimPolicy;
  const spec: DeviceClaimSpec = {
    match: isSame && before.match !== undefined ? before.match : wanted.match,
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(taints.length === 0 ? {} : { taints: [...taints] }),
    ...(pair === undefined ? {} : { pair }),
    ...(replaces === undefined ? {} : { replaces }),
    ...(reclaimPolicy === undefined ? {} : { reclaimPolicy }),
  };
  if (present !== undefined) return { ...present, spec };
  const { apiVersion, kind } = DEVICE_CLAIM;
  return { apiVersion, kind, metadata: { name: wanted.name, labels: { ...MANAGED_BY } }, spec };
}

/** The first thing that stands in the way of a row that is right in itself. */
function conflictOf(draft: DraftRow, wanted: WantedClaim, file: FileIndex, world: ManifestWorld): Fault | undefined {
  const at = (field: string): Place => draft.places.get(field) ?? draft.place;
  const twice = file.twice(draft);
  if (twice !== undefined) return { place: at(twice.field), error: twice.error };
  const present = world.claim(wanted.name);
  const ofName = present === undefined ? undefined : sameClaimProblem(wanted, present);
  if (ofName !== undefined) return { place: at(ofName.field), error: ofName.error };
  const claimed = claimedProblem(wanted, world);
  if (claimed !== undefined) return { place: at('match'), error: claimed };
  const owner = nodeNameOwner(wanted, world);
  if (owner === undefined) return undefined;
  const nodeName = wanted.nodeName ?? wanted.name;
  const error = new UsherError('NODE_NAME_TAKEN', { nodeName, owner });
  return { place: at(wanted.nodeName === undefined ? 'name' : 'nodeName'), error };
}

/** What of a claim cannot become what the row wants. */
function sameClaimProblem(wanted: WantedClaim, present: DeviceClaim): { field: string; error: UsherError } | undefined {
  const { name } = wanted;
  const [from, to] = [nodeNameOf(present), wanted.nodeName];
  if (to !== undefined && from !== to) {
    const error = new UsherError('CLAIM_FIELD_IMMUTABLE', { field: 'nodeName', name, from, to });
    return { field: 'nodeName', error };
  }
  const isSame = matchKey(present.spec.match) === matchKey(wanted.match);
  // Another device takes the place of the present one: that is said by both together.
  const isReplacement = typeof wanted.replaces === 'string' && wanted.replaces !== present.spec.replaces;
  if (isSame || isReplacement) return undefined;
  const match = describeMatch(present.spec.match);
  return { field: 'match', error: new UsherError('CLAIM_MATCHES_ANOTHER', { name, match }) };
}

/** Another claim for the same identity, or for the same device by another of its identities. */
function claimedProblem({ name, match, replaces }: WantedClaim, world: ManifestWorld): UsherError | undefined {
  const key = matchKey(match) ?? '';
  const [rival] = world.claimsFor(key).filter((claim) => claim.metadata.name !== name);
  const identity = describeMatch(match);
  if (rival !== undefined) return new UsherError('IDENTITY_CLAIMED', { identity, claim: rival.metadata.name });
  for (const { metadata, status } of world.devicesWith(key)) {
    const claim = status?.claimRef?.name;
    if (claim === undefined || claim === name || metadata.name === replaces) continue;
    if (world.claim(claim) !== undefined) return new UsherError('IDENTITY_CLAIMED', { identity, claim });
  }
  return undefined;
}

function nodeNameOwner(
  { name, nodeName = name, match, replaces }: WantedClaim,
  world: ManifestWorld,
): string | undefined {
  const present = world.claim(name);
  if (present !== undefined) return undefined;
  const [rival] = world.claimsNaming(nodeName);
  if (rival !== undefined) return `claim ${rival.metadata.name}`;
  const fitting = new Set(world.devicesWith(matchKey(match) ?? '').map(({ metadata }) => metadata.name));
  const named = world.devicesNamed(nodeName);
  const holder = named.find(({ metadata, spec, status }) => {
    if (spec.decision === 'Revoked') return true;
    const holds = status?.nodeRef !== undefined;
    return holds && !fitting.has(metadata.name) && metadata.name !== replaces;
  });
  if (holder !== undefined) {
    return `${holder.spec.decision === 'Revoked' ? 'revoked ' : ''}device ${holder.metadata.name}`;
  }
  return world.hasNode(nodeName) && named.length === 0 ? 'a node that Usher did not make' : undefined;
}
