import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { DeviceRule, HostDevice } from '../core/host-device.ts';
import {
  isOneWire,
  isSameUsb,
  pathPattern,
  USB_CLASSES,
  usbAbove,
  type UsbIdentity,
} from '../../foundation/device-file.ts';
import { hasErrno } from '../../foundation/errors.ts';

const MAX_LINKS = 8;

/** The device files of the host, whose root is seen at `root` (empty when it is the own). */
export class HostDevices {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** What the rule means here and now, by path. */
  async find(rule: DeviceRule): Promise<HostDevice[]> {
    const paths = 'path' in rule ? await this.#expand(rule.path) : await this.#usbPaths(rule.usb);
    const found = await Promise.all(paths.map((path) => this.look(path)));
    return found.filter((device) => device !== undefined);
  }

  /**
   * The device at that path; undefined when there is none, or something that is no device. Nothing else of sysfs is one
   * than 1-Wire sensors.
   */
  async look(path: string): Promise<HostDevice | undefined> {
    const target = await this.#resolve(path);
    if (target === undefined) return undefined;
    const found = await stat(this.#root + target).catch(() => undefined);
    if (found === undefined) return undefined;
    const isDevice = isOneWire(path) ? found.isDirectory() : found.isCharacterDevice() || found.isBlockDevice();
    return isDevice ? { path, target } : undefined;
  }

  /** A link of the host is followed below {@link HostDevices.#root}: the kernel would follow it in the own file system. */
  async #resolve(path: string): Promise<string | undefined> {
    let at = path;
    for (let links = 0; links < MAX_LINKS; links++) {
      const to = await readlink(this.#root + at).catch((error: unknown) =>
        hasErrno(error, 'EINVAL') ? at : undefined,
      );
      if (to === undefined || to === at) return to;
      at = posix.resolve(dirname(at), to);
    }
    return undefined;
  }

  async #expand(path: string): Promise<string[]> {
    if (!path.includes('*')) return [path];
    const folder = dirname(path);
    const names = await readdir(this.#root + folder).catch(() => []);
    const pattern = pathPattern(path);
    return names
      .map((name) => join(folder, name))
      .filter((each) => pattern.test(each))
      .sort();
  }

  async #usbPaths(wanted: UsbIdentity): Promise<string[]> {
    const paths: string[] = [];
    for (const name of USB_CLASSES) {
      const folder = `${this.#root}/sys/class/${name}`;
      for (const device of await readdir(folder).catch(() => [])) {
        const usb = await this.#usbOf(join(folder, device, 'device'));
        if (usb !== undefined && isSameUsb(wanted, usb)) paths.push(`/dev/${device}`);
      }
    }
    return paths.sort();
  }

  async #usbOf(folder: string): Promise<UsbIdentity | undefined> {
    const device = await realpath(folder).catch(() => undefined);
    return device === undefined ? undefined : usbAbove(device, text);
  }
}

async function text(path: string): Promise<string | undefined> {
  const content = await readFile(path, 'utf8').catch(() => undefined);
  return content?.trim();
}
