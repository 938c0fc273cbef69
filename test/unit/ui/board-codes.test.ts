import { expect, it } from 'vitest';
import { boardOf, rowsAsCsv } from '../../../ui/screens/board-codes.ts';

it.each([
  ['10000000ABCDEF01', { kind: 'serial', value: '10000000abcdef01' }],
  ['abcdef01', { kind: 'serial', value: 'abcdef01' }],
  ['B827EB00000A', { kind: 'mac', value: 'b8:27:eb:00:00:0a' }],
  ['b8-27-eb-00-00-0a', { kind: 'mac', value: 'b8:27:eb:00:00:0a' }],
  ['https://example.org', undefined],
  ['=HYPERLINK("x")', undefined],
  ['', undefined],
])('%s names %j', (text, board) => {
  expect(boardOf(text)).toEqual(board);
});

it('becomes rows of an import', () => {
  expect(rowsAsCsv([{ kind: 'mac', value: 'b8:27:eb:00:00:0a' }])).toBe(
    'name,serial,mac,duid,labels\n,,b8:27:eb:00:00:0a,,\n',
  );
});
