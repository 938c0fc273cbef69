import { describe, expect, it } from 'vitest';
import { changedClaim, claimView, toDeviceClaim } from '../../../api/core/claim.ts';
import { findDevice } from '../../../api/core/device-lookup.ts';
import type { DeviceView, NewClaim } from '../../../api/core/schemas.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { DEVICE_ID, MAC, OTHER_ID } from '../../support/api-fixture.ts';

function row(id: string, facts: Partial<DeviceView> = {}): DeviceView {
  return {
    ...{ id, shortId: id.slice(0, 6), stage: 'Pending', since: '2026-01-01T00:00:00Z', macs: [MAC] },
    ...{ evidence: 'CardToken', claimable: true },
    ...facts,
  };
}

function problemOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UsherError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('what an operator calls a device', () => {
  const rows = [
    row(DEVICE_ID, { serial: '10000000ABCDEF01', nodeName: 'lathe-left', hostname: 'raspberrypi' }),
    row(OTHER_ID, { macs: ['dc:a6:32:00:00:01'], hostname: 'raspberrypi', claim: 'tank' }),
    row('mac:dc:a6:32:00:00:02', { stage: 'Seen', macs: ['dc:a6:32:00:00:02'] }),
  ];
  it.each([
    [DEVICE_ID, DEVICE_ID],
    ['k4t7m2', DEVICE_ID],
    ['K4T7M', DEVICE_ID],
    ['k4t7m2-c0ffee-oooooo', DEVICE_ID],
    ['B8-27-EB-C0-FF-EE', DEVICE_ID],
    ['10000000abcdef01', DEVICE_ID],
    ['lathe-left', DEVICE_ID],
    ['tank', OTHER_ID],
    ['mac:dc:a6:32:00:00:02', 'mac:dc:a6:32:00:00:02'],
    ['dc:a6:32:00:00:02', 'mac:dc:a6:32:00:00:02'],
  ])('%s', (text, id) => {
    expect(findDevice(rows, text).id).toBe(id);
  });

  it('refuses what several devices are called, and names them', () => {
    expect(problemOf(() => findDevice(rows, 'k4t7'))).toContain(
      `DEVICE_AMBIGUOUS: k4t7 matches several devices: ${DEVICE_ID}`,
    );
    expect(problemOf(() => findDevice(rows, 'raspberrypi'))).toContain('DEVICE_AMBIGUOUS');
  });

  it.each(['', ' ', 'nothing', '-', '\u001b[31m'])('does not know %j', (text) => {
    expect(problemOf(() => findDevice(rows, text))).toContain('DEVICE_UNKNOWN');
  });

  it('keeps control characters of the asked id out of the message', () => {
    expect(problemOf(() => findDevice(rows, 'a\u001b]0;x\u0007'))).toBe('DEVICE_UNKNOWN: No device matches a]0;x');
  });
});

describe('a claim', () => {
  it.each([
    ['a device by its id', row(DEVICE_ID), { device: DEVICE_ID }],
    ['something only seen by its MAC address', row(`mac:${MAC}`, { stage: 'Seen' }), { mac: MAC }],
  ])('matches %s', (_what, target, match) => {
    expect(toDeviceClaim({ name: 'lathe-left', device: 'x' }, target).spec).toEqual({ match });
  });

  it('is refused for a key that showed no evidence: there is no approve button', () => {
    const target = row(DEVICE_ID, { stage: 'NoEvidence', claimable: false });
    expect(problemOf(() => toDeviceClaim({ name: 'x', device: 'x' }, target))).toContain('EVIDENCE_MISSING');
  });

  it('reads back as it was asked for', () => {
    const wanted: NewClaim = {
      name: 'lathe-left',
      match: { mac: 'B8-27-EB-C0-FF-EE' },
      labels: { machine: 'lathe', 'example.com/line': '' },
      taints: [{ key: 'dedicated', value: 'lathe', effect: 'NoSchedule' }],
      pair: { name: 'lathe-1', role: 'Primary' },
    };
    expect(claimView(toDeviceClaim(wanted, undefined))).toEqual({
      ...{ ...wanted, match: { mac: MAC }, nodeName: 'lathe-left' },
      ...{ phase: 'Waiting', reclaimPolicy: 'Retain', conditions: [] },
    });
  });

  it.each<[string, Partial<NewClaim>, string]>([
    ['two ways to match', { match: { serial: '1', mac: MAC } }, 'name exactly one of'],
    ['no way to match', { match: {} }, 'name exactly one of'],
    ['an impossible MAC address', { match: { mac: 'b8:27' } }, 'b8:27 is not a MAC address'],
    ['a short fingerprint', { match: { keyFingerprint: 'ab' } }, '64 hexadecimal digits'],
    ['a name in capitals', { name: 'Lathe' }, 'the name Lathe'],
    ['a node name that is too long', { nodeName: 'a'.repeat(64) }, 'longer than 63'],
    ['a label of Kubernetes', { labels: { 'node-role.kubernetes.io/worker': '' } }, 'cannot be claimed'],
    ["a label of Usher's own", { labels: { 'usher.internal/pair': 'x' } }, 'cannot be claimed'],
    ['a label key with a space', { labels: { 'a b': 'x' } }, 'label a b=x: a key has'],
    ['a label value with a space', { labels: { machine: 'the lathe' } }, 'label machine=the lathe: a value has'],
    ['a label with two slashes', { labels: { 'a/b/c': 'x' } }, 'a key has'],
    [
      'a taint twice',
      { taints: Array(2).fill({ key: 'a', effect: 'NoSchedule' }) },
      'taint a:NoSchedule is given twice',
    ],
    ['the place of something that is no device', { replaces: 'old' }, 'replaces: old is no full id'],
    ['its own place', { match: { device: DEVICE_ID }, replaces: DEVICE_ID }, 'cannot take its own place'],
    ['a pair with a dot', { pair: { name: 'a.b', role: 'Backup' } }, 'the pair a.b'],
  ])('is refused with %s', (_what, wrong, message) => {
    const problem = problemOf(() => toDeviceClaim({ name: 'lathe', match: { serial: '1' }, ...wrong }, undefined));
    expect(problem).toContain('CLAIM_INVALID');
    expect(problem).toContain(message);
  });

  it('is changed only where the change says something', () => {
    const made = toDeviceClaim({ name: 'a', match: { serial: '1' }, labels: { a: '1', b: '2' } }, undefined);
    const byKubectl = { ...made, spec: { ...made.spec, replaces: 'old' } };
    const changed = changedClaim(byKubectl, { labels: { a: '3' } });
    expect(changed.spec).toEqual({ match: { serial: '1' }, labels: { a: '3' }, replaces: 'old' });
    const paired = changedClaim(made, { pair: { name: 'left', role: 'Backup' } });
    expect(paired.spec.pair).toEqual({ name: 'left', role: 'Backup' });
    expect(changedClaim(paired, { labels: {} }).spec.pair).toEqual(paired.spec.pair);
    expect(changedClaim(paired, { pair: null }).spec).toEqual(made.spec);
  });
});
