import { mkdir, rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHealth } from '../../../bootstrap-image/agent/adapters/health.ts';
import { readHardware } from '../../../bootstrap-image/agent/adapters/hardware.ts';
import { consoleText } from '../../../bootstrap-image/agent/core/console-text.ts';
import { cardOf, mergedPower, powerOf } from '../../../bootstrap-image/agent/core/health.ts';
import { deviceView } from '../../../api/core/device-view.ts';
import { CATALOGUE } from '../../../foundation/error-catalogue.ts';
import { checkedInHardware } from '../../../join/core/admission.ts';
import { healthWarnings, type Health } from '../../../join/protocol/health.ts';
import { CheckIn, Hardware } from '../../../join/protocol/messages.ts';
import { device, DEVICE_ID } from '../../support/api-fixture.ts';
import { DeviceFolder } from './device-folder.ts';

const NO_CARD_FACTS = { errorCounts: [], preEndOfLife: [], lifeTimes: [], mounts: undefined, room: undefined };

describe('power', () => {
  it.each([
    ['nothing wrong', '0', undefined, { undervoltage: false, throttled: false }],
    ['too little voltage now', '1', undefined, { undervoltage: true, throttled: false }],
    ['too little voltage before', '50000', undefined, { undervoltage: true, throttled: true }],
    ['too hot', 'e0008', undefined, { undervoltage: false, throttled: true }],
    ['a kernel with the sensor only', undefined, '1', { undervoltage: true }],
    ['both, and only the sensor saw it', '0', '1', { undervoltage: true, throttled: false }],
    ['no such board', undefined, undefined, undefined],
    ['a file that holds no number', 'error', undefined, undefined],
  ])('%s', (_what, throttledHex, lowVoltageAlarm, expected) => {
    expect(powerOf({ throttledHex, lowVoltageAlarm })).toEqual(expected);
  });

  it('is remembered once it was bad: the kernel clears the bits at each look', () => {
    expect(mergedPower({ undervoltage: true }, { undervoltage: false, throttled: false })).toEqual({
      ...{ undervoltage: true, throttled: false },
    });
    expect(mergedPower(undefined, undefined)).toBeUndefined();
    expect(mergedPower({ undervoltage: true }, undefined)).toEqual({ undervoltage: true });
  });
});

describe('the card', () => {
  const room = { bytes: 1000, freeBytes: 101, inodes: 1000, freeInodes: 101 };
  it.each([
    ['an SD card, which tells nothing', {}, undefined],
    ['a new eMMC', { preEndOfLife: ['0x01'], lifeTimes: ['0x01 0x01'] }, { worn: false }],
    ['spare blocks nearly used up', { preEndOfLife: ['0x02'] }, { worn: true }],
    ['rated life used up', { lifeTimes: ['0x02 0x0b'] }, { worn: true }],
    ['errors, rounded so that they do not tick', { errorCounts: ['0', '57'] }, { errors: 10 }],
    ['no errors', { errorCounts: ['0'] }, { errors: 0 }],
    [
      'a root that was made read-only',
      { mounts: '/dev/root / ext4 rw 0 0\n/dev/root / ext4 ro,noatime 0 0' },
      { readOnly: true },
    ],
    ['a writable root', { mounts: 'overlay / overlay rw,relatime 0 0\n/dev/sda /ro ext4 ro 0 0' }, { readOnly: false }],
    ['room', { room }, { nearlyFull: false }],
    ['no bytes', { room: { ...room, freeBytes: 99 } }, { nearlyFull: true }],
    ['no inodes', { room: { ...room, freeInodes: 99 } }, { nearlyFull: true }],
    ['a file system without a count of inodes', { room: { ...room, inodes: 0, freeInodes: 0 } }, { nearlyFull: false }],
  ])('%s', (_what, facts, expected) => {
    expect(cardOf({ ...NO_CARD_FACTS, ...facts })).toEqual(expected);
  });
});

