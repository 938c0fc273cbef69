import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { RowIndex } from '../../../api/core/row-index.ts';
import type { DeviceView } from '../../../api/core/schemas.ts';
import { UsherError } from '../../../foundation/errors.ts';
import type { Sighting } from '../../../discovery/core/sighting.ts';
import type { DeviceClaim, Node } from '../../../k8s/core/resources.ts';
import { candidate, device, DEVICE_ID, MAC, OTHER_ID } from '../../support/api-fixture.ts';

const OTHER_MAC = 'dc:a6:32:00:00:01';

function sighting(mac: string, facts: Partial<Sighting> = {}): Sighting {
  return {
    ...{ mac, interface: 'eth0', firstSeenMs: 1000, lastSeenMs: 2000, observations: [], reasons: [], score: 60 },
    ...facts,
  };
}

function claim(name: string, spec: Partial<DeviceClaim['spec']>, status: DeviceClaim['status'] = {}): DeviceClaim {
  return {
    ...{ apiVersion: 'usher.internal/v1alpha1', kind: 'DeviceClaim', metadata: { name } },
    spec: { match: {}, ...spec },
    status,
  };
}

function node(name: string, labels: Record<string, string>, uid = 'node-uid'): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid, labels } };
}

function rowsOf(index: RowIndex): DeviceView[] {
  return [...index.ids()].flatMap((id) => index.view(id) ?? []);
}

describe('one row for each physical thing', () => {
  it('joins what was seen of a MAC address with the device that has it', () => {
    const index = new RowIndex();
    index.setSighting(sighting(MAC, { ip: '10.0.0.5', hostname: 'raspberrypi', vendor: 'Raspberry Pi' }));
    expect(rowsOf(index).map(({ id, stage }) => [id, stage])).toEqual([[`mac:${MAC}`, 'Seen']]);
    const touched = index.setDevice(device(DEVICE_ID));
    expect([...touched].sort()).toEqual([DEVICE_ID, `mac:${MAC}`].sort());
    expect(rowsOf(index)).toEqual([
      expect.objectContaining({
        id: DEVICE_ID,
        shortId: 'k4t7m2',
        stage: 'Pending',
        ip: '10.0.0.5',
        hostname: 'raspberrypi',
      }),
    ]);
  });

  it('joins by the device id that a sighting names when nothing else has its MAC address', () => {
    const index = new RowIndex();
    index.setDevice(device(DEVICE_ID));
    index.setSighting(sighting(OTHER_MAC, { deviceId: DEVICE_ID, ip: '10.0.0.9' }));
    expect(rowsOf(index)).toEqual([expect.objectContaining({ id: DEVICE_ID, ip: '10.0.0.9' })]);
  });

  it('lets nobody take the sighting of a device with evidence by merely naming its MAC address', () => {
    const index = new RowIndex();
    index.setSighting(sighting(MAC, { ip: '10.0.0.5' }));
    index.setCandidate(candidate(OTHER_ID, { ip: '10.0.0.66' }));
    index.setDevice(device(DEVICE_ID));
    expect(index.view(DEVICE_ID)?.ip).toBe('10.0.0.5');
    expect(index.view(OTHER_ID)).toMatchObject({ stage: 'NoEvidence', ip: '10.0.0.66' });
  });

  it('gives the sighting of a re-flashed board to its newest key', () => {
    const index = new RowIndex();
    const made = (id: string, creationTimestamp: string) => ({
      ...device(id),
      metadata: { name: id, creationTimestamp },
    });
    index.setDevice(made(DEVICE_ID, '2026-01-01T00:00:00Z'));
    index.setDevice(made(OTHER_ID, '2026-01-02T00:00:00Z'));
    index.setSighting(sighting(MAC, { ip: '10.0.0.5' }));
    expect([index.view(DEVICE_ID)?.ip, index.view(OTHER_ID)?.ip]).toEqual([undefined, '10.0.0.5']);
  });

  it('shows of the claim those labels that the node has', () => {
    const index = new RowIndex();
    const nodeRef = { name: 'lathe-left', uid: 'node-uid' };
    index.setClaim(
      claim('lathe-left', { match: { device: DEVICE_ID }, labels: { machine: 'lathe', location: 'left' } }),
    );
    index.setDevice(device(DEVICE_ID, { phase: 'Ready', claimRef: { name: 'lathe-left', uid: 'c' }, nodeRef }));
    expect(index.view(DEVICE_ID)?.labels).toBeUndefined();
    expect([...index.setNode(node('lathe-left', { machine: 'lathe', other: 'x' }))]).toEqual([DEVICE_ID]);
    expect(index.view(DEVICE_ID)?.labels).toEqual({ machine: 'lathe' });
    index.setNode(node('lathe-left', { machine: 'lathe' }, 'another-incarnation'));
    expect(index.view(DEVICE_ID)?.labels).toBeUndefined();
  });

  it.each([
    ['device', { device: DEVICE_ID }],
    ['serial', { serial: '10000000abcdef01' }],
    ['mac', { mac: MAC }],
  ])('finds the claim that matches by %s before it is bound', (_key, match) => {
    const index = new RowIndex();
    index.setDevice(device(DEVICE_ID));
    expect([...index.setClaim(claim('lathe-left', { match }))]).toContain(DEVICE_ID);
    expect(index.view(DEVICE_ID)).toMatchObject({ claim: 'lathe-left', claimable: false, nodeName: 'lathe-left' });
    index.removeClaim('lathe-left');
    expect(index.view(DEVICE_ID)).toMatchObject({ claimable: true, waitsFor: 'waits for a claim' });
  });

  it('does not show a claim that is bound to another device', () => {
    const index = new RowIndex();
    index.setDevice(device(DEVICE_ID));
    index.setClaim(claim('a', { match: { mac: MAC } }, { deviceRef: { name: OTHER_ID, uid: 'u' } }));
    expect(index.view(DEVICE_ID)?.claim).toBeUndefined();
  });
});

