import type { ClaimView, DeviceView } from '../api/core/schemas.ts';
import type { Messages } from './messages/en.ts';

export type GroupId = 'attention' | 'claim' | 'way' | 'seen' | 'ready' | 'aside';

/** The groups of the page, first what needs the operator. */
export const GROUPS: readonly GroupId[] = ['attention', 'claim', 'way', 'seen', 'ready', 'aside'];

/** Where on the page a device stands. */
export function groupOf(device: DeviceView): GroupId {
  const isClaimed = claimOf(device) !== undefined;
  switch (device.stage) {
    case 'Failed':
    case 'Quarantined':
      return 'attention';
    case 'Ready':
      // A claimed node that waits for something does not work as it should; an unclaimed one only says so.
      return isClaimed && device.waitsFor !== undefined ? 'attention' : 'ready';
    case 'Pending':
      if (device.failure !== undefined || device.offer !== undefined) return 'attention';
      return isClaimed ? 'way' : 'claim';
    case 'Approved':
    case 'Joining':
      return 'way';
    case 'Seen':
    case 'NoEvidence':
      if (device.failure !== undefined || device.offer !== undefined) return 'attention';
      return isClaimed ? 'way' : 'seen';
    case 'Rejected':
    case 'Ignored':
    case 'Revoked':
    case 'Replaced':
      return 'aside';
  }
}

/** The claim that is this device's own. A newcomer may fit the claim of the device whose place it could take. */
export function claimOf(device: DeviceView): string | undefined {
  return device.offer !== undefined && device.offer.claim === device.claim ? undefined : device.claim;
}

/**
 * Claims that have no row of their own device: nothing on the network answers to them, or they are in conflict. That of a
 * revoked device is on its row, with the button that removes it: nobody is to be alarmed by what was just decided.
 */
export function openClaims(claims: readonly ClaimView[], devices: readonly DeviceView[]): ClaimView[] {
  const shown = new Set(devices.map((device) => device.claim));
  const wanted = new Set(devices.filter(({ stage }) => stage !== 'Revoked').map((device) => device.claim));
  const isRevoked = ({ name, conditions }: ClaimView): boolean =>
    shown.has(name) && !wanted.has(name) && conditions.some(({ reason }) => reason === 'NodeNameTaken');
  return claims.filter((claim) =>
    claim.phase === 'Conflict' ? !isRevoked(claim) : claim.phase === 'Waiting' && !shown.has(claim.name),
  );
}

/** What a device is called on the page. */
export function nameOf(device: DeviceView, m: Messages): string {
  // The name of a node that this newcomer may only become is still another device's.
  const nodeName = device.offer === undefined ? device.nodeName : undefined;
  return nodeName ?? device.hostname ?? boardName(device) ?? device.vendor ?? m.card.unknown;
}

/** Its name, and its short id unless the name has it. */
export function nameAndId(device: DeviceView, m: Messages): string {
  const name = nameOf(device, m);
  return name.includes(device.shortId) ? name : `${name} (${device.shortId})`;
}

/** A board without a name of its own, as people say it: `Pi 4 · k4t7m2` of a Raspberry Pi 4 Model B Rev 1.4. */
function boardName({ model, shortId }: DeviceView): string | undefined {
  if (model === undefined) return undefined;
  return `${model.replace(/^Raspberry (?=Pi)/, '').replace(/ (Model|Rev)\b.*/, '')} · ${shortId}`;
}

/** Where a device stands, in a word or two. */
export function badgeOf(device: DeviceView, m: Messages): string {
  return device.stage === 'Ready' && groupOf(device) === 'attention' ? m.stages.notReady : m.stages[device.stage];
}

/** Steps from the claim to a ready node, by persisted join state. */
const STEPS = ['pending', 'approved', 'ticketing', 'joining', 'labelling', 'ready'];
export const LAST_STEP = STEPS.length - 1;

/** How many steps of its way a claimed device has behind it; undefined when it is not on its way. */
export function stepOf(device: DeviceView): number | undefined {
  if (groupOf(device) !== 'way') return undefined;
  return Math.max(0, STEPS.indexOf(device.state ?? 'pending'));
}
