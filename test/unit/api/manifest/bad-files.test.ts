import { describe, expect, it } from 'vitest';
import { isUsherError } from '../../../../foundation/errors.ts';
import {
  MOST_MANIFEST_CHARACTERS,
  MOST_MANIFEST_ROWS,
  type ManifestFormat,
} from '../../../../api/core/schemas/manifests.ts';
import { ManifestSite } from './manifest-site.ts';

const S = '10000000abcdef01';
const TOP = 'apiVersion: usher.internal/v1alpha1\nkind: DeviceClaim\nmetadata: { name: tank }\n';
const SPEC = `${TOP}spec:\n  match: { serial: '${S}' }\n`;
const BOMB = ['a: &a [x, x, x, x, x, x, x, x, x]'].concat(
  ...'bcdefghi'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
);

type Told = [line: number, column: unknown, code: string, words: string];

/** Where and why a file is refused, or its only bad row is. */
function toldOf(format: ManifestFormat, text: string): Told {
  try {
    const bad = new ManifestSite().preview(text, format).rows.filter(({ outcome }) => outcome === 'invalid');
    const [row] = bad;
    if (row === undefined || bad.length > 1) return [0, 0, `${bad.length} bad rows`, ''];
    return [row.line, row.column, row.code ?? '', `${row.message ?? ''} ${row.remedy ?? ''}`];
  } catch (error) {
    if (!isUsherError(error)) throw error;
    const { line = 0, column } = error.params as { line?: number; column?: number };
    return [line, column, error.code, `${error.message} ${error.remedy}`];
  }
}

