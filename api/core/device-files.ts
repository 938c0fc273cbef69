import type { Attached } from '../../join/protocol/messages.ts';
import type { DeviceFile } from './schemas.ts';

/** Of a Pi's own video devices the first ten may be a camera; the others are codecs, and every board has them. */
const CODEC = /^\/dev\/video\d\d/;

/** The device files that a board told of, those on USB first; undefined when there are none. */
export function deviceFiles({ devices = [], usb = [] }: Attached): DeviceFile[] | undefined {
  const onUsb = new Set(usb.map(({ path }) => path));
  const own = devices.filter((path) => !onUsb.has(path) && !CODEC.test(path));
  const files = [...usb.map(({ path, ...device }) => ({ path, usb: device })), ...own.map((path) => ({ path }))];
  return files.length === 0 ? undefined : files;
}
