import { describe, expect, it } from 'vitest';
import type { ClaimView, DeviceView } from '../../../api/core/schemas.ts';
import { auditTarget } from '../../../ui/audit-target.ts';
import { actionsOf } from '../../../ui/card-actions.ts';
import { en } from '../../../ui/messages/en.ts';
import { MOST_NODES, pictureOf, placingKeys } from '../../../ui/picture.ts';
import { filtered, labelCounts, rowsOf, sorted, type Filter } from '../../../ui/rows.ts';
import { wayOf } from '../../../ui/way.ts';
import { JoinSite, Pi, settle } from '../join/join-site.ts';

function device(id: string, more: Partial<DeviceView> = {}): DeviceView {
  return {
    ...{ id, shortId: id, stage: 'Ready', since: '2026-01-01T00:00:00Z', macs: [] },
    ...{ evidence: 'CardToken', claimable: false, claim: id, nodeName: id },
    ...more,
  };
}

const waiting: ClaimView = {
  ...{ name: 'oven-1', phase: 'Waiting', match: { serial: '1000' }, nodeName: 'oven-1', labels: { machine: 'oven' } },
  ...{ taints: [], reclaimPolicy: 'Retain', conditions: [] },
};
const SITE = [
  device('lathe-10', { labels: { machine: 'lathe' }, ip: '10.0.0.9' }),
  device('lathe-9', { labels: { machine: 'lathe' }, ip: '10.0.0.10' }),
  device('tank-1', { stage: 'Failed', state: 'joining' }),
];
const ALL: Filter = { text: '', groups: new Set(), label: '' };
const rows = rowsOf(SITE, [waiting], en);
const ids = (of: readonly { id: string }[]): string[] => of.map(({ id }) => id);

describe('an entry of the audit log', () => {
  it.each([
    [
      { target: 'lathe', deviceId: 'k4t7m2c0ffee' },
      { name: 'lathe', device: 'k4t7m2c0ffee' },
    ],
    [{ target: 'k4t7m2', deviceId: 'k4t7m2c0ffee' }, { device: 'k4t7m2c0ffee' }],
    [{ target: 'anna' }, { name: 'anna' }],
    [{ deviceId: 'k4t7m2c0ffee' }, { device: 'k4t7m2c0ffee' }],
  ])('%j is shown by name first, then by device', (entry, shown) => {
    expect(auditTarget(entry)).toEqual(shown);
  });
});

describe('the list', () => {
  it('has a line for each device, and for each claim without one', () => {
    expect(ids(rows)).toEqual(['claim/oven-1', 'lathe-10', 'lathe-9', 'tank-1']);
  });

  it.each<[Partial<Filter>, string[]]>([
    [{ text: 'LATHE' }, ['lathe-10', 'lathe-9']],
    [{ text: 'machine=lathe 10.0.0.10' }, ['lathe-9']],
    [{ text: '1000' }, ['claim/oven-1']],
    [{ groups: new Set(['attention'] as const) }, ['tank-1']],
    [{ label: 'machine=oven' }, ['claim/oven-1']],
    [{ text: '  ' }, ['claim/oven-1', 'lathe-10', 'lathe-9', 'tank-1']],
  ])('shows what fits %j', (filter, expected) => {
    expect(ids(filtered(rows, { ...ALL, ...filter }))).toEqual(expected);
  });

  it('has the claim of a revoked device on its row only, unless another board wants it', () => {
    const why = 'node name drill-1 belongs to revoked device k4t7m2';
    const conditions = [{ type: 'Bound', status: 'False', reason: 'NodeNameTaken', message: why } as const];
    const drill: ClaimView = {
      ...{ ...waiting, name: 'drill-1', phase: 'Conflict' },
      conditions: conditions.map((each) => ({ ...each, lastTransitionTime: '2026-01-01T00:00:00Z' })),
    };
    const revoked = device('k4t7m2', { stage: 'Revoked', claim: 'drill-1' });
    expect(rowsOf([revoked], [drill], en).map(({ id, group }) => [id, group])).toEqual([['k4t7m2', 'aside']]);
    expect(actionsOf(revoked, en).map(({ text }) => text)).toContain(en.actions.unclaim);
    const newcomer = device('other', { stage: 'Pending', claim: 'drill-1' });
    expect(ids(rowsOf([revoked, newcomer], [drill], en))).toContain('claim/drill-1');
    const other = { ...drill, conditions: drill.conditions.map((each) => ({ ...each, reason: 'ClaimConflict' })) };
    expect(ids(rowsOf([revoked], [other], en))).toContain('claim/drill-1');
    expect(ids(rowsOf([], [drill], en))).toContain('claim/drill-1');
  });

  it('stands in the order that is asked for, numbers as numbers, and those that need somebody first', () => {
    expect(ids(sorted(rows, { by: 'group', descending: false }))).toEqual([
      'tank-1',
      'claim/oven-1',
      'lathe-9',
      'lathe-10',
    ]);
    expect(ids(sorted(rows, { by: 'name', descending: true }))).toEqual([
      'tank-1',
      'claim/oven-1',
      'lathe-10',
      'lathe-9',
    ]);
    expect(ids(sorted(rows, { by: 'address', descending: false })).slice(-2)).toEqual(['lathe-10', 'lathe-9']);
  });

  it('counts labels to filter by', () => {
    expect(labelCounts(rows)).toEqual([
      ['machine=lathe', 2],
      ['machine=oven', 1],
    ]);
  });
});

