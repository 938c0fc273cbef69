import { realpath } from 'node:fs/promises';
import { USB_CLASSES, usbAbove } from '../../../foundation/device-file.ts';
import { printable } from '../../../foundation/text.ts';
import { type Attached, MOST_USB } from '../../../join/protocol/messages.ts';
import type { DevicePaths } from '../core/device-paths.ts';
import { listNames, readFact } from './read-file.ts';

const MOST_DEVICES = 64;
const LONGEST_TEXT = 48;
/** Device files a sensor may hang on. */
const SENSOR_DEVICE = /^(ttyUSB|ttyACM|ttyAMA|serial|i2c-|spidev|gpiochip|video|hidraw)\d/;
/** Family and number of a sensor; the masters beside them are called w1_bus_master1. */
const ONE_WIRE = /^[0-9a-f]{2}-[0-9a-f]{12}$/;
const USB_NUMBER = /^[0-9a-f]{4}$/;

type UsbDeviceFile = NonNullable<Attached['usb']>[number];

/** What services may use of the board. Both lists are always there: what was pulled out is to be forgotten. */
export async function readAttached(paths: DevicePaths): Promise<Required<Attached>> {
  const names = (await listNames(paths.devices)).filter((name) => SENSOR_DEVICE.test(name)).slice(0, MOST_DEVICES);
  const sensors = (await listNames(paths.oneWire)).filter((name) => ONE_WIRE.test(name));
  const usb = await Promise.all(names.map((name) => usbOf(paths, name)));
  return {
    devices: [...names.map((name) => `/dev/${name}`), ...sensors.map((name) => `/sys/bus/w1/devices/${name}`)]
      .slice(0, MOST_DEVICES)
      .map((path) => printable(path, 64)),
    usb: usb.filter((device) => device !== undefined).slice(0, MOST_USB),
  };
}

/** What hangs on USB may be gone at the next look, and its maker may have written anything into it. */
async function usbOf(paths: DevicePaths, name: string): Promise<UsbDeviceFile | undefined> {
  if (!/^[\w.-]{1,48}$/.test(name)) return undefined;
  for (const each of USB_CLASSES) {
    const folder = await realpath(`${paths.deviceClasses}/${each}/${name}/device`).catch(() => undefined);
    if (folder === undefined) continue;
    const found = await usbAbove(folder, (path) => readFact(path).catch(() => undefined));
    if (found === undefined) continue;
    const [vendor, product] = [found.vendor.toLowerCase(), found.product.toLowerCase()];
    if (!USB_NUMBER.test(vendor) || !USB_NUMBER.test(product)) continue;
    return { path: `/dev/${name}`, vendor, product, ...text('serial', found.serial), ...text('name', found.name) };
  }
  return undefined;
}

function text<K extends 'serial' | 'name'>(key: K, said = ''): { [key in K]?: string } {
  const clean = printable(said, LONGEST_TEXT);
  const found: { [key in K]?: string } = {};
  if (clean !== '') found[key] = clean;
  return found;
}
