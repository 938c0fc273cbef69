import { expect, it } from 'vitest';
import { en } from '../../../ui/messages/en.ts';
import { namesByPattern } from '../../../ui/name-pattern.ts';

const BOARDS = [
  { id: 'k4t7m2c0ffee00000000000000', shortId: 'k4t7m2', serial: '10000000ABCDEF01', macs: ['b8:27:eb:00:0A:01'] },
  { id: 'z9t7m2c0ffee00000000000000', shortId: 'z9t7m2', macs: [] },
];
const names = (pattern: string, taken: string[] = []): string[] =>
  namesByPattern(pattern, BOARDS, new Set(taken), en).map(({ name }) => name);
const problems = (pattern: string, taken: string[] = []): (string | undefined)[] =>
  namesByPattern(pattern, BOARDS, new Set(taken), en).map(({ problem }) => problem);

it.each([
  ['pi-{n}', [], ['pi-1', 'pi-2']],
  ['pi-{n}', ['pi-1', 'pi-3'], ['pi-2', 'pi-4']],
  ['gh-{n2}', ['gh-01'], ['gh-02', 'gh-03']],
  ['gh-{n3}-a', [], ['gh-001-a', 'gh-002-a']],
  ['pi-{id}', [], ['pi-k4t7m2', 'pi-z9t7m2']],
])('%s beside %j gives %j', (pattern, taken, expected) => {
  expect(names(pattern, taken)).toEqual(expected);
  expect(problems(pattern, taken)).toEqual([undefined, undefined]);
});

it('says what a board has not said, what would be there twice, what is taken and what is no name', () => {
  expect(names('pi-{serial}')).toEqual(['pi-abcdef01', 'pi-{serial}']);
  expect(problems('pi-{serial}')).toEqual([undefined, en.dialogs.bulk.missing]);
  expect(problems('pi-{mac6}')[1]).toBe(en.dialogs.bulk.missing);
  expect(problems('pi')).toEqual([undefined, en.dialogs.bulk.doubled('pi')]);
  expect(problems('pi', ['pi'])[0]).toBe(en.rules.taken('pi'));
  expect(problems('Pi {n}')).toEqual([en.rules.name, en.rules.name]);
  expect(problems('{x}')[0]).toBe(en.dialogs.bulk.missing);
});