describe('where it stands', () => {
  const refusal = new UsherError('TOKEN_USED', { tokenId: '0123456789', usedBy: DEVICE_ID });
  const index = new RowIndex();
  index.setCandidate(candidate(OTHER_ID, { refusal }));

  it('says why a device has no evidence, with the remedy', () => {
    expect(index.view(OTHER_ID)).toMatchObject({
      ...{ stage: 'NoEvidence', claimable: false, failure: { code: 'TOKEN_USED', remedy: refusal.remedy } },
      waitsFor: 'waits for evidence: The enrol token 0123456789 was used already by another device: ' + DEVICE_ID,
    });
  });

  const join = { schema: 1, attempt: 1, since: '2026-01-01T00:00:00Z' } as const;
  it.each([
    [{ phase: 'Pending' }, 'Pending', 'waits for a claim', true],
    [{ phase: 'Approved', join: { ...join, state: 'approved' } }, 'Approved', 'ask for its ticket', false],
    [{ phase: 'Joining', join: { ...join, state: 'ticketing' } }, 'Joining', 'ticket is being made', false],
    [{ phase: 'Joining', join: { ...join, state: 'joining' } }, 'Joining', 'k3s starts on the device', false],
    [{ phase: 'Failed', join: { ...join, state: 'failed' } }, 'Failed', 'waits for an operator', true],
    [{ phase: 'Quarantined' }, 'Quarantined', 'waits for an operator', false],
  ] as const)('%j is %s: %s', (status, stage, sentence, claimable) => {
    const each = new RowIndex();
    each.setDevice(device(DEVICE_ID, status));
    expect(each.view(DEVICE_ID)).toMatchObject({
      stage,
      claimable,
      waitsFor: expect.stringContaining(sentence) as string,
    });
  });

  it.each([
    ['Pending', 'NoClaim', 'waits for claim a to be bound to it'],
    ['Pending', 'SerialConflict', 'Two devices carry it.'],
  ] as const)('%s with a claim that is %s: %s', (phase, reason, sentence) => {
    const each = new RowIndex();
    const condition = {
      type: 'Claimed',
      status: 'False',
      reason,
      message: 'Two devices carry it.',
      lastTransitionTime: '',
    } as const;
    each.setDevice(device(DEVICE_ID, { phase, conditions: [condition] }));
    each.setClaim(claim('a', { match: { mac: MAC } }));
    expect(each.view(DEVICE_ID)?.waitsFor).toBe(sentence);
  });

  it("shows an operator's decision before the join controller has acted on it", () => {
    const each = new RowIndex();
    each.setDevice(device(DEVICE_ID, { phase: 'Pending' }, { decision: 'Rejected' }));
    expect(each.view(DEVICE_ID)).toMatchObject({ stage: 'Rejected', claimable: false });
  });
});

