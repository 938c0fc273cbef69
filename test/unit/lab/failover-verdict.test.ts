import { describe, expect, it } from 'vitest';
import type { FailoverFigures } from '../../bench/failover.ts';
import { violationsOf } from '../../bench/failover-verdict.ts';
import { summarise } from '../../bench/summary.ts';

const figures = (doubleActiveMs: number[]) => ({ gapMs: summarise([100]), doubleActiveMs: summarise(doubleActiveMs) });
const none = figures([0, 0, 0]);
const some = figures([0, 7, 0]);

describe('the verdict of the failover bench', () => {
  it.each<[string, FailoverFigures, RegExp[]]>([
    ['never two, and the control shows two', { usher: { powerCut: none }, usherFast: {}, unfenced: some }, []],
    ['two once', { usher: { powerCut: some, linkCut: none }, usherFast: {} }, [/^powerCut: .* 7 ms/]],
    ['two once, fast', { usher: {}, usherFast: { linkCut: some } }, [/^linkCut \(fast\): .* 7 ms/]],
    ['a control that shows nothing', { usher: {}, usherFast: {}, unfenced: none }, [/^unfenced: /]],
    [
      'stock Kubernetes is only compared with',
      { usher: {}, usherFast: {}, stock: { defaults: some, tuned: some } },
      [],
    ],
  ])('%s', (_what, found, expected) => {
    const lines = violationsOf(found);
    expect(lines).toHaveLength(expected.length);
    for (const [index, line] of expected.entries()) expect(lines[index]).toMatch(line);
  });
});
