import { describe, expect, it } from 'vitest';
import { bestLanguage } from '../../../ui/language.ts';
import { de } from '../../../ui/messages/de.ts';
import { en } from '../../../ui/messages/en.ts';

/** Every text of a language by its path; functions with arguments that a reader would recognise. */
function textsOf(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    const made: unknown = (value as (...args: string[]) => unknown)('2', '3');
    return [[path, String(made)]];
  }
  return Object.entries(value as object).flatMap(([key, child]) => textsOf(child, `${path}.${key}`));
}

const gaps = (text: string): string[] => [...text.matchAll(/\{[a-zA-Z]+\}/g)].map(([gap]) => gap).sort();

describe('German', () => {
  const english = new Map(textsOf(en));

  it('has the gaps of every English text, and no empty one', () => {
    const wrong = textsOf(de).filter(
      ([path, text]) => text.trim() === '' || gaps(text).join() !== gaps(english.get(path) ?? '').join(),
    );
    expect(wrong).toEqual([]);
  });

  it('is translated: hardly a text of some length is the English one', () => {
    const same = textsOf(de).filter(([path, text]) => text.length > 15 && english.get(path) === text);
    expect(same.map(([path]) => path).sort()).toEqual(['.screens.import.fromTo', '.screens.settings.versions']);
  });

  it('has the forms of a number', () => {
    expect([1, 2, 1000].map(de.list.caption)).toEqual(['Ein Gerät', '2 Geräte', '1.000 Geräte']);
    expect([0, 1, 1000].map(en.list.caption)).toEqual(['0 devices', 'One device', '1,000 devices']);
  });
});

it.each([
  [['de-AT', 'en'], 'de'],
  [['fr', 'DE'], 'de'],
  [['fr-FR'], 'en'],
  [[], 'en'],
  [['constructor', 'toString'], 'en'],
] as const)('of %j the page takes %s', (wanted, expected) => {
  expect(bestLanguage(wanted)).toBe(expected);
});
