import { mkdir } from 'node:fs/promises';
import { UsherError } from '../../foundation/errors.ts';
import { isOneWire } from '../../foundation/device-file.ts';
import { accessTo, type DeviceRule, type HostDevice } from '../core/host-device.ts';
import type { HostDevices } from './host-devices.ts';
import type { ContainerAllocation, ListedDevice } from './kubelet-api.ts';
import type { Resource } from './resource-server.ts';

/** How many containers may hold a shared device at once. */
const SHARES = 16;
/** Mode 0755: containers of any user go in; what they may do is decided by the socket. */
const FOLDER_MODE = 0o755;

/** A device file that services ask for. */
export interface DeviceOffer {
  readonly resource: string;
  readonly rule: DeviceRule;
  readonly sharing: 'Exclusive' | 'Shared';
  readonly access: 'ReadWrite' | 'ReadOnly';
  /** Where the container finds it; the path of the device itself when it is left out. */
  readonly containerPath?: string;
}

/**
 * The devices that one rule means, as a resource: one piece for each, or for each share of it. All 1-Wire sensors of a
 * family are one piece, since the container sees them all.
 */
export class DeviceResource implements Resource {
  readonly name: string;
  readonly #offer: DeviceOffer;
  readonly #host: HostDevices;
  #found: readonly HostDevice[] = [];

  constructor(offer: DeviceOffer, host: HostDevices) {
    this.name = offer.resource;
    this.#offer = offer;
    this.#host = host;
  }

  /** Looks at the host. @returns true when something was plugged or unplugged since the last look */
  async look(): Promise<boolean> {
    const found = await this.#host.find(this.#offer.rule);
    const isSame = JSON.stringify(found) === JSON.stringify(this.#found);
    this.#found = found;
    return !isSame;
  }

  listed(): readonly ListedDevice[] {
    const shares = this.#offer.sharing === 'Shared' ? SHARES : 1;
    return this.#pieces().flatMap((path) =>
      Array.from({ length: shares }, (_none, share) => ({
        ID: `${path}#${String(share)}`,
        health: 'Healthy' as const,
      })),
    );
  }

  async allocate(deviceIds: readonly string[]): Promise<ContainerAllocation> {
    const mounts: { containerPath: string; hostPath: string; readOnly: boolean }[] = [];
    const devices: { containerPath: string; hostPath: string; permissions: string }[] = [];
    for (const path of new Set(deviceIds.map((id) => id.slice(0, id.lastIndexOf('#'))))) {
      const [device] = await this.#host.find({ path });
      if (device === undefined) throw new UsherError('DEVICE_GONE', { path });
      const given = accessTo(device, this.#offer.containerPath ?? path);
      if (given === undefined) continue;
      const { how, hostPath, containerPath } = given;
      const readOnly = this.#offer.access === 'ReadOnly';
      if (how === 'mount') mounts.push({ containerPath, hostPath, readOnly });
      else devices.push({ containerPath, hostPath, permissions: readOnly ? 'r' : 'rw' });
    }
    return { mounts, devices };
  }

  #pieces(): string[] {
    const { rule } = this.#offer;
    if ('path' in rule && isOneWire(rule.path)) return this.#found.length === 0 ? [] : [rule.path];
    return this.#found.map(({ path }) => path);
  }
}

/** The right to ask for roles on this node: one container of the service at a time, which gets the folder of its socket. */
export class GrantResource implements Resource {
  readonly name: string;
  readonly #hostFolder: string;
  readonly #seenFolder: string;
  readonly #containerFolder: string;

  /** @param options.hostFolder on the host, which is seen at `root` */
  constructor(options: { resource: string; hostFolder: string; root: string; containerFolder: string }) {
    this.name = options.resource;
    this.#hostFolder = options.hostFolder;
    this.#seenFolder = options.root + options.hostFolder;
    this.#containerFolder = options.containerFolder;
  }

  listed(): readonly ListedDevice[] {
    return [{ ID: 'role', health: 'Healthy' }];
  }

  async allocate(): Promise<ContainerAllocation> {
    await mkdir(this.#seenFolder, { recursive: true, mode: FOLDER_MODE });
    const mount = { containerPath: this.#containerFolder, hostPath: this.#hostFolder, readOnly: true };
    return { mounts: [mount], devices: [] };
  }
}