describe('the picture', () => {
  it('places by a label that tells some apart, and not by one that each has to itself', () => {
    const named = SITE.map((each, at) => ({ ...each, labels: { ...each.labels, place: String(at) } }));
    expect(placingKeys(named)).toEqual(['machine']);
    const { places } = pictureOf(named, 'machine');
    expect(places.map(({ name, count }) => [name, count])).toEqual([
      ['lathe', 2],
      ['', 1],
    ]);
  });

  it('draws each device as long as they can be told apart, then how many are where', () => {
    const many = Array.from({ length: 1000 }, (_none, n) =>
      device(`pi-${String(n)}`, n % 4 === 0 ? { stage: 'Joining' } : {}),
    );
    const few = pictureOf(many.slice(0, MOST_NODES), undefined);
    expect(few.places.flatMap(({ nodes }) => nodes)).toHaveLength(MOST_NODES);
    const all = pictureOf(many, undefined);
    expect(all.places.flatMap(({ nodes }) => nodes)).toEqual([]);
    expect(all.places.map(({ name, cluster }) => [name, cluster?.count])).toEqual([
      ['way', 250],
      ['ready', 750],
    ]);
    expect(all.height).toBeLessThan(400);
  });

  it('never lets two devices, or a device and the edge of its place, touch', () => {
    const { places } = pictureOf(
      Array.from({ length: 13 }, (_none, n) => device(`pi-${String(n)}`)),
      undefined,
    );
    const nodes = places.flatMap((place) => place.nodes.map((node) => ({ ...node, place })));
    for (const [at, node] of nodes.entries()) {
      expect(node.y + 34).toBeLessThanOrEqual(node.place.y + node.place.height);
      for (const other of nodes.slice(at + 1))
        expect(Math.hypot(node.x - other.x, node.y - other.y)).toBeGreaterThan(40);
    }
  });
});

describe('its way', () => {
  const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
  const entry = (reason: string, second: number) =>
    ({ at: at(second), from: 'device', type: 'Normal', reason, message: '' }) as const;

  it('says how long each step took, and where it is now', () => {
    const story = [entry('FirstSeen', 0), entry('Introduced', 4), entry('ClaimMade', 30), entry('Approved', 31)];
    const way = wayOf(device('lathe-1', { stage: 'Approved' }), story);
    expect(way.map(({ state, tookMs }) => [state, tookMs])).toEqual([
      ['done', undefined],
      ['done', 4000],
      ['done', 26_000],
      ['now', 1000],
      ['ahead', undefined],
      ['ahead', undefined],
    ]);
  });

  it('knows by which reasons the join controller tells of its steps', async () => {
    const site = await JoinSite.create();
    await site.claim('lathe-1', { match: { serial: 's1' } });
    const pi = new Pi(site, 's1');
    await pi.hello();
    await settle();
    await pi.live();
    const told = site.events.filter(({ regarding }) => regarding === pi.id).map(({ reason }) => reason);
    const story = ['FirstSeen', 'Introduced', 'ClaimMade', ...told].map(entry);
    const way = wayOf(device('lathe-1'), story);
    expect(way.filter(({ tookMs }) => tookMs === undefined).map(({ step }) => step)).toEqual(['seen']);
  });

  it('has stopped, as far as its story tells, when somebody must decide first', () => {
    const states = (stage: 'Rejected' | 'Quarantined' | 'Revoked', reasons: string[]) =>
      wayOf(device('lathe-1', { stage }), reasons.map(entry)).map(({ state }) => state);
    const ahead = Array.from({ length: 4 }, () => 'unreached');
    expect(states('Rejected', ['FirstSeen'])).toEqual(['done', 'stopped', ...ahead]);
    expect(states('Quarantined', ['Introduced'])).toEqual(['done', 'done', 'stopped', ...ahead.slice(1)]);
    expect(states('Revoked', ['Introduced', 'Ready']).at(-1)).toBe('stopped');
  });

  it('is all done when the node is ready', () => {
    expect(new Set(wayOf(device('lathe-1'), []).map(({ state }) => state))).toEqual(new Set(['done']));
  });
});
