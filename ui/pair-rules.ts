import type { ClaimChange, ClaimView, NewClaim } from '../api/core/schemas.ts';
import type { Messages } from './messages/en.ts';

// The rule of api/core/claim-rules.ts in words for somebody who is typing; the appliance checks again.

export interface PairText {
  name: string;
  role: 'Primary' | 'Backup' | '';
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** What is wrong with the name of a pair, or undefined. */
export function pairProblem({ name, role }: PairText, m: Messages): string | undefined {
  return role === '' || DNS_LABEL.test(name) ? undefined : m.rules.pairName;
}

/** The part of a claim that says it; nothing for a node that is not one of a pair. */
export function pairOf({ name, role }: PairText): Pick<NewClaim, 'pair'> {
  return role === '' ? {} : { pair: { name, role } };
}

/** What the fields begin with for a claim that is there. */
export function pairTextOf(claim: Pick<ClaimView, 'pair'> | undefined): PairText {
  const { name = '', role = '' } = claim?.pair ?? {};
  return role === 'Primary' || role === 'Backup' ? { name, role } : { name: '', role: '' };
}

/** The part of a change that says it: null takes the claim out of its pair; nothing where it is as it was. */
export function pairChange(before: PairText, now: PairText): Pick<ClaimChange, 'pair'> {
  if (now.role === '') return before.role === '' ? {} : { pair: null };
  return now.role === before.role && now.name === before.name ? {} : pairOf(now);
}
