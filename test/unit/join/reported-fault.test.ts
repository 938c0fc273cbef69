import { describe, expect, it } from 'vitest';
import { UsherError } from '../../../foundation/errors.ts';
import { reportedFault, withoutReportedFault } from '../../../join/core/reported-fault.ts';
import type { Device, JoinState } from '../../../k8s/core/resources.ts';

describe('what a device reports', () => {
  it('is the very error that its console shows', () => {
    const error = new UsherError('DISK_FULL', { what: 'k3s', path: '/var/lib/rancher' });
    const { code, params } = reportedFault({ v: 1, code: error.code, detail: error.message, params: error.params });
    expect(new UsherError(code, params).toBody()).toEqual(error.toBody());
  });

  it.each([
    ['an error that is none of a device', 'HOST_NOT_ALLOWED', {}],
    ['a code that nobody knows', 'OUT_OF_MILK', {}],
    ['an error without what its message needs', 'DISK_FULL', { what: 'k3s' }],
    ['a refusal, whose remedy could say anything', 'APPLIANCE_REFUSED', { refusal: 'x', detail: 'y', remedy: 'z' }],
    ['a name that every object has', 'constructor', {}],
  ])('is only quoted when it is %s', (_what, code, params) => {
    expect(reportedFault({ v: 1, code, detail: 'words', params })).toEqual({
      code: 'DEVICE_REPORTED',
      params: { detail: `${code}: words` },
    });
  });

  it.each<[JoinState, string, boolean]>([
    ['pending', 'DISK_FULL', false],
    ['approved', 'DEVICE_REPORTED', false],
    ['failed', 'DISK_FULL', true],
    ['pending', 'CLAIM_CONFLICT', true],
  ])('when it is over: %s with %s keeps it %s', (state, code, kept) => {
    const device = {
      spec: {},
      metadata: { name: 'd' },
      status: {
        join: { schema: 1, state, attempt: 0, since: '' },
        failure: { code, message: '', remedy: '', since: '' },
      },
    } as unknown as Device;
    expect(withoutReportedFault(device).status?.failure !== undefined).toBe(kept);
  });
});
