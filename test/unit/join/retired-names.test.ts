import { describe, expect, it } from 'vitest';
import { bind, type BindableClaim, type BindableDevice } from '../../../join/core/binding.ts';

const claim: BindableClaim = {
  name: 'lathe',
  uid: 'claim-1',
  createdAt: '2026-01-01T00:00:00Z',
  match: { device: 'device-1' },
  nodeName: 'lathe',
};
const device = {
  id: 'device-1',
  uid: 'uid-1',
  macs: [],
  eligible: true,
  stage: 'waiting',
  revoked: false,
} as unknown as BindableDevice;
const RETIRED = { name: 'lathe', retired: true };

describe('a name that was seen with a leaked token', () => {
  it('is handed out to nobody, and both sides hear why', () => {
    const { claims, devices } = bind([claim], [device], [RETIRED]);
    const problem = {
      code: 'NODE_NAME_TAKEN',
      params: { nodeName: 'lathe', owner: 'a name seen with a leaked token' },
    };
    expect(claims.get('lathe')).toEqual({ is: 'conflict', problem });
    expect(devices.get('device-1')).toEqual({ is: 'held', problem });
  });

  it('is taken back from a claim that waits for its device to ask for a ticket', () => {
    const bound: BindableDevice = { ...device, claimUid: 'claim-1' };
    expect(bind([claim], [bound], []).claims.get('lathe')?.is).toBe('bound');
    expect(bind([claim], [bound], [RETIRED]).claims.get('lathe')?.is).toBe('conflict');
  });

  it('stays with the device that has joined under it', () => {
    const joined: BindableDevice = { ...device, stage: 'joined', nodeName: 'lathe', claimUid: 'claim-1' };
    const node = { name: 'lathe', device: 'device-1' };
    expect(bind([claim], [joined], [RETIRED, node]).claims.get('lathe')?.is).toBe('bound');
  });
});