const CSV: [what: string, text: string, told: Told][] = [
  ['nothing', '', [1, 1, 'MANIFEST_MALFORMED', 'empty']],
  ['blank lines only', '\r\n\r\n;;\n', [1, 1, 'MANIFEST_MALFORMED', 'empty']],
  ['no heading for names', `serial\n${S}\n`, [1, 1, 'MANIFEST_MALFORMED', 'column name']],
  ['no heading for devices', 'name,labels\ntank,a=b\n', [1, 1, 'MANIFEST_MALFORMED', 'which device']],
  ['no headings', `tank,${S}\n`, [1, 1, 'MANIFEST_COLUMN_UNKNOWN', 'no column tank']],
  ['a misspelt heading', 'name,serail\n', [1, 6, 'MANIFEST_COLUMN_UNKNOWN', 'Did you mean serial?']],
  ['a heading twice', 'name,serial,Serial\n', [1, 13, 'MANIFEST_MALFORMED', 'twice']],
  ['a quote that does not end', `name,serial\n"tank,${S}\n`, [2, 1, 'MANIFEST_MALFORMED', 'does not end']],
  ['text behind a quote', `name,serial\n"tank"x,${S}\n`, [2, 7, 'MANIFEST_MALFORMED', 'follows the quote']],
  ['a NUL byte', `name,serial\nta\0nk,${S}\n`, [2, 3, 'MANIFEST_MALFORMED', 'NUL']],
  ['UTF-16 read as bytes', 'name,serial\n'.replaceAll(/(?<=.)/gs, '\0'), [1, 2, 'MANIFEST_MALFORMED', 'UTF-16']],
  ['ten megabytes', 'x'.repeat(10_000_000), [0, undefined, 'MANIFEST_TOO_LARGE', String(MOST_MANIFEST_CHARACTERS)]],
  ['a row without a name', `name,serial\n,${S}\n`, [2, 1, 'CLAIM_INVALID', 'no name']],
  ['a name in capitals', `name,serial\nTank,${S}\n`, [2, 1, 'CLAIM_INVALID', 'lower-case']],
  ['a name that is too long', `name,serial\n${'t'.repeat(64)},${S}\n`, [2, 1, 'CLAIM_INVALID', '63']],
  ['a row without a device', 'name,serial\ntank,\n', [2, undefined, 'CLAIM_INVALID', 'names no device']],
  ['a short row', 'name,serial,mac\ntank\n', [2, undefined, 'CLAIM_INVALID', 'names no device']],
  ['two devices in a row', `name,serial,mac\ntank,${S},b827ebc0ffee\n`, [2, 23, 'CLAIM_INVALID', 'twice']],
  ['a cell too many', `name,serial\ntank,${S},x\n`, [2, 23, 'CLAIM_INVALID', 'no heading']],
  ['labels without quotes', `name;serial;labels\ntank;${S};a=b;c=d\n`, [2, 27, 'CLAIM_INVALID', 'quotes']],
  ['a MAC with a digit too few', 'name,mac\ntank,b8:27:eb:c0:ff:e\n', [2, 6, 'CLAIM_INVALID', 'not a MAC']],
  ['a MAC that lost its zeros', 'name,mac\ntank,1122334455\n', [2, 6, 'CLAIM_INVALID', 'leading zeros']],
  ['a MAC as a number', 'name,mac\ntank,1.12233E+11\n', [2, 6, 'CLAIM_INVALID', 'spreadsheet rounds']],
  ['a serial as a number', 'name,serial\ntank,"1,00000E+15"\n', [2, 6, 'CLAIM_INVALID', 'spreadsheet rounds']],
  ['a serial that is too long', `name,serial\ntank,${'x'.repeat(65)}\n`, [2, 6, 'CLAIM_INVALID', '64']],
  ['a DUID with letters', 'name,duid\ntank,00:zz\n', [2, 6, 'CLAIM_INVALID', 'hexadecimal']],
  ['half a key fingerprint', `name,key_fp\ntank,${'ab'.repeat(16)}\n`, [2, 6, 'CLAIM_INVALID', '64 hex']],
  ['a short device id', 'name,device\ntank,k4t7m2\n', [2, 6, 'CLAIM_INVALID', 'full device id']],
  ['a label without =', `name,serial,labels\ntank,${S},lathe\n`, [2, 23, 'CLAIM_INVALID', 'key=value']],
  ['a label twice', `name,serial,labels\ntank,${S},a=b;a=c\n`, [2, 23, 'CLAIM_INVALID', 'twice']],
  ['a label of Kubernetes', `name,serial,labels\ntank,${S},kubernetes.io/x=y\n`, [2, 23, 'CLAIM_INVALID', 'claimed']],
  ['a label value with spaces', `name,serial,site\ntank,${S},hall 3\n`, [2, 23, 'CLAIM_INVALID', 'site=hall 3']],
  ['two values of a label', `name,serial,labels,site\ntank,${S},site=a,b\n`, [2, 30, 'CLAIM_INVALID', 'column labels']],
  ['a taint without effect', `name,serial,taints\ntank,${S},dedicated\n`, [2, 23, 'CLAIM_INVALID', 'NoSchedule']],
  ['a taint twice', `name,serial,taints\ntank,${S},a:NoExecute;a:NoExecute\n`, [2, 23, 'CLAIM_INVALID', 'twice']],
  ['a pair without a role', `name,serial,pair\ntank,${S},left\n`, [2, 23, 'CLAIM_INVALID', 'Primary']],
  ['a pair in capitals', `name,serial,pair\ntank,${S},Left:Primary\n`, [2, 23, 'CLAIM_INVALID', 'lower-case']],
  ['a policy of its own', `name,serial,reclaim_policy\ntank,${S},Delete\n`, [2, 23, 'CLAIM_INVALID', 'Retain']],
  ['a node name with _', `name,serial,node_name\ntank,${S},a_b\n`, [2, 23, 'CLAIM_INVALID', 'node name']],
  ['replaces by serial', `name,serial,replaces\ntank,${S},${'0'.repeat(26)}\n`, [2, 23, 'CLAIM_INVALID', 'device id']],
  ['a bad row behind a long cell', `name,serial\nok,"\n${S}"\nTank,${S}\n`, [4, 1, 'CLAIM_INVALID', 'Tank']],
];

