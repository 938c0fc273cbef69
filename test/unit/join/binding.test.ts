import { describe, expect, it } from 'vitest';
import { bind, type BindableClaim, type BindableDevice, type ExistingNode } from '../../../join/core/binding.ts';
import { toCrockford } from '../../../foundation/crockford.ts';

function device(id: string, more: Partial<BindableDevice> = {}): BindableDevice {
  return { id, uid: `uid-${id}`, macs: [], eligible: true, stage: 'waiting', revoked: false, ...more };
}
let born = 0;
function claim(name: string, match: BindableClaim['match'], more: Partial<BindableClaim> = {}): BindableClaim {
  born += 1;
  return { name, uid: `uid-${name}`, createdAt: new Date(born * 1000).toISOString(), match, nodeName: name, ...more };
}
/** Bindings as short text: `bound X`, `waiting`, `unclaimed`, or the code that keeps them apart. */
function said(claims: BindableClaim[], devices: BindableDevice[], nodes: ExistingNode[] = []): Record<string, string> {
  const result = bind(claims, devices, nodes);
  const ofClaims = [...result.claims].map(([name, b]): [string, string] => [
    name,
    b.is === 'bound' ? `bound ${b.device}` : b.is === 'conflict' ? b.problem.code : b.is,
  ]);
  const ofDevices = [...result.devices].map(([id, b]): [string, string] => [
    id,
    b.is === 'bound' ? `bound ${b.claim}` : b.is === 'held' ? b.problem.code : b.is,
  ]);
  return Object.fromEntries([...ofClaims, ...ofDevices]);
}

