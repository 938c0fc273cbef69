import { isOneWire, type UsbIdentity } from '../../foundation/device-file.ts';

/**
 * How a service asks for a device: by the path of its file, or of its folder in sysfs when it is a 1-Wire sensor, in the
 * last part of which `*` stands for anything; or by its USB identity.
 */
export type DeviceRule = { readonly path: string } | { readonly usb: UsbIdentity };

/** A device file of this machine, or a 1-Wire sensor of it. */
export interface HostDevice {
  /** As people know it: `/dev/ttyUSB0`. */
  readonly path: string;
  /** Where that path leads to on the host; the same path when it is no link. */
  readonly target: string;
}

/** What a container must be given to use a device. */
export interface DeviceAccess {
  /** `device`: the node is made in the container. `mount`: the file itself is bound into it. */
  readonly how: 'device' | 'mount';
  readonly hostPath: string;
  readonly containerPath: string;
}

/**
 * How a container gets a device. One that lives in devpts, as virtual serial ports of socat and ser2net do, exists only
 * there: another node with its numbers opens nothing, so it is mounted. A 1-Wire sensor needs nothing (undefined): each
 * container sees sysfs, and cannot write to it.
 */
export function accessTo(device: HostDevice, containerPath: string): DeviceAccess | undefined {
  if (isOneWire(device.path)) return undefined;
  const isOnlyThere = device.target.startsWith('/dev/pts/');
  return { how: isOnlyThere ? 'mount' : 'device', hostPath: device.target, containerPath };
}
