import { isDeepStrictEqual } from 'node:util';
import { bind, type Bindings, type ClaimBinding, type DeviceBinding, type ExistingNode } from '../core/binding.ts';
import type { BindingInputs } from './binding-inputs.ts';

/** The bindings that hold now, kept up to date cluster by cluster: a change costs what it touches, not the whole site. */
export class LiveBindings implements Bindings {
  readonly claims = new Map<string, ClaimBinding>();
  readonly devices = new Map<string, DeviceBinding>();
  readonly #inputs: BindingInputs;
  readonly #isRetired: (nodeName: string) => boolean;

  constructor(inputs: BindingInputs, isRetired: (nodeName: string) => boolean) {
    this.#inputs = inputs;
    this.#isRetired = isRetired;
  }

  /** Decides anew what has changed. @returns the names of claims and ids of devices that are bound otherwise now */
  update(): { claims: string[]; devices: string[] } {
    const { claims, devices, nodeNames, gone } = this.#inputs.takeChanged();
    const nodes = nodeNames.flatMap((name): ExistingNode[] => {
      const node = this.#inputs.node(name) ?? (this.#isRetired(name) ? { name, retired: true } : undefined);
      return node === undefined ? [] : [node];
    });
    const fresh = bind(
      claims.flatMap((name) => this.#inputs.claim(name) ?? []),
      devices.flatMap((id) => this.#inputs.device(id) ?? []),
      nodes,
    );
    for (const name of gone.claims) this.claims.delete(name);
    for (const id of gone.devices) this.devices.delete(id);
    return { claims: takeOver(this.claims, fresh.claims), devices: takeOver(this.devices, fresh.devices) };
  }
}

function takeOver<T>(present: Map<string, T>, fresh: ReadonlyMap<string, T>): string[] {
  const changed: string[] = [];
  for (const [name, binding] of fresh) {
    if (isDeepStrictEqual(present.get(name), binding)) continue;
    present.set(name, binding);
    changed.push(name);
  }
  return changed;
}
