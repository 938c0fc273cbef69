import { appendFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../api/core/people/canonical-json.ts';
import type { AuditEvent, ChainHead } from '../../../api/core/people/audit-chain.ts';
import type { AuditAnchor } from '../../../api/server/people/audit-anchor.ts';
import { verifyAuditFiles } from '../../../api/server/people/audit-files.ts';
import { AuditLog } from '../../../api/server/people/audit-log.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { fullDisk } from '../../support/full-disk.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** The ConfigMap, in memory. */
class MemoryAnchor implements AuditAnchor {
  head: ChainHead | undefined;

  read(): Promise<ChainHead | undefined> {
    return Promise.resolve(this.head);
  }

  write(head: ChainHead): Promise<void> {
    this.head = head;
    return Promise.resolve();
  }
}

let dir: string;
let anchor: MemoryAnchor;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'usher-audit-'));
  anchor = new MemoryAnchor();
});
afterEach(() => rm(dir, { recursive: true }));

const open = (rotateBytes?: number): Promise<AuditLog> =>
  AuditLog.open({
    ...{ dir, anchor, clock: new ManualClock(), logger: silentLogger },
    ...(rotateBytes === undefined ? {} : { rotateBytes }),
  });
const event = (target: string): AuditEvent => ({
  ts: '2026-01-01T00:00:00.000Z',
  actor: { type: 'user', id: 'anna', ip: '10.0.0.7' },
  action: 'createClaim',
  target,
  result: 'ok',
});
const ONE = 'audit-000001.jsonl';
const pathOf = (name = ONE): string => join(dir, name);
const linesOf = async (name = ONE): Promise<string[]> =>
  (await readFile(pathOf(name), 'utf8')).split('\n').slice(0, -1);
const writeLines = (lines: string[]): Promise<void> => writeFile(pathOf(), lines.map((line) => `${line}\n`).join(''));
const kindsOf = async (): Promise<string[]> => {
  const { intact, problems } = await verifyAuditFiles(dir, anchor.head);
  return [intact ? 'intact' : 'broken', ...new Set(problems.map(({ kind }) => kind))];
};

async function fill(count: number, rotateBytes?: number): Promise<void> {
  const log = await open(rotateBytes);
  for (let i = 1; i <= count; i += 1) log.append(event(`claim-${i}`));
  await log.close();
}

it('canonical JSON is that of RFC 8785', () => {
  // Section 3.2.3: sorted by UTF-16 units; section 3.2.2: numbers and strings as ECMAScript writes them.
  const sorted = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
  expect(canonicalJson(sorted)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}');
  const numbers = [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0];
  expect(canonicalJson({ numbers, literals: [null, true, false], gone: undefined })).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0]}',
  );
  for (const wrong of ['\ud800', Number.NaN, undefined, () => 1])
    expect(() => canonicalJson(wrong)).toThrow('is no canonical JSON');
});

describe('the log', () => {
  it('is private, chained over restarts and files, anchored, and read newest first', async () => {
    await fill(5, 1000);
    await fill(5, 1000);
    const names = (await readdir(dir)).sort();
    expect(names).toEqual([ONE, 'audit-000002.jsonl']);
    expect((await stat(pathOf())).mode & 0o777).toBe(0o600);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect(anchor.head?.seq).toBe(10);
    expect(await verifyAuditFiles(dir, anchor.head)).toMatchObject({ intact: true, entries: 10, problems: [] });
    const log = await open();
    const first = await log.list({ limit: 4 });
    expect(first.items.map(({ seq }) => seq)).toEqual([10, 9, 8, 7]);
    const rest = await log.list({ limit: 100, cursor: Number(first.nextCursor), actor: 'anna' });
    expect([rest.items.length, rest.items.at(-1)?.target, rest.nextCursor]).toEqual([6, 'claim-1', undefined]);
    expect((await log.list({ limit: 9, action: 'revokeDevice' })).items).toEqual([]);
    await log.close();
  });

  it.each<[string, (lines: string[]) => string[], string]>([
    ['a changed line', (l) => l.map((text, i) => (i === 2 ? text.replace('anna', 'emma') : text)), 'Changed'],
    ['a removed line', (l) => l.toSpliced(2, 1), 'Missing'],
    ['a removed first line', (l) => l.slice(1), 'Missing'],
    ['lines that were cut off', (l) => l.slice(0, -2), 'CutOff'],
    ['all lines cut off', () => [], 'CutOff'],
    ['swapped lines', (l) => [...l.slice(0, 2), l[3] ?? '', l[2] ?? '', ...l.slice(4)], 'OutOfOrder'],
    ['a doubled line', (l) => [...l, l.at(-1) ?? ''], 'OutOfOrder'],
    ['rubbish', (l) => [...l.slice(0, 2), '{}', ...l.slice(2)], 'Unreadable'],
    ['a further field', (l) => l.map((text, i) => (i === 2 ? text.replace('{', '{"x":1,') : text)), 'Unreadable'],
  ])('tells of %s', async (_what, damage, kind) => {
    await fill(6);
    await writeLines(damage(await linesOf()));
    const found = await kindsOf();
    expect(found[0]).toBe('broken');
    expect(found).toContain(kind);
  });

  it('tells of a chain that was made anew, by its anchor', async () => {
    await fill(6);
    const before = anchor.head;
    await rm(pathOf());
    anchor.head = undefined;
    const forged = await open();
    for (let i = 1; i <= 6; i += 1) forged.append(event(`forged-${i}`));
    await forged.close();
    anchor.head = before;
    expect(await kindsOf()).toEqual(['broken', 'Changed']);
    // Nor does it heal when the appliance goes on writing.
    await fill(3);
    expect((await kindsOf())[0]).toBe('broken');
  });

  it('shows for ever that it was cut off', async () => {
    await fill(6);
    await writeLines((await linesOf()).slice(0, 4));
    await fill(2);
    expect(anchor.head?.seq).toBe(9);
    expect(await verifyAuditFiles(dir, anchor.head)).toMatchObject({
      intact: false,
      problems: [{ kind: 'Missing', seq: 5 }],
    });
  });
});

