import type { DeviceFile } from '../api/core/schemas.ts';
import type { Messages } from './messages/en.ts';

const KINDS = [
  [/^\/dev\/tty(USB|ACM)/, 'serialAdapter'],
  [/^\/dev\/(ttyAMA|serial)/, 'serialPort'],
  [/^\/dev\/video/, 'camera'],
  [/^\/dev\/i2c-/, 'i2c'],
  [/^\/dev\/spidev/, 'spi'],
  [/^\/dev\/gpiochip/, 'gpio'],
  [/^\/sys\/bus\/w1\//, 'oneWire'],
] as const;

/** What a device file is: `Serial adapter 0403:6001`, or with its maker's name for it. */
export function deviceName({ path, usb }: DeviceFile, m: Messages, isLong = false): string {
  const kind = KINDS.find(([pattern]) => pattern.test(path))?.[1];
  const id = usb === undefined ? undefined : `${usb.vendor}:${usb.product}`;
  const parts = [m.deviceKinds[kind ?? (usb === undefined ? 'other' : 'usb')], isLong ? usb?.name : undefined, id];
  return parts.filter((part) => part !== undefined).join(' ');
}
