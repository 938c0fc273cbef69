import { describe, expect, it } from 'vitest';
import {
  areDurationsSafe,
  CANDIDATES_ANNOTATION,
  candidatesOf,
  epochOf,
  holderOf,
  type Lease,
  leaseNameOf,
  leaseTermsOf,
  PROFILES,
  TERMS_ANNOTATION,
  termsOf,
} from '../../../k8s/core/sensor-service/lease.ts';
import {
  containerPathOf,
  deviceResource,
  deviceText,
  grantResource,
  hostGrantFolder,
} from '../../../k8s/core/sensor-service/resource-names.ts';
import type { DeviceRule } from '../../../k8s/core/sensor-service/sensor-service.ts';

const QUALIFIED = /^[a-z0-9.-]+\/[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/;
/** Room in sockaddr_un, with the end (unix(7)). */
const SUN_PATH = 107;

describe('names of extended resources', () => {
  it.each([
    ['usher-services', 'lathe'],
    ['n'.repeat(63), 's'.repeat(63)],
    ['n'.repeat(61), 'a'],
  ])('%s %s: qualified, and a path that a socket can have', (namespace, service) => {
    expect(grantResource(namespace, service)).toMatch(QUALIFIED);
    expect(`${hostGrantFolder(namespace, service)}/grant.sock`.length).toBeLessThanOrEqual(SUN_PATH);
  });

  it('tells long services apart', () => {
    const long = 'n'.repeat(60);
    expect(grantResource(long, 'service-a')).not.toBe(grantResource(long, 'service-b'));
    expect(grantResource('usher-services', 'lathe')).toBe('grants.usher.internal/usher-services.lathe');
  });

  it('gives equal rules one name, and others another', () => {
    const rules: DeviceRule[] = [
      { name: 'a', path: '/dev/ttyUSB0' },
      { name: 'a', path: '/dev/ttyUSB1' },
      { name: 'a', path: '/dev/ttyUSB0', access: 'ReadOnly' },
      { name: 'a', path: '/dev/ttyUSB0', sharing: 'Shared' },
      { name: 'a', path: '/dev/ttyUSB0', containerPath: '/dev/lathe' },
      { name: 'a', path: '/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0-and-more-of-it' },
      { name: 'a', usb: { vendor: '0403', product: '6001' } },
      { name: 'a', usb: { vendor: '0403', product: '6001', serial: 'A/1' } },
    ];
    const names = rules.map(deviceResource);
    expect(new Set(names).size).toBe(rules.length);
    for (const name of names) expect(name).toMatch(QUALIFIED);
    expect(deviceResource({ name: 'other', path: '/dev/ttyUSB0', access: 'ReadWrite', sharing: 'Exclusive' })).toBe(
      names[0],
    );
    expect(names[0]).toMatch(/^devices\.usher\.internal\/ttyusb0-[0-9a-f]{10}$/);
  });

  it('takes a 1-Wire sensor for what can only be read, and names the family', () => {
    const rule: DeviceRule = { name: 'heat', path: '/sys/bus/w1/devices/28-*' };
    const names = [undefined, 'ReadWrite', 'ReadOnly'].map((access) =>
      deviceResource({ ...rule, ...(access === undefined ? {} : { access: access as 'ReadWrite' | 'ReadOnly' }) }),
    );
    expect(new Set(names).size).toBe(1);
    expect(names[0]).toMatch(/^devices\.usher\.internal\/w1-28-[0-9a-f]{10}$/);
    expect(names[0]).toMatch(QUALIFIED);
    expect(deviceResource({ ...rule, path: '/sys/bus/w1/devices/28-0316a2795bff' })).not.toBe(names[0]);
    expect(containerPathOf(rule)).toBe('/sys/bus/w1/devices/28-*');
  });

  it('says what is meant and where it is found', () => {
    const usb: DeviceRule = { name: 'bus', usb: { vendor: '0403', product: '6001', serial: 'A1' } };
    expect([deviceText(usb), containerPathOf(usb)]).toEqual(['USB device 0403:6001 (serial A1)', '/dev/usher/bus']);
    expect(containerPathOf({ name: 'bus', path: '/dev/i2c-1' })).toBe('/dev/i2c-1');
  });
});

describe('leases', () => {
  const lease = (annotations: Record<string, string>, spec: Lease['spec'] = {}): Lease => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: leaseNameOf('lathe', 'left'), annotations },
    spec,
  });

  it('both profiles leave the holder time to stop, and a shorter lease does not', () => {
    for (const profile of Object.values(PROFILES)) {
      expect(areDurationsSafe(profile)).toBe(true);
      expect(areDurationsSafe({ ...profile, leaseDurationMs: profile.renewDeadlineMs })).toBe(false);
      expect(areDurationsSafe({ ...profile, retryPeriodMs: profile.renewDeadlineMs / 2 })).toBe(false);
    }
  });

  it('takes the profile, or the durations that are given', () => {
    expect(leaseTermsOf({})).toMatchObject({ leaseDurationMs: 6000, failback: 'Manual', fencing: 'SelfFence' });
    expect(leaseTermsOf({ failover: { profile: 'Fast' } })).toMatchObject({ retryPeriodMs: 500, stopMs: 500 });
    const failover = { leaseDurationSeconds: 20, renewDeadlineSeconds: 10, retryPeriodSeconds: 2 };
    expect(leaseTermsOf({ failover })).toMatchObject({ leaseDurationMs: 20_000, renewDeadlineMs: 10_000 });
  });

  it('reads what stands on a lease, and nothing from what makes no sense', () => {
    const terms = leaseTermsOf({});
    const good = lease(
      { [CANDIDATES_ANNOTATION]: '["a","b"]', [TERMS_ANNOTATION]: JSON.stringify(terms) },
      { holderIdentity: 'a', leaseTransitions: 4 },
    );
    expect([candidatesOf(good), termsOf(good), holderOf(good), epochOf(good)]).toEqual([['a', 'b'], terms, 'a', 4]);
    const unsafe = JSON.stringify({ ...terms, leaseDurationMs: 4000 });
    for (const text of ['{', '{}', '[1]', 'null', unsafe]) {
      const bad = lease({ [CANDIDATES_ANNOTATION]: text, [TERMS_ANNOTATION]: text }, { holderIdentity: '' });
      expect([candidatesOf(bad), termsOf(bad), holderOf(bad), epochOf(bad)]).toEqual([[], undefined, undefined, 0]);
    }
  });
});
