import type { ClaimView, DecisionRequest, DeviceView } from '../api/core/schemas.ts';
import type { Messages } from './messages/en.ts';
import { claimOf, groupOf } from './device-groups.ts';
import type { Dialog } from './dialogs/dialog.ts';
import { reaches, type Role } from './roles.ts';
import { hrefOf } from './route.ts';

export interface CardAction {
  text: string;
  look: 'primary' | 'plain' | 'quiet';
  /** Opens a dialog, or records a decision at once: what can be taken back easily does not ask. */
  does: { dialog: Dialog } | { decision: DecisionRequest['decision'] } | { href: string };
  /** It does what the remedy of the device's failure says, and is shown with it. */
  isRemedy: boolean;
}

type ActionId =
  | 'claim'
  | 'code'
  | 'card'
  | 'retry'
  | 'trust'
  | 'reconsider'
  | 'bring-back'
  | 'replace'
  | 'edit'
  | 'identify'
  | 'unclaim'
  | 'rotate'
  | 'revoke'
  | 'ignore'
  | 'reject';

/** What the remedy of a failure says to do, where the page can do it. */
const REMEDIES: Record<string, readonly ActionId[]> = {
  TOKEN_UNKNOWN: ['card'],
  TOKEN_USED: ['card'],
  TOKEN_EXPIRED: ['card'],
  TOKEN_REVOKED: ['card'],
  HELLO_INVALID: ['card'],
  EVIDENCE_UNSUPPORTED: ['card'],
  EVIDENCE_MISSING: ['card'],
  REPLACEMENT_OFFERED: ['reject'],
  SERIAL_CONFLICT: ['claim', 'reject'],
  HARDWARE_CHANGED: ['trust', 'revoke'],
  NODE_PASSWORD_FOREIGN: ['unclaim'],
  NODE_NAME_TAKEN: ['unclaim'],
  CLAIM_CONFLICT: ['unclaim'],
  DEVICE_HAS_NODE: ['unclaim'],
  DEVICE_REPLACED: ['bring-back'],
};

/** Stages in which a device may hold a ticket, or certificates of the cluster. */
const JOINED = new Set(['Approved', 'Joining', 'Ready', 'Failed', 'Quarantined', 'Replaced']);

/** Stages in which its agent (or, on a node, a Job) can be asked to make itself known. */
const IDENTIFIABLE = new Set(['NoEvidence', 'Pending', 'Approved', 'Joining', 'Ready', 'Failed']);

/** The buttons of a device's card, in their order: what helps it on, then what keeps it out. */
export function actionsOf(device: DeviceView, m: Messages): CardAction[] {
  const { stage, failure } = device;
  const claim = claimOf(device);
  const hasKey = !device.id.startsWith('mac:');
  const mayKeepOut = claim === undefined && groupOf(device) !== 'aside' && stage !== 'Ready';
  const isClaimable = claim === undefined && device.claim === undefined && device.claimable;
  const offered: Record<ActionId, boolean> = {
    claim: isClaimable || (claim === undefined && (stage === 'Seen' || stage === 'Ready')),
    code: device.codeAwaited === true,
    card: stage === 'NoEvidence',
    retry: stage === 'Failed',
    trust: stage === 'Quarantined',
    reconsider: groupOf(device) === 'aside' && stage !== 'Replaced',
    'bring-back': stage === 'Replaced',
    replace: claim !== undefined && groupOf(device) === 'attention' && JOINED.has(stage),
    edit: claim !== undefined && groupOf(device) !== 'aside',
    identify: hasKey && IDENTIFIABLE.has(stage),
    unclaim: claim !== undefined,
    rotate: stage === 'Revoked',
    revoke: hasKey && JOINED.has(stage),
    ignore: mayKeepOut,
    reject: mayKeepOut && hasKey,
  };
  const wanted = failure === undefined ? [] : (REMEDIES[failure.code] ?? (stage === 'Failed' ? ['retry'] : []));
  // The newcomer's first answer is the one that its offer shows.
  const primary =
    device.offer !== undefined ? undefined : isClaimable ? 'claim' : claim === undefined ? 'code' : 'retry';
  return (Object.keys(offered) as ActionId[])
    .filter((id) => offered[id])
    .map((id) => ({
      text: id === 'claim' && stage === 'Seen' ? m.actions.claimAhead : m.actions[id],
      look: id === primary ? 'primary' : isQuiet(id) ? 'quiet' : 'plain',
      does: doingOf(id, device, claim),
      isRemedy: wanted.includes(id),
    }));
}

const ADMINS_DIALOGS = new Set<Dialog['kind']>(['revoke', 'cluster-ca', 'card']);

/** Whether somebody in a role may do it. */
export function mayDo({ does }: CardAction, role: Role | undefined): boolean {
  return reaches(role, 'dialog' in does && ADMINS_DIALOGS.has(does.dialog.kind) ? 'admin' : 'claimer');
}

/** The claim that says that another device has this one's place. */
export function replacingClaim(device: DeviceView, claims: readonly ClaimView[]): ClaimView | undefined {
  return claims.find(({ replaces }) => replaces === device.id);
}

/** Boards that could take a device's place: those that offer it first, then what has evidence and no claim. */
export function successorsOf(old: DeviceView, devices: readonly DeviceView[]): DeviceView[] {
  const offering = old.offeredBy ?? [];
  const others = devices.filter((each) => each.claimable && each.claim === undefined && !offering.includes(each.id));
  return [...devices.filter((each) => offering.includes(each.id)), ...others].filter(({ id }) => id !== old.id);
}

function isQuiet(id: ActionId): boolean {
  return ['edit', 'identify', 'unclaim', 'revoke', 'ignore', 'reject', 'rotate'].includes(id);
}

function doingOf(id: ActionId, device: DeviceView, claim: string | undefined): CardAction['does'] {
  const cardId = device.id;
  switch (id) {
    case 'claim':
    case 'trust':
    case 'revoke':
    case 'reject':
    case 'identify':
      return { dialog: { kind: id, cardId, device } };
    case 'bring-back':
      return { dialog: { kind: id, cardId, device } };
    case 'replace':
      return { dialog: { kind: 'replace', cardId, old: device } };
    case 'edit':
      return { dialog: { kind: id, cardId, claim: claim ?? '', device } };
    case 'unclaim':
      return { dialog: { kind: 'unclaim', cardId, claim: claim ?? '', device } };
    case 'code':
      return { href: hrefOf('scan') };
    case 'card':
      return { dialog: { kind: 'card', cardId } };
    case 'rotate':
      return { dialog: { kind: 'cluster-ca', cardId } };
    case 'ignore':
      return { decision: 'Ignored' };
    case 'retry':
      return { decision: 'Retry' };
    case 'reconsider':
      return { decision: 'Undecided' };
  }
}