describe('binding claims to devices', () => {
  const hash = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const keyId = toCrockford(hash.subarray(0, 16));

  it.each([
    ['device', { device: 'a' }, device('a')],
    ['serial', { serial: '10000000ABCDEF01' }, device('a', { serial: '10000000abcdef01' })],
    ['mac', { mac: 'DC-A6-32-00-00-01' }, device('a', { macs: ['dc:a6:32:00:00:01', 'dc:a6:32:00:00:02'] })],
    ['duid', { duid: '00030001AA' }, device('a', { duid: '00030001aa' })],
    ['key fingerprint', { keyFingerprint: hex.toUpperCase() }, device(keyId)],
  ])('by %s', (_, match, wanted) => {
    const other = device('z', { serial: 'other', macs: ['00:00:00:00:00:01'], duid: 'ff' });
    expect(said([claim('c', match)], [other, wanted])).toEqual({
      c: `bound ${wanted.id}`,
      [wanted.id]: 'bound c',
      z: 'unclaimed',
    });
  });

  it('waits for a device, and binds none without evidence or against an operator', () => {
    const stranger = device('a', { serial: 's', eligible: false });
    expect(said([claim('c', { serial: 's' }), claim('d', { device: 'a' })], [stranger])).toEqual({
      c: 'waiting',
      d: 'waiting',
      a: 'unclaimed',
    });
  });

  it('to one that has joined, also while its node says nothing of its origin', () => {
    const joined = device('a', { serial: 's', stage: 'joined', nodeName: 'c' });
    const bindings = (owner: string | undefined) =>
      said([claim('c', { serial: 's' })], [joined], [{ name: 'c', device: owner }]);
    expect(bindings(undefined)).toEqual({ c: 'bound a', a: 'bound c' });
    expect(bindings('z')).toMatchObject({ c: 'NODE_NAME_TAKEN' });
  });

  it('says on all three that two claims want one device', () => {
    const claims = [claim('one', { serial: 's' }), claim('two', { device: 'a' })];
    expect(said(claims, [device('a', { serial: 's' })])).toEqual({
      one: 'CLAIM_CONFLICT',
      two: 'CLAIM_CONFLICT',
      a: 'CLAIM_CONFLICT',
    });
  });

  it('keeps what is bound when a second claim comes', () => {
    const claims = [
      claim('new', { device: 'a' }, { createdAt: '2020-01-01T00:00:00Z' }),
      claim('old', { serial: 's' }),
    ];
    expect(said(claims, [device('a', { serial: 's', claimUid: 'uid-old' })])).toEqual({
      new: 'CLAIM_CONFLICT',
      old: 'bound a',
      a: 'bound old',
    });
  });

  it('holds two devices with one serial, also when one was approved by it', () => {
    const twins = [device('a', { serial: 's', claimUid: 'uid-c' }), device('b', { serial: 's' })];
    expect(said([claim('c', { serial: 's' })], twins)).toEqual({
      c: 'SERIAL_CONFLICT',
      a: 'SERIAL_CONFLICT',
      b: 'SERIAL_CONFLICT',
    });
    expect(said([], twins)).toEqual({ a: 'SERIAL_CONFLICT', b: 'SERIAL_CONFLICT' });
  });

  it('lets a claim by key choose among twins', () => {
    const twins = [device('a', { serial: 's' }), device('b', { serial: 's' })];
    expect(said([claim('c', { device: 'b' })], twins)).toEqual({ c: 'bound b', b: 'bound c', a: 'SERIAL_CONFLICT' });
  });

  it.each(['joined', 'joining'] as const)('leaves a %s device alone and offers the newcomer', (stage) => {
    const old = device('a', { serial: 's', claimUid: 'uid-c', stage, nodeName: 'c' });
    const nodes = stage === 'joined' ? [{ name: 'c', device: 'a' }] : [];
    expect(said([claim('c', { serial: 's' })], [old, device('b', { serial: 's' })], nodes)).toEqual({
      c: 'bound a',
      a: 'bound c',
      b: 'REPLACEMENT_OFFERED',
    });
  });

  it('conflicts when a MAC fits two devices', () => {
    const macs = ['dc:a6:32:00:00:01'];
    expect(said([claim('c', { mac: 'dc:a6:32:00:00:01' })], [device('a', { macs }), device('b', { macs })])).toEqual({
      c: 'SERIAL_CONFLICT',
      a: 'SERIAL_CONFLICT',
      b: 'SERIAL_CONFLICT',
    });
  });

  it.each<[string, ExistingNode[], BindableDevice[]]>([
    ['a node that Usher did not make', [{ name: 'c' }], []],
    ['the node of another device', [{ name: 'c', device: 'x' }], []],
    ['a device that has it', [], [device('x', { stage: 'joined', nodeName: 'c' })]],
    ['a device that is getting it', [], [device('x', { stage: 'joining', nodeName: 'c' })]],
    ['a revoked device', [], [device('x', { revoked: true, eligible: false, nodeName: 'c' })]],
  ])('gives no node name that belongs to %s', (_, nodes, others) => {
    const result = said([claim('c', { device: 'a' })], [device('a'), ...others], nodes);
    expect(result['c']).toBe('NODE_NAME_TAKEN');
    expect(result['a']).toBe('NODE_NAME_TAKEN');
    expect(said([claim('c', { device: 'absent' })], others, nodes)['c']).toBe('NODE_NAME_TAKEN');
  });

  it('gives a node name to the older of two claims, or to the bound one', () => {
    const older = claim('older', { device: 'a' }, { nodeName: 'n' });
    const newer = claim('newer', { device: 'b' }, { nodeName: 'n' });
    expect(said([newer, older], [device('a'), device('b')])).toMatchObject({
      older: 'bound a',
      newer: 'NODE_NAME_TAKEN',
    });
    const bound = device('b', { claimUid: 'uid-newer', stage: 'joined', nodeName: 'n' });
    expect(said([newer, older], [device('a'), bound])).toMatchObject({ older: 'NODE_NAME_TAKEN', newer: 'bound b' });
  });

  it('binds a retained node anew, under its own name or another that is free', () => {
    const joined = device('a', { stage: 'joined', nodeName: 'c' });
    const nodes = [{ name: 'c', device: 'a' }];
    expect(said([claim('c', { device: 'a' })], [joined], nodes)).toEqual({ c: 'bound a', a: 'bound c' });
    expect(said([claim('d', { device: 'a' })], [joined], nodes)).toEqual({ d: 'bound a', a: 'bound d' });
    const taken = [...nodes, { name: 'd', device: 'x' }];
    expect(said([claim('d', { device: 'a' })], [joined], taken)).toMatchObject({ d: 'NODE_NAME_TAKEN' });
  });
});