const YAML: [what: string, text: string, told: Told][] = [
  ['no YAML', 'a: [1\nb: c\n', [2, 1, 'MANIFEST_MALFORMED', 'Flow sequence']],
  ['a key twice', `${SPEC}  labels: { a: b, a: c }\n`, [6, 19, 'MANIFEST_MALFORMED', 'unique']],
  ['a tab', 'metadata:\n\tname: x\n', [2, 1, 'MANIFEST_MALFORMED', 'Tabs']],
  ['a bomb of anchors', BOMB.join('\n'), [1, 1, 'MANIFEST_MALFORMED', 'alias']],
  ['an alias to nothing', 'a: *b\n', [1, 1, 'MANIFEST_MALFORMED', 'alias']],
  ['thousands of brackets', '['.repeat(5_000), [1, expect.any(Number), 'MANIFEST_MALFORMED', '']],
  ['a List in a List', 'kind: List\nitems: [{ kind: List, items: [] }]\n', [2, 17, 'MANIFEST_KIND_UNKNOWN', 'List']],
  ['a text', 'just words\n', [1, 1, 'CLAIM_INVALID', 'has no fields']],
  ['a list', '- a\n', [1, 1, 'CLAIM_INVALID', 'has no fields']],
  ['another kind', 'apiVersion: v1\nkind: Pod\nmetadata: { name: x }\n', [2, 7, 'MANIFEST_KIND_UNKNOWN', 'v1 Pod']],
  ['another version', TOP.replace('v1alpha1', 'v2'), [1, 13, 'MANIFEST_KIND_UNKNOWN', 'v2 DeviceClaim']],
  ['no kind', 'metadata: { name: x }\n', [1, 1, 'MANIFEST_KIND_UNKNOWN', 'This document']],
  ['a misspelt field', `${SPEC}  lables: { a: b }\n`, [6, 11, 'MANIFEST_FIELD_UNKNOWN', 'Did you mean labels?']],
  ['a misspelt match', `${TOP}spec: { match: { seral: x } }\n`, [4, 25, 'MANIFEST_FIELD_UNKNOWN', 'serial']],
  ['a field at the top', `${SPEC}data: 1\n`, [6, 7, 'MANIFEST_FIELD_UNKNOWN', 'no field data']],
  ['no spec', TOP, [1, 1, 'CLAIM_INVALID', 'spec is missing']],
  ['no match', `${TOP}spec: { labels: {} }\n`, [4, 7, 'CLAIM_INVALID', 'spec.match is missing']],
  ['an empty match', `${TOP}spec: { match: {} }\n`, [4, 16, 'CLAIM_INVALID', 'exactly one']],
  [
    'two matches',
    `${TOP}spec: { match: { mac: b827ebc0ffee, serial: '1' } }\n`,
    [4, 23, 'CLAIM_INVALID', 'exactly one'],
  ],
  [
    'a serial that YAML takes for a number',
    `${TOP}spec: { match: { serial: 0012345678 } }\n`,
    [4, 26, 'CLAIM_INVALID', 'quotes'],
  ],
  ['a label that YAML takes for a truth', `${SPEC}  labels: { a: true }\n`, [6, 16, 'CLAIM_INVALID', 'quotes']],
  ['a label of k3s', `${SPEC}  labels:\n    k3s.io/x: 'y'\n`, [7, 15, 'CLAIM_INVALID', 'k3s.io']],
  ['taints as a text', `${SPEC}  taints: a:NoSchedule\n`, [6, 11, 'CLAIM_INVALID', 'list']],
  ['a misspelt effect', `${SPEC}  taints: [{ key: a, effect: NoShedule }]\n`, [6, 12, 'CLAIM_INVALID', 'NoSchedule?']],
  ['a pair without a role', `${SPEC}  pair: { name: a }\n`, [6, 9, 'CLAIM_INVALID', 'role is missing']],
  ['a policy of its own', `${SPEC}  reclaimPolicy: Release!\n`, [6, 18, 'CLAIM_INVALID', 'did you mean Release']],
  [
    'replaces itself',
    `${TOP}spec: { match: { device: ${'k'.repeat(26)} }, replaces: ${'k'.repeat(26)} }\n`,
    [4, 66, 'CLAIM_INVALID', 'own place'],
  ],
  [
    'a name in capitals in a List',
    `kind: List\nitems:\n- ${TOP.replace('tank', 'T').replaceAll('\n', '\n  ')}spec: { match: { serial: x } }\n`,
    [5, 21, 'CLAIM_INVALID', 'lower-case'],
  ],
  ['a prototype', `${SPEC}__proto__: { a: 1 }\n`, [6, 12, 'MANIFEST_FIELD_UNKNOWN', '__proto__']],
];

