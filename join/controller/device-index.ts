import type { Device } from '../../k8s/core/resources.ts';

/** Which devices have a ticket, and which have to do with a node name: asked at every change of any Node or device. */
export class DeviceIndex {
  readonly #ticketed = new Set<string>();
  readonly #idsOfNode = new Map<string, Set<string>>();
  readonly #nodesOf = new Map<string, readonly string[]>();

  /** Takes in the device as it is now; undefined when it is gone. */
  update(id: string, device: Device | undefined): void {
    const { join, nodeRef } = device?.status ?? {};
    if (join?.state === 'ticketing' || join?.state === 'joining') this.#ticketed.add(id);
    else this.#ticketed.delete(id);
    const names = [nodeRef?.name, join?.nodeName].filter((name) => name !== undefined);
    for (const name of this.#nodesOf.get(id) ?? []) this.#removeFrom(name, id);
    for (const name of names) this.#idsOfNode.set(name, (this.#idsOfNode.get(name) ?? new Set()).add(id));
    if (names.length === 0) this.#nodesOf.delete(id);
    else this.#nodesOf.set(id, names);
  }

  /** Ids of devices whose ticket is being made or is out. */
  ticketed(): string[] {
    return [...this.#ticketed];
  }

  /** Ids of devices that are this node, are to become it, or were given its name. */
  idsOfNode(nodeName: string): string[] {
    return [...(this.#idsOfNode.get(nodeName) ?? [])];
  }

  #removeFrom(nodeName: string, id: string): void {
    const ids = this.#idsOfNode.get(nodeName);
    ids?.delete(id);
    if (ids?.size === 0) this.#idsOfNode.delete(nodeName);
  }
}
