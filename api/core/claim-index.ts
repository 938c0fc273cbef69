import { deviceIdOf } from '../../join/protocol/device-id.ts';
import type { ClaimMatch, DeviceClaim } from '../../k8s/core/resources.ts';
import { MultiMap } from './multi-map.ts';

/** By what a claim can match a row. */
export interface Identity {
  id: string;
  macs: readonly string[];
  serials: readonly string[];
  duid: string | undefined;
}

/** Claims by name and by what they match. */
export class ClaimIndex {
  readonly #claims = new Map<string, DeviceClaim>();
  readonly #namesOfKey = new MultiMap();
  /** Device id → names of the claims that name it in `replaces`. */
  readonly #replacing = new MultiMap();

  get(name: string): DeviceClaim | undefined {
    return this.#claims.get(name);
  }

  list(): DeviceClaim[] {
    return [...this.#claims.values()];
  }

  set(claim: DeviceClaim): void {
    this.remove(claim.metadata.name);
    this.#claims.set(claim.metadata.name, claim);
    this.#namesOfKey.add(keyOfMatch(claim.spec.match), claim.metadata.name);
    if (claim.spec.replaces !== undefined) this.#replacing.add(claim.spec.replaces, claim.metadata.name);
  }

  remove(name: string): void {
    const claim = this.#claims.get(name);
    if (claim === undefined) return;
    this.#namesOfKey.remove(keyOfMatch(claim.spec.match), name);
    if (claim.spec.replaces !== undefined) this.#replacing.remove(claim.spec.replaces, name);
    this.#claims.delete(name);
  }

  /** The claims that name the device in `replaces`, by name. */
  replacing(id: string): DeviceClaim[] {
    return [...this.#replacing.get(id)].sort().flatMap((name) => this.#claims.get(name) ?? []);
  }

  /** The claim that is bound to it, else the first by name that matches it and is not bound to another device. */
  claimOf(identity: Identity, bound: string | undefined): DeviceClaim | undefined {
    const boundClaim = bound === undefined ? undefined : this.#claims.get(bound);
    if (boundClaim !== undefined) return boundClaim;
    const names = keysOf(identity).flatMap((key) => [...this.#namesOfKey.get(key)]);
    return names
      .sort()
      .map((name) => this.#claims.get(name))
      .find((claim) => claim !== undefined && isFreeFor(claim, identity.id));
  }
}

function isFreeFor(claim: DeviceClaim, id: string): boolean {
  const bound = claim.status?.deviceRef?.name;
  // A confirmed replacement is bound to the old device until the new one can have it.
  return bound === undefined || bound === id || bound === claim.spec.replaces;
}

/** Everything by which a claim can match, as one word each. */
export function keysOf({ id, macs, serials, duid }: Identity): string[] {
  return [
    `device:${id}`,
    ...macs.map((mac) => `mac:${mac}`),
    ...serials.map((serial) => `serial:${serial}`),
    ...(duid === undefined ? [] : [`duid:${duid}`]),
  ];
}

/** What a claim matches, as one of the words of {@link keysOf}. A key fingerprint begins with the bytes of the device id, so that it is the same question. */
export function keyOfMatch(match: ClaimMatch): string {
  if (match.device !== undefined) return `device:${match.device}`;
  if (match.keyFingerprint !== undefined) return `device:${deviceIdOf(bytesOfHex(match.keyFingerprint))}`;
  if (match.mac !== undefined) return `mac:${match.mac}`;
  if (match.serial !== undefined) return `serial:${match.serial}`;
  return `duid:${match.duid ?? ''}`;
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