describe('binding a newcomer in the place of another', () => {
  const old = device('a', { serial: 's', duid: 'd1', claimUid: 'uid-c', stage: 'joined', nodeName: 'c' });
  const nodes = [{ name: 'c', device: 'a' }];
  const bindingsOf = (claims: BindableClaim[], devices: BindableDevice[], existing: ExistingNode[] = nodes) =>
    Object.fromEntries(bind(claims, devices, existing).devices);

  it.each([
    ['serial', { serial: 's' }],
    ['DUID', { duid: 'd1' }],
  ])('is offered by the same %s, and needs confirming', (_, same) => {
    const own = claim('c', { device: 'a' });
    expect(said([own], [old, device('b', same)], nodes)).toMatchObject({ a: 'bound c', b: 'REPLACEMENT_OFFERED' });
    expect(said([own, claim('d', { mac: 'x' })], [old, device('b', { ...same, macs: ['x'] })], nodes)).toMatchObject({
      d: 'REPLACEMENT_OFFERED',
    });
  });

  it.each([
    ['its serial', { serial: 's' }],
    ['its id', { device: 'b' }],
  ])('is confirmed by the claim that names the old one and %s', (_, match) => {
    const confirmed = claim('c', match, { uid: 'uid-c', replaces: 'a' });
    const newcomer = device('b', { serial: 's' });
    expect(bindingsOf([confirmed], [old, newcomer])).toEqual({
      a: { is: 'leaving', claim: 'c', to: 'b' },
      b: { is: 'bound', claim: 'c', handOver: { from: 'a', nodeName: 'c' } },
    });
    const gone = { ...old, stage: 'waiting', replaced: true, eligible: false, nodeName: undefined } as const;
    expect(bindingsOf([confirmed], [gone, newcomer], [])['b']).toEqual({ is: 'bound', claim: 'c' });
    expect(bindingsOf([confirmed], [gone, newcomer])['b']).toHaveProperty('handOver');
  });

  it('leaves the old one with its node until the newcomer has shown evidence', () => {
    const confirmed = claim('c', { device: 'b' }, { uid: 'uid-c', replaces: 'a' });
    const stranger = device('b', { eligible: false });
    expect(bindingsOf([confirmed], [old, stranger])).toEqual({
      a: { is: 'leaving', claim: 'c' },
      b: { is: 'unclaimed' },
    });
  });

  it('confirms one newcomer only', () => {
    const confirmed = claim('c', { serial: 's' }, { uid: 'uid-c', replaces: 'a' });
    const newcomers = [device('b', { serial: 's' }), device('z', { serial: 's' })];
    expect(said([confirmed], [old, ...newcomers], nodes)).toEqual({
      c: 'SERIAL_CONFLICT',
      a: 'leaving',
      b: 'SERIAL_CONFLICT',
      z: 'SERIAL_CONFLICT',
    });
  });

  it('gives out no name that was retired, whoever is replaced', () => {
    const revoked = device('a', { revoked: true, eligible: false, nodeName: 'c' });
    const confirmed = claim('c', { device: 'b' }, { replaces: 'a' });
    expect(said([confirmed], [revoked, device('b')])).toMatchObject({ c: 'NODE_NAME_TAKEN', b: 'NODE_NAME_TAKEN' });
  });

  it('says of a replaced device that a claim names why it cannot be had', () => {
    const gone = device('a', { replaced: true, eligible: false });
    expect(said([claim('c', { device: 'a' })], [gone])).toMatchObject({ c: 'DEVICE_REPLACED' });
  });

  it('takes time in proportion to claims and devices', () => {
    const many = 20_000;
    const devices = Array.from({ length: many }, (_, i) => device(`d${String(i)}`, { serial: `s${String(i)}` }));
    const claims = devices.map(({ id }, i) => claim(`c-${id}`, { serial: `s${String(i)}` }));
    expect(bind(claims, devices, []).claims.get('c-d19999')).toEqual({ is: 'bound', device: 'd19999' });
  });
});
