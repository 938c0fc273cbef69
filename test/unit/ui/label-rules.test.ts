import { describe, expect, it } from 'vitest';
import { checkClaim } from '../../../api/core/claim-rules.ts';
import { isUsherError } from '../../../foundation/errors.ts';
import { labelProblems, nameProblem } from '../../../ui/label-rules.ts';
import { en } from '../../../ui/messages/en.ts';

const long = (length: number): string => 'a'.repeat(length);

/** Whether the appliance takes it: the page must say the same while somebody types. */
function isTaken(claim: Parameters<typeof checkClaim>[0]): boolean {
  try {
    checkClaim(claim);
    return true;
  } catch (error) {
    expect(isUsherError(error, 'CLAIM_INVALID')).toBe(true);
    return false;
  }
}

describe('what the page says while somebody types', () => {
  it.each([
    ...['lathe-left', 'a', '0', 'a.b', 'Lathe', 'lathe_left', '-a', 'a-', '', ' a', 'a b', 'ä', long(63), long(64)],
    ...['a..b', '.a', 'a.', '<img>'],
  ])('of the name %j is what the appliance says', (name) => {
    expect(nameProblem(name, en) === undefined).toBe(isTaken({ name }));
  });

  it.each([
    ...['machine', 'Machine', 'a_b.c-d', '0', '-a', 'a-', 'a b', 'ä', long(63), long(64), 'site.example/machine'],
    ...['/machine', 'site.example/', 'Site/machine', 'a/b/c', 'kubernetes.io/x', 'sub.k8s.io/x', 'k3s.io/x'],
    ...['node.usher.internal/x', 'k3s.cattle.io/x', 'notkubernetes.io/x', `${long(253)}/x`, `${long(254)}/x`],
  ])('of the key %j is what the appliance says', (key) => {
    expect(labelProblems([{ key, value: 'v' }], en)[0] === undefined).toBe(isTaken({ labels: { [key]: 'v' } }));
  });

  it.each(['', 'lathe', 'Lathe_1.a-b', '-a', 'a-', 'a b', '<b>', long(63), long(64)])(
    'of the value %j is what the appliance says',
    (value) => {
      expect(labelProblems([{ key: 'k', value }], en)[0] === undefined).toBe(isTaken({ labels: { k: value } }));
    },
  );

  it('names a key that is there twice, a value without a key, and ignores empty rows', () => {
    const rows = [
      { key: 'a', value: '1' },
      { key: '', value: '' },
      { key: 'a', value: '2' },
      { key: '', value: '3' },
    ];
    expect(labelProblems(rows, en)).toEqual([undefined, undefined, '“a” is there twice.', 'A label needs a key.']);
  });

  it('stops at as many labels as the appliance takes', () => {
    const rows = Array.from({ length: 33 }, (_none, n) => ({ key: `k${n}`, value: '' }));
    expect(labelProblems(rows, en).map((problem) => problem !== undefined)).toEqual(rows.map((_row, n) => n === 32));
    expect(isTaken({ labels: Object.fromEntries(rows.map(({ key }) => [key, ''])) })).toBe(false);
  });
});
