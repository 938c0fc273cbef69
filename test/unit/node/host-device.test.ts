import { describe, expect, it } from 'vitest';
import { isOneWire, isSameUsb, pathPattern } from '../../../foundation/device-file.ts';
import { accessTo } from '../../../node/core/host-device.ts';

describe('a device file', () => {
  it.each([
    ['/dev/i2c-*', '/dev/i2c-1', true],
    ['/dev/i2c-*', '/dev/i2c-1/x', false],
    ['/dev/i2c-1', '/dev/i2c-11', false],
    ['/dev/spidev0.0', '/dev/spidev0x0', false],
    ['/sys/bus/w1/devices/28-*', '/sys/bus/w1/devices/28-0316a2795bff', true],
    ['/sys/bus/w1/devices/28-*', '/sys/bus/w1/devices/10-000801b5a7a4', false],
  ])('%s means %s: %s', (pattern, path, isMeant) => {
    expect(pathPattern(pattern).test(path)).toBe(isMeant);
  });

  it.each([
    ['/dev/ttyUSB0', 'device'],
    ['/dev/pts/3', 'mount'],
  ] as const)('%s is given as a %s', (target, how) => {
    const access = accessTo({ path: '/dev/x', target }, '/dev/in');
    expect(access).toEqual({ how, hostPath: target, containerPath: '/dev/in' });
  });

  it.each([
    ['/sys/bus/w1/devices/28-0316a2795bff', true],
    ['/sys/bus/w1/devices/28-*', true],
    ['/sys/bus/w1/devices/*', false],
    ['/sys/bus/w1/devices/w1_bus_master1', false],
    ['/sys/bus/w1/devices/28-0316a2795bff/temperature', false],
    ['/sys/bus/w1/devices/28-0316a2795bff/../../../kernel', false],
    ['/sys/class/gpio', false],
    ['/dev/28-0316a2795bff', false],
  ])('%s is a 1-Wire sensor: %s', (path, isSensor) => {
    expect(isOneWire(path)).toBe(isSensor);
  });

  it('is told apart by the serial number of its USB device, when one is asked for', () => {
    const found = { vendor: '1a86', product: '7523', serial: 'A' };
    expect(isSameUsb({ vendor: '1A86', product: '7523' }, found)).toBe(true);
    expect(isSameUsb({ vendor: '1a86', product: '7523', serial: 'B' }, found)).toBe(false);
    expect(isSameUsb({ vendor: '1a86', product: '5523' }, found)).toBe(false);
  });
});
