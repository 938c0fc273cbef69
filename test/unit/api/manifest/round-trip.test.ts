import { parse as csvParse } from 'csv-parse/sync';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { csvCells } from '../../../../api/core/manifest/csv-cells.ts';
import { csvCell, withoutGuard } from '../../../../api/core/manifest/spreadsheet.ts';
import { toDeviceClaim } from '../../../../api/core/claim.ts';
import { writeManifest } from '../../../../api/server/manifest/read-manifest.ts';
import type { DeviceClaim, DeviceClaimSpec } from '../../../../k8s/core/resources.ts';
import { claimOf, ManifestSite } from './manifest-site.ts';

const RUNS = { numRuns: 60 };
const unitsOf = (text: string): fc.Arbitrary<string> => fc.constantFrom(...Array.from(text));
const FORMATS = ['csv', 'yaml'] as const;

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: unitsOf('0123456789abcdef'), minLength: length, maxLength: length });
const crockford = fc.string({
  unit: unitsOf('0123456789abcdefghjkmnpqrstvwxyz'),
  minLength: 26,
  maxLength: 26,
});
const mac = fc.array(hex(2), { minLength: 6, maxLength: 6 }).map((parts) => parts.join(':'));
const word = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,6}[a-z0-9])?$/);
const value = fc.oneof(fc.constant(''), fc.stringMatching(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,8}[A-Za-z0-9])?$/));
const key = fc.oneof(
  word,
  fc.tuple(word, word).map(([prefix, name]) => `${prefix}.example.org/${name}`),
);
/** What a board may say of itself: kubectl takes any text. */
const serial = fc
  .oneof(
    hex(16),
    fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }),
    fc.constantFrom('=1+1', '-7', "'=x", '@a', '"q"', 'a;b,c'),
  )
  .filter((text) => text.trim() === text && text !== '' && !/^\d+([.,]\d+)?e\+\d+$/i.test(text));
const match = fc.oneof(
  serial.map((text) => ({ serial: text })),
  mac.map((text) => ({ mac: text })),
  crockford.map((text) => ({ device: text })),
  hex(64).map((text) => ({ keyFingerprint: text })),
  hex(20).map((text) => ({ duid: text })),
);
const taint = fc.record(
  {
    key,
    value: value.filter((text) => text !== ''),
    effect: fc.constantFrom('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
  },
  { requiredKeys: ['key', 'effect'] },
);
const spec = fc.record(
  {
    match,
    nodeName: word,
    labels: fc.dictionary(key, value, { maxKeys: 4 }),
    taints: fc.uniqueArray(taint, { maxLength: 3, selector: ({ key: name, effect }) => `${name}:${effect}` }),
    pair: fc.record({ name: word, role: fc.constantFrom('Primary', 'Backup') }),
    reclaimPolicy: fc.constantFrom('Retain', 'Release'),
  },
  { requiredKeys: ['match'] },
) as fc.Arbitrary<DeviceClaimSpec>;
const claims = fc
  .uniqueArray(fc.tuple(word, spec), {
    maxLength: 6,
    selector: ([name]) => name,
  })
  .map((all) => {
    const taken = new Set<string>();
    return all.flatMap(([name, each]): DeviceClaim[] => {
      const marks = [`n:${each.nodeName ?? name}`, JSON.stringify(each.match).toLowerCase()];
      if (marks.some((mark) => taken.has(mark))) return [];
      for (const mark of marks) taken.add(mark);
      return [claimOf(name, each)];
    });
  });

async function siteWith(all: readonly DeviceClaim[]): Promise<ManifestSite> {
  const site = new ManifestSite();
  for (const { metadata, spec: wanted } of all) await site.claim(metadata.name, wanted);
  return site;
}

describe('export and import', () => {
  it.each(FORMATS)('what %s export gives changes nothing', async (format) => {
    await fc.assert(
      fc.asyncProperty(claims, async (all) => {
        const site = await siteWith(all);
        const { rows, counts } = site.preview(site.desk.export(format), format);
        expect(rows.filter(({ outcome }) => outcome !== 'unchanged')).toEqual([]);
        expect(counts.unchanged).toBe(all.length);
      }),
      RUNS,
    );
  });

  it.each(FORMATS)('%s makes the same claims on another site, and twice changes nothing', async (format) => {
    await fc.assert(
      fc.asyncProperty(claims, async (all) => {
        const text = writeManifest(all, format);
        const site = new ManifestSite();
        const first = await site.import(text, { format });
        expect(first).toEqual({ created: all.length, changed: 0, unchanged: 0, left: [] });
        site.kube.calls.length = 0;
        expect(await site.import(text, { format })).toEqual({
          created: 0,
          changed: 0,
          unchanged: all.length,
          left: [],
        });
        expect(site.kube.writes()).toEqual([]);
        expect(writeManifest(await site.claims(), format)).toBe(text);
      }),
      RUNS,
    );
  });

  it('exports YAML as kubectl applies it', () => {
    fc.assert(
      fc.property(claims, (all) => {
        const documents = parseAllDocuments(writeManifest(all, 'yaml'));
        const read = (Array.isArray(documents) ? documents : []).map((each) => each.toJS() as DeviceClaim);
        expect(read.map(({ spec: wanted }) => wanted.match)).toEqual(
          [...all].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).map(({ spec: wanted }) => wanted.match),
        );
      }),
      RUNS,
    );
  });

  it('makes the claim that the API makes', async () => {
    const site = new ManifestSite();
    await site.import('name,mac,labels,taints,pair\ntank,B827EBC0FFEE,a=b,x=y:NoExecute,p:backup\n');
    const [made] = await site.claims();
    const wanted = toDeviceClaim(
      {
        ...{ name: 'tank', match: { mac: 'b8-27-eb-c0-ff-ee' }, labels: { a: 'b' } },
        ...{ taints: [{ key: 'x', value: 'y', effect: 'NoExecute' }], pair: { name: 'p', role: 'Backup' } },
      },
      undefined,
    );
    expect(made).toMatchObject(wanted);
  });
});

describe('cells', () => {
  const cell = fc.string({ maxLength: 12, unit: unitsOf('ab=+-@＝＠\'",;\t\n é') });
  const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });

  it('are read as an independent reader reads them, and are no formula to a spreadsheet', () => {
    fc.assert(
      fc.property(table, (rows) => {
        const text = rows.map((row) => row.map(csvCell).join(',')).join('\r\n');
        const theirs: string[][] = csvParse(text, { relax_column_count: true, trim: false });
        expect(theirs.flat().filter((one) => /^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/u.test(one))).toEqual([]);
        const ours = csvCells(text, ',').map((row) => row.map((one) => one.text));
        const trimmed = theirs.map((row) => row.map((one) => one.replaceAll('\r\n', '\n').trim()));
        expect(ours).toEqual(trimmed.filter((row) => row.some((one) => one !== '')));
        expect(theirs.map((row) => row.map(withoutGuard))).toEqual(
          rows.filter((row) => row.length > 1 || row[0] !== ''),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('stand where the reader says', () => {
    fc.assert(
      fc.property(table, (rows) => {
        const text = rows.map((row) => row.map(csvCell).join(';')).join('\n');
        const lines = text.split('\n');
        for (const { text: read, place } of csvCells(text, ';').flat()) {
          const rest = lines
            .slice(place.line - 1)
            .join('\n')
            .slice(place.column - 1);
          const begin = read.split('\n')[0] ?? '';
          expect(
            rest
              .replace(/^ *"?\s*/, '')
              .replaceAll('""', '"')
              .startsWith(begin),
          ).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
