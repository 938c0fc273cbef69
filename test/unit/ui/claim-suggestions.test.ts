import { describe, expect, it } from 'vitest';
import { suggestedLabels, suggestedNames } from '../../../ui/claim-suggestions.ts';

function claim(name: string, labels: Record<string, string> = {}) {
  return { name, nodeName: name, labels };
}

describe('names that go on from those that are there', () => {
  it.each<[string[], string[]]>([
    [[], []],
    [['lathe-left'], []],
    [['lathe-1'], ['lathe-2']],
    [
      ['lathe-9', 'lathe-10', 'tank-1'],
      ['lathe-11', 'tank-2'],
    ],
    [['gh-07', 'gh-08'], ['gh-09']],
    [['gh-09'], ['gh-10']],
    [['hall-3-left'], ['hall-4-left']],
    [
      ['a-1', 'b-1', 'c-1', 'd-1'],
      ['a-2', 'b-2', 'c-2'],
    ],
  ])('%j → %j', (names, expected) => {
    expect(suggestedNames(names.map((name) => claim(name)))).toEqual(expected);
  });

  it('leave out the name of a node that another claim asks for', () => {
    expect(suggestedNames([claim('lathe-1'), { name: 'other', nodeName: 'lathe-2', labels: {} }])).toEqual(['lathe-3']);
  });
});

describe('labels as the others have them', () => {
  const lathes = [
    claim('lathe-1', { machine: 'lathe', location: 'lathe-1', bay: 'b01', note: 'old' }),
    claim('lathe-2', { machine: 'lathe', location: 'lathe-2', bay: 'b02' }),
    claim('lathe-3', { machine: 'lathe', location: 'lathe-3', bay: 'b03' }),
  ];
  const tank = claim('tank-1', { machine: 'tank', site: 'north' });

  it('are those of the same family, with values that follow name and number, and without what only one has', () => {
    expect(suggestedLabels([...lathes, tank], 'lathe-4')).toEqual([
      { key: 'machine', value: 'lathe' },
      { key: 'location', value: 'lathe-4' },
      { key: 'bay', value: 'b04' },
    ]);
  });

  it('are what most claims have where the name is of no family; a value that differs is left to the operator', () => {
    expect(suggestedLabels([...lathes, tank], 'oven')).toEqual([
      { key: 'machine', value: '' },
      { key: 'location', value: 'oven' },
      { key: 'bay', value: '' },
    ]);
    expect(suggestedLabels([], 'oven')).toEqual([]);
  });
});