describe('a crash', () => {
  it('between the disk and the anchor is no tampering', async () => {
    await fill(3);
    const noted = anchor.head;
    await fill(3);
    anchor.head = noted;
    expect(await kindsOf()).toEqual(['intact']);
    await fill(1);
    expect(await kindsOf()).toEqual(['intact']);
    anchor.head = undefined;
    expect(await kindsOf()).toEqual(['intact']);
  });

  it('leaves nothing behind the anchor that could be cut off, once the log is open again', async () => {
    await fill(3);
    const noted = anchor.head;
    await fill(3);
    anchor.head = noted;
    await (await open()).close();
    expect(anchor.head?.seq).toBe(6);
  });

  it('that tears the last line is told apart, and the chain goes on', async () => {
    await fill(3);
    await appendFile(pathOf(), (await linesOf()).at(-1)?.slice(0, 80) ?? '');
    expect(await kindsOf()).toEqual(['intact', 'Torn']);
    await fill(2);
    expect(await kindsOf()).toEqual(['intact']);
    expect(anchor.head?.seq).toBe(5);
  });

  it('is no excuse for a line that was noted as whole', async () => {
    await fill(3);
    await truncate(pathOf(), (await stat(pathOf())).size - 10);
    expect(await kindsOf()).toEqual(['broken', 'Torn', 'CutOff']);
  });
});

describe('a full disk', () => {
  it('is told once, waited for, and leaves neither a gap nor half a line', async () => {
    const clock = new ManualClock();
    const failures: string[] = [];
    const onFailure = (since: string): void => void failures.push(since);
    const log = await AuditLog.open({ dir, anchor, clock, logger: silentLogger, onFailure });
    log.append(event('before'));
    await log.flushed();
    const disk = await fullDisk(pathOf());
    log.append(event('during'));
    await log.flushed();
    expect(log.isWritable).toBe(false);
    log.append(event('also during'));
    await log.flushed();
    expect(failures).toEqual(['2026-01-01T00:00:00.000Z']);
    disk.mend();
    // Nobody does anything meanwhile: it is tried again all the same.
    clock.advance(10_000);
    await log.flushed();
    expect(log.isWritable).toBe(true);
    expect((await linesOf()).map((line) => (JSON.parse(line) as AuditEvent).target)).toEqual([
      ...['before', 'during', 'also during'],
    ]);
    await log.close();
    expect(await kindsOf()).toEqual(['intact']);
  });

  it('that lasts too long costs entries, whose number is an entry', async () => {
    const log = await open();
    const disk = await fullDisk(pathOf());
    for (let i = 0; i < 10_003; i += 1) log.append(event('x'));
    await log.flushed();
    disk.mend();
    await log.close();
    const last = JSON.parse((await linesOf()).at(-1) ?? '') as AuditEvent;
    expect(last).toMatchObject({ action: 'auditEntriesLost', to: '3' });
    expect(await kindsOf()).toEqual(['intact']);
  });
});
