import { describe, expect, it } from 'vitest';
import { checkClaim } from '../../../api/core/claim-rules.ts';
import { isUsherError } from '../../../foundation/errors.ts';
import { en } from '../../../ui/messages/en.ts';
import { pairChange, pairProblem, pairTextOf, type PairText } from '../../../ui/pair-rules.ts';

const NONE: PairText = { name: '', role: '' };
const LEFT: PairText = { name: 'left', role: 'Primary' };

function isTaken(name: string): boolean {
  try {
    checkClaim({ pair: { name, role: 'Primary' } });
    return true;
  } catch (error) {
    expect(isUsherError(error, 'CLAIM_INVALID')).toBe(true);
    return false;
  }
}

describe('what the page says of the name of a pair while somebody types', () => {
  it.each(['left', '0', 'a-b', '', 'a.b', 'Left', '-a', 'a-', ' a', 'ä', 'a'.repeat(63), 'a'.repeat(64)])(
    'of %j is what the appliance says',
    (name) => {
      expect(pairProblem({ name, role: 'Primary' }, en) === undefined).toBe(isTaken(name));
    },
  );

  it('is nothing where the node is not one of a pair', () => {
    expect(pairProblem({ name: 'Not A Name', role: '' }, en)).toBeUndefined();
  });
});

describe('what is sent of the pair when a claim is edited', () => {
  it('begins with what the claim has', () => {
    expect(pairTextOf({ pair: { name: 'left', role: 'Primary' } })).toEqual(LEFT);
    expect([pairTextOf({}), pairTextOf(undefined)]).toEqual([NONE, NONE]);
  });

  it.each<[string, PairText, PairText, ReturnType<typeof pairChange>]>([
    ['nothing when it was not touched', LEFT, { ...LEFT }, {}],
    ['nothing when there is none still', NONE, { name: 'left', role: '' }, {}],
    ['null when it is taken out', LEFT, { ...LEFT, role: '' }, { pair: null }],
    ['the whole pair when it comes in', NONE, LEFT, { pair: { name: 'left', role: 'Primary' } }],
    ['the whole pair for another role', LEFT, { ...LEFT, role: 'Backup' }, { pair: { name: 'left', role: 'Backup' } }],
    ['the whole pair for another name', LEFT, { ...LEFT, name: 'b' }, { pair: { name: 'b', role: 'Primary' } }],
  ])('is %s', (_what, before, now, sent) => {
    expect(pairChange(before, now)).toEqual(sent);
  });
});