describe('a bad CSV file', () => {
  it.each(CSV)('%s', (_what, text, [line, column, code, words]) => {
    const told = toldOf('csv', text);
    expect(told.slice(0, 3)).toEqual([line, column, code]);
    expect(told[3]).toContain(words);
  });
});

describe('a bad YAML file', () => {
  it.each(YAML)('%s', (_what, text, [line, column, code, words]) => {
    const told = toldOf('yaml', text);
    expect(told.slice(0, 3)).toEqual([line, column, code]);
    expect(told[3]).toContain(words);
  });
});

describe('a file that takes a parser seconds or gigabytes', () => {
  const many = MOST_MANIFEST_ROWS + 1;
  const HOSTILE: [what: string, format: ManifestFormat, text: string, code: string][] = [
    ['rows', 'csv', `name,serial\n${'a\n'.repeat(many)}`, 'MANIFEST_TOO_LARGE'],
    ['documents', 'yaml', '--- a\n'.repeat(many), 'MANIFEST_TOO_LARGE'],
    ['a list of anything', 'yaml', `kind: List\nitems:\n${'- 1\n'.repeat(many)}`, 'MANIFEST_TOO_LARGE'],
    ['parts', 'yaml', 'x:\n'.repeat(200_000), 'MANIFEST_TOO_LARGE'],
    ['aliases', 'yaml', `- &a x\n${'- *a\n'.repeat(1_001)}`, 'MANIFEST_TOO_LARGE'],
    ['brackets', 'yaml', '['.repeat(1_000_000), 'MANIFEST_MALFORMED'],
    ['dashes', 'yaml', '- '.repeat(500_000), 'MANIFEST_MALFORMED'],
    ['fields', 'yaml', Array.from({ length: 1_001 }, (_none, i) => `k${i}: 1\n`).join(''), 'MANIFEST_MALFORMED'],
  ];
  it.each(HOSTILE)('is refused before it does: too many %s', (_what, format, text, code) => {
    const rssBefore = process.memoryUsage().rss;
    expect(toldOf(format, text)[2]).toBe(code);
    expect(process.memoryUsage().rss - rssBefore).toBeLessThan(400 * 2 ** 20);
  });

  it('while the claims of a large site pass, in either format', () => {
    const rows = Array.from({ length: 1_500 }, (_none, i) => `press-${i},${String(10 ** 15 + i)}`);
    const csv = `name,serial\n${rows.join('\n')}\n`;
    const documents = rows.map((row) => {
      const [name = '', serial = ''] = row.split(',');
      return SPEC.replace('tank', name).replace(S, serial);
    });
    for (const [format, text] of [
      ['csv', csv],
      ['yaml', documents.join('---\n')],
    ] as const) {
      expect(new ManifestSite().preview(text, format).counts).toMatchObject({ new: 1_500, invalid: 0 });
    }
  });
});
