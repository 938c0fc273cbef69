import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../../cli/main.ts';
import { CATALOGUE } from '../../../foundation/error-catalogue.ts';

/** Words of the sentence that may follow a command. */
const PROSE = new Set([
  'lists',
  'checks',
  'prints',
  'says',
  'names',
  'on',
  'or',
  'and',
  'for',
  'again',
  'with',
  'then',
]);

/** Every `usher …` in a text: its words, placeholders and flags up to the end of what could be a command line. */
function commandLines(text: string): string[][] {
  return [...text.matchAll(/\busher((?: (?:--?[a-z][a-z-]*|\{\w+\}|[a-z][a-z-]*|[A-Z]+\b))+)/g)].map(([, words = '']) =>
    words.trim().split(' '),
  );
}

/** What is wrong with a command line, or undefined. */
async function problemOf(words: readonly string[]): Promise<string | undefined> {
  let at: Command | undefined = await buildProgram(words);
  const options: string[] = [];
  for (const [i, word] of words.entries()) {
    if (PROSE.has(word)) break;
    if (word.startsWith('-')) options.push(word);
    if (word.startsWith('-') || /^[{A-Z]/.test(word)) continue;
    const child: Command | undefined = at.commands.find((command) => command.name() === word);
    if (child === undefined) return i > 0 && at.commands.length === 0 ? undefined : `there is no ${word}`;
    at = child;
  }
  const unknown = options.find((flag) => !at.options.some(({ long, short }) => long === flag || short === flag));
  return unknown === undefined ? undefined : `${at.name()} has no ${unknown}`;
}

describe('the remedies of all errors', () => {
  const lines = Object.entries(CATALOGUE).flatMap(([code, { remedy }]) =>
    commandLines(remedy).map((words) => ({ code, words, line: `usher ${words.join(' ')}` })),
  );

  it('name commands', () => {
    expect(lines.length).toBeGreaterThan(10);
  });

  it.each(lines)('$code: $line', async ({ words }) => {
    expect(await problemOf(words)).toBeUndefined();
  });

  it.each([
    ['usher device rety', 'there is no rety'],
    ['usher devcies', 'there is no devcies'],
    ['usher replace {joined} --whit {device}', 'replace has no --whit'],
    ['usher tokens make', 'there is no make'],
  ])('would not name %s', async (line, problem) => {
    expect(await problemOf(commandLines(line)[0] ?? [])).toBe(problem);
  });
});
