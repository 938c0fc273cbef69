import { isUsherError, UsherError } from '../../foundation/errors.ts';
import type { Informer, KubeClient } from '../../k8s/client/kube-client.ts';
import { DEVICE, type Device, type DeviceHardware, type DeviceStatus } from '../../k8s/core/resources.ts';
import { DeviceIndex } from './device-index.ts';
import { isNewer } from './resource-version.ts';

/**
 * The Devices as the join controller knows them: what the watch told, overtaken by its own writes, whose replies come
 * before the watch's word of them.
 */
export class DeviceStore {
  readonly #kube: KubeClient;
  readonly #informer: Informer<Device>;
  readonly #written = new Map<string, Device>();
  readonly #handlers = new Set<(id: string) => void>();
  readonly #index = new DeviceIndex();

  constructor(options: { kube: KubeClient; devices: Informer<Device> }) {
    this.#kube = options.kube;
    this.#informer = options.devices;
    for (const device of this.#informer.list()) this.#index.update(device.metadata.name, device);
    this.#informer.onChange(({ type, object }) => {
      const written = this.#written.get(object.metadata.name);
      const isEcho = !isNewer(written, object) && written?.status?.join !== undefined;
      const isOver =
        type === 'deleted' ? written?.metadata.uid === object.metadata.uid : isEcho || isNewer(object, written);
      if (isOver) this.#written.delete(object.metadata.name);
      this.#tell(object.metadata.name);
    });
  }

  get(id: string): Device | undefined {
    return newest(this.#informer.get(id), this.#written.get(id));
  }

  list(): Device[] {
    const devices = new Map(this.#informer.list().map((device) => [device.metadata.name, device]));
    for (const [id, written] of this.#written) devices.set(id, newest(devices.get(id), written) ?? written);
    return [...devices.values()];
  }

  /** Devices whose ticket is being made or is out. */
  withTicket(): Device[] {
    return this.#all(this.#index.ticketed());
  }

  /** Devices that are the node of this name, are to become it, or were given its name. */
  ofNode(nodeName: string): Device[] {
    return this.#all(this.#index.idsOfNode(nodeName));
  }

  /** True while a ticket of this id, or for this node name, is being made or is out. */
  hasTicketOut(wanted: { ticketId: string } | { nodeName: string }, except?: string): boolean {
    return this.withTicket().some(({ metadata, status }) => {
      const { join } = status ?? {};
      if (join === undefined || metadata.name === except) return false;
      return 'ticketId' in wanted ? join.ticketId === wanted.ticketId : join.nodeName === wanted.nodeName;
    });
  }

  /**
   * Makes the Device. The API server takes no status on creation; the hardware is known here from now on all the same,
   * so that the claim that names it is found before the first status is written, and that one says both.
   */
  async create(device: Device, hardware: DeviceHardware): Promise<Device> {
    const created = await this.#kube.create(DEVICE, device);
    return this.#keep({ ...created, status: { hardware } });
  }

  /**
   * Writes a status over just the version that is known here.
   * @throws UsherError KUBE_CONFLICT when there is a newer one, DEVICE_UNKNOWN when it was deleted
   */
  async writeStatus(device: Device, status: DeviceStatus): Promise<Device> {
    return this.#keepUnlessGone(device.metadata.name, this.#kube.replaceStatus(DEVICE, { ...device, status }));
  }

  async patch(id: string, patch: object): Promise<Device> {
    return this.#keepUnlessGone(id, this.#kube.mergePatch(DEVICE, { name: id }, patch));
  }

  async remove({ metadata: { name, uid } }: Device): Promise<void> {
    await this.#kube.delete(DEVICE, { name }, uid === undefined ? {} : { uid });
    this.#written.delete(name);
  }

  /** Reads the Device anew, past the watch. */
  async refresh(id: string): Promise<Device> {
    const device = await this.#kube.get(DEVICE, { name: id });
    if (device === undefined) throw this.#gone(id);
    return this.#keep(device);
  }

  /** Calls back with the id on each change, the product's own writes included. Returns the unsubscribe. */
  onChange(handler: (id: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** The reply to a write may come after the watch told that the Device is deleted: what was kept of it goes then. */
  async #keepUnlessGone(id: string, write: Promise<Device>): Promise<Device> {
    try {
      return this.#keep(await write);
    } catch (error) {
      throw isUsherError(error, 'KUBE_NOT_FOUND') ? this.#gone(id, error) : error;
    }
  }

  #gone(id: string, cause?: unknown): UsherError {
    this.#written.delete(id);
    this.#tell(id);
    return new UsherError('DEVICE_UNKNOWN', { id }, { cause });
  }

  #keep(device: Device): Device {
    const { name } = device.metadata;
    if (!isNewer(this.#informer.get(name), device)) this.#written.set(name, device);
    this.#tell(name);
    return device;
  }

  #all(ids: readonly string[]): Device[] {
    return ids.flatMap((id) => this.get(id) ?? []);
  }

  #tell(id: string): void {
    this.#index.update(id, this.get(id));
    for (const handler of this.#handlers) handler(id);
  }
}

/** The newer of the watch's version and that of an own write; the own one of equals. */
function newest(one: Device | undefined, other: Device | undefined): Device | undefined {
  return isNewer(one, other) ? one : other;
}
