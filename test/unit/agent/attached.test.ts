import { mkdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAttached } from '../../../bootstrap-image/agent/adapters/attached.ts';
import { readHardware } from '../../../bootstrap-image/agent/adapters/hardware.ts';
import { deviceView } from '../../../api/core/device-view.ts';
import { checkedInHardware } from '../../../join/core/admission.ts';
import { CheckIn, Hardware, MAX_BODY_BYTES, MOST_USB } from '../../../join/protocol/messages.ts';
import { device, DEVICE_ID } from '../../support/api-fixture.ts';
import { joinedSite, settle } from '../join/join-site.ts';
import { DeviceFolder } from './device-folder.ts';

const FTDI = {
  path: '/dev/ttyUSB0',
  vendor: '0403',
  product: '6001',
  serial: 'A50285BI',
  name: 'FTDI FT232R USB UART',
};

let folder: DeviceFolder;
beforeEach(async () => {
  folder = await DeviceFolder.make();
});
afterEach(() => folder.remove());

async function putFiles(...names: readonly string[]): Promise<void> {
  for (const name of names) await folder.write(`${folder.paths.devices}/${name}`, '');
}

const plugFtdi = (): Promise<void> =>
  folder.plugUsb('ttyUSB0', {
    ...{ idVendor: '0403', idProduct: '6001', serial: 'A50285BI' },
    ...{ manufacturer: 'FTDI', product: 'FT232R USB UART' },
  });

describe('what services may use of a board', () => {
  it('is told by device file, with the USB device behind it, and 1-Wire sensors', async () => {
    await plugFtdi();
    await folder.plugUsb('video0', { idVendor: '046D', idProduct: '0825' }, 'video4linux');
    await putFiles('i2c-1', 'spidev0.0', 'gpiochip0', 'ttyAMA0', 'serial0', 'tty1', 'mem', 'null', 'serial/by-id/x');
    await mkdir(`${folder.paths.oneWire}/28-0316a2795dff`, { recursive: true });
    await mkdir(`${folder.paths.oneWire}/w1_bus_master1`, { recursive: true });
    const { devices, usb } = Hardware.parse(await readHardware(folder.paths));
    expect(devices).toEqual([
      ...['gpiochip0', 'i2c-1', 'serial0', 'spidev0.0', 'ttyAMA0', 'ttyUSB0', 'video0'].map((name) => `/dev/${name}`),
      '/sys/bus/w1/devices/28-0316a2795dff',
    ]);
    expect(usb).toEqual([FTDI, { path: '/dev/video0', vendor: '046d', product: '0825' }]);
  });

  it('is empty, and not missing, where there is nothing: what was pulled out is forgotten', async () => {
    expect(await readAttached(folder.paths)).toEqual({ devices: [], usb: [] });
  });

  it('is bounded and printable, whatever a USB device says', async () => {
    const hostile = `\u001b]0;pwned\u0007<script>\u202e${'x'.repeat(500)}`;
    for (let n = 10; n < 60; n += 1) {
      await folder.plugUsb(`ttyACM${String(n)}`, {
        idVendor: '1A86',
        idProduct: '7523',
        serial: hostile,
        product: hostile,
      });
    }
    await folder.plugUsb('ttyUSB0', { idVendor: '../..', idProduct: '6001' });
    await folder.plugUsb('ttyUSB1', { idVendor: '0403' });
    await putFiles('ttyUSB2 \u001b[2J');
    const hardware = await readHardware(folder.paths);
    expect(Hardware.parse(hardware)).toEqual(hardware);
    expect(hardware.usb).toHaveLength(MOST_USB);
    expect(hardware.usb?.[0]).toMatchObject({ path: '/dev/ttyACM10', vendor: '1a86', product: '7523' });
    expect(hardware.usb?.[0]?.name).toMatch(/^\]0;pwned<script>x+$/);
    expect(hardware.devices).toContain('/dev/ttyUSB2 [2J');
    expect(JSON.stringify(hardware)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(JSON.stringify(hardware).length).toBeLessThan(MAX_BODY_BYTES - 2048);
  });
});

describe('what the appliance takes of it', () => {
  const said = { macs: [], arch: 'arm64', devices: ['/dev/ttyUSB0'] };
  it.each([
    ['an older agent', undefined, undefined],
    ['an adapter', [FTDI], [FTDI]],
    ['no list', 'ttyUSB0', undefined],
    ['too many', Array.from({ length: MOST_USB + 1 }, () => FTDI), undefined],
    ['a number that is none', [{ ...FTDI, vendor: '04G3' }], undefined],
    ['a path to elsewhere', [{ ...FTDI, path: '/dev/../etc/shadow' }], undefined],
    ['a name without end', [{ ...FTDI, name: 'x'.repeat(65) }], undefined],
  ])('%s', (_what, usb, taken) => {
    expect(Hardware.parse({ ...said, ...(usb === undefined ? {} : { usb }) })).toEqual({
      ...said,
      ...(taken === undefined && usb === undefined ? {} : { usb: taken }),
    });
    expect(CheckIn.parse({ v: 1, bootId: 'b', k3sActive: true, usb }).usb).toEqual(taken);
  });

  it('records at a check-in what was plugged in or out, and nothing that it knows', () => {
    const known = { macs: [], serial: '1', devices: ['/dev/ttyUSB0'], usb: [FTDI] };
    const { path, ...rest } = FTDI;
    expect(checkedInHardware(known, { devices: ['/dev/ttyUSB0'], usb: [{ ...rest, path }] })).toBeUndefined();
    expect(checkedInHardware(known, { devices: [], usb: [] })).toEqual({ ...known, devices: [], usb: [] });
    expect(checkedInHardware({ macs: [] }, { devices: [], usb: [] })).toBeUndefined();
    expect(checkedInHardware(known, {})).toBeUndefined();
  });

  it('is seen in the status of the Device, from the hello on, and follows the check-ins of the node', async () => {
    await plugFtdi();
    const { site, pi } = await joinedSite();
    const { hello } = pi.proven;
    const hw = { ...hello.hw, ...(await readAttached(folder.paths)) };
    await site.ask((desk) => desk.admit({ ...pi.proven, hello: { ...hello, hw } }, pi.evidence));
    await settle();
    expect((await site.device(pi.id)).status?.hardware).toMatchObject({ devices: ['/dev/ttyUSB0'], usb: [FTDI] });
    await site.ask((desk) => desk.checkIn(pi.id, { devices: [], usb: [] }));
    await settle();
    expect((await site.device(pi.id)).status?.hardware).toMatchObject({ devices: [], usb: [] });
  });

  it('is shown by the API, USB first, without the codecs that every Pi has', () => {
    const devices = ['/dev/i2c-1', '/dev/ttyUSB0', '/dev/video0', '/dev/video10'];
    const hardware = { macs: [], devices, usb: [FTDI] };
    const view = (known: typeof hardware | { macs: [] }) =>
      deviceView({ id: DEVICE_ID, sightings: [], device: device(DEVICE_ID, { hardware: known }) }).devices;
    const { path, ...usb } = FTDI;
    expect(view(hardware)).toEqual([{ path, usb }, { path: '/dev/i2c-1' }, { path: '/dev/video0' }]);
    expect(view({ macs: [] })).toBeUndefined();
  });
});
