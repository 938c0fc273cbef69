import { describe, expect, it } from 'vitest';
import { PhraseBook } from '../../../ui/messages/phrase-book.ts';

const book = new PhraseBook(
  'de',
  {
    TAKEN: {
      english: { message: '{kind} {name} exists', remedy: 'Choose {hint}' },
      own: { message: '{name} gibt es ({kind})', remedy: 'Wählen Sie {hint}' },
    },
    WORN: {
      english: { message: 'The card is worn', remedy: 'Replace it.' },
      own: { message: 'Die Karte ist alt', remedy: 'Ersetzen Sie sie.' },
    },
    SAID: {
      english: { message: 'It said {detail}', remedy: '{remedy}' },
      own: { message: 'Es sagte {detail}', remedy: '{remedy}' },
    },
  },
  [
    ['waits for {what}', 'wartet auf {what}'],
    ['waits for node {node} to be Ready', 'wartet, bis {node} bereit ist'],
    ['address {ip:item}', 'Adresse {ip}'],
    ['calls itself {hostname:item}', 'nennt sich {hostname}'],
    ['{what:known} on {interface:word}', '{what} auf {interface}'],
    ['another device', 'ein anderes Gerät'],
    ['expires at {at}', 'endet {at}'],
  ],
);

describe('a phrase book', () => {
  it.each([
    ['puts the parameters in their other places', 'Secret a-1 exists', 'TAKEN', 'a-1 gibt es (Secret)'],
    ['takes the most telling template', 'waits for node pi-1 to be Ready', undefined, 'wartet, bis pi-1 bereit ist'],
    ['knows what is quoted', 'It said waits for another device', 'SAID', 'Es sagte wartet auf ein anderes Gerät'],
    ['reads sentence by sentence', 'The card is worn. Replace it. waits for x', undefined, undefined],
    ['joins sentences', 'The card is worn. Replace it.', undefined, 'Die Karte ist alt. Ersetzen Sie sie.'],
    [
      'joins a list',
      'address 10.0.0.7, calls itself pi on eth0',
      undefined,
      'Adresse 10.0.0.7, nennt sich pi auf eth0',
    ],
    ['leaves a half-known list', 'address 10.0.0.7, sings a song', undefined, undefined],
    ['leaves what it does not know', 'pulled image in 3 s', undefined, undefined],
    ['leaves a place whose thing it does not know', 'back-off restarting on eth0', undefined, undefined],
    ['does not run past the end of a template', 'Ready', undefined, undefined],
  ])('%s', (_, text, code, expected) => {
    expect(book.tell(text, code)).toBe(expected);
  });

  it('shows moments as the reader writes them', () => {
    expect(book.tell('expires at 2026-03-15T12:00:00Z')).toMatch(/^endet 1[456]\.0?3\.2026, \d\d:\d\d$/);
  });

  it('takes no long time for a text made to take it', () => {
    const evil = `It said ${'waits for . '.repeat(400)}`;
    const started = performance.now();
    book.tell(evil, 'SAID');
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