describe('the files of a device', () => {
  let folder: DeviceFolder;
  beforeEach(async () => {
    folder = await DeviceFolder.make();
  });
  afterEach(() => folder.remove());

  it('say what hello carries, until the next boot', async () => {
    const { paths } = folder;
    await folder.write(paths.throttled, '50005\n');
    await folder.write(`${paths.sensors}/hwmon0/name`, 'cpu_thermal\n');
    await folder.write(`${paths.sensors}/hwmon0/in0_lcrit_alarm`, '1\n');
    await folder.write(`${paths.ext4}/mmcblk0p2/errors_count`, '3\n');
    await folder.write(`${paths.blockDevices}/mmcblk0/device/pre_eol_info`, '0x03\n');
    await folder.write(paths.mounts, '/dev/root / ext4 rw,noatime 0 0\n');
    await folder.write(`${paths.deviceTrees[0] ?? ''}/chosen/rpi-duid`, '0000911045808726\0');
    const hardware = Hardware.parse(await readHardware(paths));
    expect(hardware).toMatchObject({
      duid: '0000911045808726',
      power: { undervoltage: true, throttled: true },
      card: { worn: true, errors: 1, readOnly: false },
    });
    await folder.write(paths.throttled, '0\n');
    expect((await readHealth(paths)).power).toEqual({ undervoltage: true, throttled: true });
    // A driver that fails, and a memory that cannot be written, keep no device from saying hello.
    await rm(paths.throttled);
    await mkdir(paths.throttled);
    await rm(paths.powerSeen);
    await mkdir(paths.powerSeen);
    expect(await readHealth(paths)).not.toHaveProperty('power');
    expect(await readHealth(paths)).toHaveProperty('card');
    await rm(paths.throttled, { recursive: true });
    await folder.write(paths.throttled, '0\n');
    await rm(paths.powerSeen, { recursive: true });
    expect((await readHealth(paths)).power).toEqual({ undervoltage: false, throttled: false });
  });
});

describe('what the appliance makes of it', () => {
  const known = { macs: [], serial: '1', power: { undervoltage: false, throttled: false } };

  it('records a change that a check-in tells, and nothing else', () => {
    expect(checkedInHardware(known, {})).toBeUndefined();
    expect(checkedInHardware(known, { power: { throttled: false, undervoltage: false } })).toBeUndefined();
    expect(checkedInHardware(undefined, { card: { worn: true } })).toBeUndefined();
    expect(checkedInHardware(known, { card: { worn: true } })).toEqual({ ...known, card: { worn: true } });
  });

  it('still takes a check-in of an agent that tells nothing', () => {
    expect(CheckIn.safeParse({ v: 1, bootId: 'b', k3sActive: true }).success).toBe(true);
  });

  it.each<[string, Health, string[]]>([
    ['all well', { power: { undervoltage: false }, card: { errors: 0, readOnly: false } }, []],
    [
      'too little voltage slows down as well: one cause',
      { power: { undervoltage: true, throttled: true } },
      ['UNDERVOLTAGE'],
    ],
    ['heat', { power: { throttled: true } }, ['THROTTLED']],
    ['a worn card', { card: { worn: true } }, ['CARD_WORN']],
    ['a failing card', { card: { errors: 10, readOnly: true } }, ['CARD_ERRORS']],
    ['a full one', { card: { readOnly: true, nearlyFull: true } }, ['CARD_ERRORS', 'DISK_NEARLY_FULL']],
  ])('warns of %s', (_what, health, codes) => {
    const warnings = healthWarnings(health);
    expect(warnings.map(({ code }) => code)).toEqual(codes);
    for (const { code, remedy } of warnings) expect(remedy).toBe(CATALOGUE[code].remedy);
  });

  it('shows it on the row', () => {
    const sources = (power: Health['power']): Parameters<typeof deviceView>[0] => ({
      ...{ id: DEVICE_ID, sightings: [] },
      device: device(DEVICE_ID, { hardware: { macs: [], ...(power === undefined ? {} : { power }) } }),
    });
    expect(deviceView(sources({ undervoltage: true })).warnings?.map(({ code }) => code)).toEqual(['UNDERVOLTAGE']);
    expect(deviceView(sources(undefined))).not.toHaveProperty('warnings');
  });
});

describe('the screen of the device', () => {
  it('shows each warning with its remedy', () => {
    const warnings = healthWarnings({ power: { undervoltage: true } });
    const text = consoleText({ deviceId: DEVICE_ID, step: 'poll', state: 'verified', warnings });
    expect(text).toContain(`UNDERVOLTAGE: ${CATALOGUE.UNDERVOLTAGE.message}`);
    expect(text).toContain(CATALOGUE.UNDERVOLTAGE.remedy);
  });
});