describe('a board that was ignored, under a new key', () => {
  const evidence = { kind: 'None' } as const;
  const place = (index: RowIndex) => index.view(OTHER_ID);
  let index: RowIndex;
  beforeEach(() => {
    index = new RowIndex();
    index.setDevice(device(DEVICE_ID, {}, { decision: 'Ignored', evidence }));
  });

  it('stays ignored, and says like which device', () => {
    index.setCandidate(candidate(OTHER_ID));
    expect(place(index)).toMatchObject({
      ...{ stage: 'Ignored', claimable: false },
      waitsFor: 'ignored like device k4t7m2, whose MAC address it has: stays so until an operator reconsiders',
    });
    index.setDevice(device(OTHER_ID, {}, { evidence }));
    expect(place(index)?.stage).toBe('Ignored');
  });

  it('is shown again with the one that was ignored', () => {
    index.setCandidate(candidate(OTHER_ID));
    const touched = index.setDevice(device(DEVICE_ID, {}, { evidence }));
    expect([...touched]).toContain(OTHER_ID);
    expect(place(index)?.stage).toBe('NoEvidence');
  });

  it('is shown when its card has a token: somebody wrote it on purpose; and says what it may be', () => {
    index.setDevice(device(OTHER_ID));
    expect(place(index)).toMatchObject({
      ...{ stage: 'Pending', claimable: true },
      waitsFor: 'waits for a claim; it has the MAC address of device k4t7m2, which is ignored',
    });
  });

  it('is shown when a claim names it, and hidden by nothing but the MAC address', () => {
    index.setCandidate(candidate(OTHER_ID));
    index.setClaim(claim('lathe', { match: { device: OTHER_ID } }));
    expect(place(index)?.stage).toBe('NoEvidence');
    index.removeClaim('lathe');
    const { hello } = candidate(OTHER_ID);
    index.setCandidate(candidate(OTHER_ID, { hello: { ...hello, hw: { ...hello.hw, macs: [OTHER_MAC] } } }));
    expect(place(index)?.stage).toBe('NoEvidence');
  });

  it.each(['Rejected', 'Revoked'] as const)(
    'is not taken for one that was %s: only ignoring goes by MAC',
    (decision) => {
      index.setDevice(device(DEVICE_ID, {}, { decision, evidence }));
      index.setCandidate(candidate(OTHER_ID));
      expect(place(index)?.stage).toBe('NoEvidence');
    },
  );
});

describe('a MAC address that was ignored', () => {
  const evidence = { kind: 'None' } as const;
  const ignored = new Map([[MAC, { at: '2026-01-02T03:04:05Z', by: 'user anna' }]]);
  const MAC_ROW = `mac:${MAC}`;
  let index: RowIndex;
  beforeEach(() => {
    index = new RowIndex();
    index.setIgnoredMacs(ignored);
  });

  it('is a row, seen or not, until it is taken back', () => {
    const row = { id: MAC_ROW, shortId: MAC, stage: 'Ignored', macs: [MAC], since: '2026-01-02T03:04:05Z' };
    const waitsFor = 'ignored: stays so until an operator reconsiders';
    expect(rowsOf(index)).toEqual([expect.objectContaining({ ...row, waitsFor })]);
    index.setSighting(sighting(MAC, { hostname: 'printer' }));
    expect(rowsOf(index)).toEqual([expect.objectContaining({ ...row, hostname: 'printer' })]);
    expect([...index.setIgnoredMacs(new Map())]).toEqual([MAC_ROW]);
    expect(rowsOf(index)).toEqual([expect.objectContaining({ id: MAC_ROW, stage: 'Seen' })]);
    index.removeSighting(MAC);
    expect(rowsOf(index)).toEqual([]);
  });

  it.each([
    ['a candidate', () => index.setCandidate(candidate(OTHER_ID))],
    ['a device without evidence', () => index.setDevice(device(OTHER_ID, {}, { evidence }))],
  ])('hides %s that says it has it, and says why; another board it does not', (_what, arrive) => {
    index.setSighting(sighting(MAC));
    expect([...arrive()].sort()).toEqual([OTHER_ID, MAC_ROW].sort());
    expect(rowsOf(index)).toEqual([
      expect.objectContaining({
        ...{ id: OTHER_ID, stage: 'Ignored', claimable: false },
        waitsFor: `ignored by its MAC address ${MAC}: stays so until an operator reconsiders`,
      }),
    ]);
    expect(index.ignoredMacs(OTHER_ID)).toEqual([MAC]);
    index.setIgnoredMacs(new Map([...ignored].map(([, entry]) => [OTHER_MAC, entry])));
    expect(index.view(OTHER_ID)?.stage).toBe('NoEvidence');
  });

  it('hides nothing that has evidence, a decision or a claim of its own; the first says what is remembered', () => {
    index.setDevice(device(OTHER_ID));
    expect(rowsOf(index)).toEqual([
      expect.objectContaining({
        ...{ id: OTHER_ID, stage: 'Pending', claimable: true },
        waitsFor: `waits for a claim; its MAC address ${MAC} is ignored, until an operator reconsiders`,
      }),
    ]);
    index.setDevice(device(OTHER_ID, {}, { evidence, decision: 'Rejected' }));
    expect(index.view(OTHER_ID)?.stage).toBe('Rejected');
    index.removeDevice(OTHER_ID);
    index.setSighting(sighting(MAC));
    index.setClaim(claim('lathe', { match: { mac: MAC } }));
    expect(index.view(MAC_ROW)).toMatchObject({ stage: 'Seen', claim: 'lathe' });
  });
});

