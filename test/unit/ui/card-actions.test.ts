import { describe, expect, it } from 'vitest';
import { Stage, type ClaimView, type DeviceView } from '../../../api/core/schemas.ts';
import { CATALOGUE } from '../../../foundation/error-catalogue.ts';
import { actionsOf, mayDo, replacingClaim, successorsOf } from '../../../ui/card-actions.ts';
import { badgeOf, groupOf, nameOf } from '../../../ui/device-groups.ts';
import { en } from '../../../ui/messages/en.ts';

const ID = 'k4t7m2c0ffee00000000000000';

function row(stage: DeviceView['stage'], more: Partial<DeviceView> = {}): DeviceView {
  const device = { id: ID, shortId: 'k4t7m2', stage, since: '2026-01-01T00:00:00Z', macs: [] };
  return { ...device, evidence: 'CardToken', claimable: false, ...more };
}

function failure(code: string): Pick<DeviceView, 'failure'> {
  return { failure: { code, message: 'm', remedy: 'r' } };
}

const texts = (device: DeviceView): string[] => actionsOf(device, en).map(({ text }) => text);
const remedies = (device: DeviceView): string[] =>
  actionsOf(device, en)
    .filter(({ isRemedy }) => isRemedy)
    .map(({ text }) => text);
const claim = 'lathe-left';
const offer = { device: 'old', shortId: 'old', nodeName: claim, claim, because: 'Serial' } as const;

describe('the buttons of a card', () => {
  it.each<[DeviceView, string[]]>([
    [row('Seen', { id: 'mac:b8:27:eb:00:00:01' }), ['Claim ahead…', 'Ignore']],
    [row('NoEvidence'), ['New card…', 'Identify', 'Ignore', 'Reject…']],
    [row('Pending', { claimable: true }), ['Claim…', 'Identify', 'Ignore', 'Reject…']],
    [row('Pending', { claim }), ['Edit claim…', 'Identify', 'Unclaim…']],
    [row('Approved', { claim }), ['Edit claim…', 'Identify', 'Unclaim…', 'Revoke…']],
    [row('Joining', { claim }), ['Edit claim…', 'Identify', 'Unclaim…', 'Revoke…']],
    [row('Ready', { claim }), ['Edit claim…', 'Identify', 'Unclaim…', 'Revoke…']],
    [
      row('Ready', { claim, waitsFor: 'x' }),
      ['Replace by another board…', 'Edit claim…', 'Identify', 'Unclaim…', 'Revoke…'],
    ],
    [row('Ready', { waitsFor: 'unclaimed' }), ['Claim…', 'Identify', 'Revoke…']],
    [
      row('Failed', { claim }),
      ['Retry now', 'Replace by another board…', 'Edit claim…', 'Identify', 'Unclaim…', 'Revoke…'],
    ],
    [row('Quarantined'), ['Retry…', 'Revoke…', 'Ignore', 'Reject…']],
    [row('Rejected'), ['Reconsider']],
    [row('Ignored'), ['Reconsider']],
    [row('Revoked'), ['Reconsider', 'Rotate the CA…']],
    [row('Replaced'), ['Bring back…', 'Revoke…']],
  ])('fit where it stands: %#', (device, expected) => {
    expect(texts(device)).toEqual(expected);
  });

  it.each(Stage.options)('leave nobody at a dead end: %s', (stage) => {
    expect(texts(row(stage)).length + texts(row(stage, { claim })).length).toBeGreaterThan(0);
    expect(badgeOf(row(stage), en)).not.toBe('');
  });

  it('never take away the claim of the device whose place a newcomer may take', () => {
    const newcomer = row('Pending', { claim, offer, nodeName: claim, claimable: false, hostname: 'usher-k4t7m2' });
    expect(texts(newcomer)).toEqual(['Identify', 'Ignore', 'Reject…']);
    expect(groupOf(newcomer)).toBe('attention');
    expect(nameOf(newcomer, en)).toBe('usher-k4t7m2');
  });

  it('have at most one that stands out', () => {
    for (const stage of Stage.options) {
      for (const device of [row(stage, { claimable: true }), row(stage, { claim }), row(stage, { offer })]) {
        expect(actionsOf(device, en).filter(({ look }) => look === 'primary').length).toBeLessThanOrEqual(1);
      }
    }
  });
});

it.each([
  ['viewer', []],
  ['claimer', ['Edit claim…', 'Identify', 'Unclaim…']],
  ['admin', ['Edit claim…', 'Identify', 'Unclaim…', 'Revoke…']],
] as const)('the buttons of a %s are those that the role may press', (role, expected) => {
  const actions = actionsOf(row('Ready', { claim }), en).filter((action) => mayDo(action, role));
  expect(actions.map(({ text }) => text)).toEqual(expected);
});

describe('what a remedy says', () => {
  it.each<[string, DeviceView, string[]]>([
    ['TOKEN_EXPIRED', row('NoEvidence'), ['New card…']],
    ['REPLACEMENT_OFFERED', row('Pending', { offer }), ['Reject…']],
    ['HARDWARE_CHANGED', row('Quarantined', { claim }), ['Retry…', 'Revoke…']],
    ['NODE_PASSWORD_FOREIGN', row('Quarantined', { claim }), ['Unclaim…']],
    ['CLAIM_CONFLICT', row('Pending', { claim }), ['Unclaim…']],
    ['SERIAL_CONFLICT', row('Pending', { claimable: true }), ['Claim…', 'Reject…']],
    ['NODE_NOT_SEEN', row('Failed', { claim }), ['Retry now']],
    ['TOO_MANY_ATTEMPTS', row('Failed', { claim }), ['Retry now']],
    ['DEVICE_REPLACED', row('Replaced'), ['Bring back…']],
  ])('stands beside %s as a button', (code, device, expected) => {
    expect(Object.keys(CATALOGUE)).toContain(code);
    expect(remedies({ ...device, ...failure(code) })).toEqual(expected);
  });

  it('is no button where the page cannot do it', () => {
    expect(remedies(row('Joining', { claim, ...failure('DEVICE_REPORTED') }))).toEqual([]);
  });
});

describe('a place', () => {
  it('is offered to those that ask for it first, then to who has evidence and no claim', () => {
    const old = row('Ready', { id: 'old', claim, offeredBy: ['asks'] });
    const free = row('Pending', { id: 'free', claimable: true });
    const asks = row('NoEvidence', { id: 'asks' });
    const taken = row('Pending', { id: 'taken', claim: 'tank-1', claimable: true });
    const stranger = row('NoEvidence', { id: 'stranger' });
    expect(successorsOf(old, [old, free, taken, stranger, asks]).map(({ id }) => id)).toEqual(['asks', 'free']);
  });

  it('is taken as long as a claim says so', () => {
    const view: ClaimView = {
      ...{ name: claim, phase: 'Joined', match: {}, nodeName: claim, labels: {}, taints: [] },
      ...{ reclaimPolicy: 'Retain', conditions: [], replaces: ID },
    };
    expect(replacingClaim(row('Replaced'), [view])?.name).toBe(claim);
    expect(replacingClaim(row('Replaced', { id: 'other' }), [view])).toBeUndefined();
  });
});