it('names the claim of a revoked device on its row', () => {
  const index = new RowIndex();
  index.setDevice(device(DEVICE_ID, { phase: 'Revoked' }, { decision: 'Revoked' }));
  index.setClaim(claim('drill-1', { match: { device: DEVICE_ID } }, { phase: 'Conflict' }));
  expect(index.view(DEVICE_ID)).toMatchObject({
    claim: 'drill-1',
    waitsFor: 'revoked: stays so until an operator reconsiders; its claim drill-1 stays until it is removed',
  });
});

describe('incremental changes', () => {
  const id = fc.constantFrom(DEVICE_ID, OTHER_ID);
  const mac = fc.constantFrom(MAC, OTHER_MAC);
  const match = fc.oneof(
    fc.record({ device: id }),
    fc.record({ mac }),
    fc.record({ serial: fc.constantFrom('s1', 's2') }),
  );
  const serial = fc.option(fc.constantFrom('s1', 's2'), { nil: undefined });
  const hardware = fc.record({ macs: fc.uniqueArray(mac), serial: serial.map((text) => text ?? 's0') });
  type Act = (index: RowIndex) => ReadonlySet<string>;
  const act: fc.Arbitrary<Act> = fc.oneof(
    fc.tuple(id, hardware, fc.boolean()).map(([name, hw, ignored]): Act => {
      const decision = ignored ? 'Ignored' : 'Undecided';
      return (index) => index.setDevice(device(name, { hardware: hw }, { decision, evidence: { kind: 'None' } }));
    }),
    fc.tuple(id, hardware, fc.boolean()).map(([name, hw, bound]): Act => {
      const claimRef = bound ? { claimRef: { name: 'c1', uid: 'u' } } : {};
      return (index) =>
        index.setDevice(device(name, { hardware: hw, nodeRef: { name: 'n1', uid: 'node-uid' }, ...claimRef }));
    }),
    id.map(
      (name): Act =>
        (index) =>
          index.removeDevice(name),
    ),
    id.map(
      (name): Act =>
        (index) =>
          index.setCandidate(candidate(name)),
    ),
    id.map(
      (name): Act =>
        (index) =>
          index.removeCandidate(name),
    ),
    fc.tuple(mac, fc.option(id, { nil: undefined }), serial).map(([address, deviceId, sn]): Act => {
      const facts = { ...(deviceId === undefined ? {} : { deviceId }), ...(sn === undefined ? {} : { serial: sn }) };
      return (index) => index.setSighting(sighting(address, facts));
    }),
    mac.map(
      (address): Act =>
        (index) =>
          index.removeSighting(address),
    ),
    fc.tuple(fc.constantFrom('c1', 'c2'), match).map(([name, by]): Act => {
      return (index) => index.setClaim(claim(name, { match: by, labels: { a: '1' } }));
    }),
    fc.constantFrom('c1', 'c2').map(
      (name): Act =>
        (index) =>
          index.removeClaim(name),
    ),
    fc.uniqueArray(mac).map((macs): Act => {
      const ignored = new Map(macs.map((address) => [address, { at: '2026-01-02T03:04:05Z', by: 'cli' }]));
      return (index) => index.setIgnoredMacs(ignored);
    }),
    fc.constant((index: RowIndex) => index.setNode(node('n1', { a: '1' }))),
    fc.constant((index: RowIndex) => index.removeNode('n1')),
  );

  it('names every row that changes, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
        const index = new RowIndex();
        const known = new Map<string, DeviceView>();
        for (const each of acts) {
          for (const touched of each(index)) {
            const view = index.view(touched);
            if (view === undefined) known.delete(touched);
            else known.set(touched, view);
          }
          const all = rowsOf(index).sort(byId);
          expect([...known.values()].sort(byId)).toEqual(all);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function byId(a: DeviceView, b: DeviceView): number {
  return a.id < b.id ? -1 : 1;
}
