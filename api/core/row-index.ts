import { isVerified } from '../../join/core/evidence.ts';
import type { Candidate } from '../../join/core/ports.ts';
import type { Sighting } from '../../discovery/core/sighting.ts';
import { DEVICE_ANNOTATION } from '../../k8s/core/node-claim.ts';
import type { Device, DeviceClaim, Node } from '../../k8s/core/resources.ts';
import { ClaimIndex, keyOfMatch, keysOf, type Identity } from './claim-index.ts';
import { deviceView, MAC_ROW_PREFIX } from './device-view.ts';
import type { IgnoredMac } from './ignored-mac.ts';
import { MultiMap } from './multi-map.ts';
import { OfferIndex } from './offer-index.ts';
import type { RowSources } from './row-sources.ts';
import type { DeviceView } from './schemas.ts';

/**
 * Everything known, arranged as rows: one for each physical thing. What has shown a key has a row of its own (two keys
 * are two things); a sighting belongs to the device that has its MAC address, else to the one it names, else it is a
 * row itself; so does a MAC address that was ignored, seen or not. Each `set…` and `remove…` gives the ids of the rows
 * that may look different now.
 */
export class RowIndex {
  readonly #devices = new Map<string, Device>();
  readonly #candidates = new Map<string, Candidate>();
  readonly #sightings = new Map<string, Sighting>();
  readonly #nodes = new Map<string, Node>();
  readonly #claims = new ClaimIndex();
  readonly #offers = new OfferIndex();
  /** MAC address → ids of devices and candidates that say they have it. */
  readonly #idsOfMac = new MultiMap();
  /** MAC address → ids of devices that say they have it, and that an operator ignored. */
  readonly #ignoredOfMac = new MultiMap();
  /** MAC addresses that an operator ignored. */
  #ignoredMacs: ReadonlyMap<string, IgnoredMac> = new Map();
  /** Device id → MAC addresses of sightings that name it. */
  readonly #hintedMacs = new MultiMap();
  /** Node name → ids of devices that are, or are to become, that node. */
  readonly #idsOfNode = new MultiMap();
  /** What a claim can match, or the claim it is bound to → ids of rows; and the same the other way round. */
  readonly #idsOfKey = new MultiMap();
  readonly #keysOfId = new Map<string, readonly string[]>();

  setDevice(device: Device): ReadonlySet<string> {
    return this.#changeKeyed(device.metadata.name, () => this.#devices.set(device.metadata.name, device));
  }

  removeDevice(id: string): ReadonlySet<string> {
    return this.#changeKeyed(id, () => this.#devices.delete(id));
  }

  setCandidate(candidate: Candidate): ReadonlySet<string> {
    return this.#changeKeyed(candidate.deviceId, () => this.#candidates.set(candidate.deviceId, candidate));
  }

  removeCandidate(id: string): ReadonlySet<string> {
    return this.#changeKeyed(id, () => this.#candidates.delete(id));
  }

  setSighting(sighting: Sighting): ReadonlySet<string> {
    return this.#changeSighting(sighting.mac, sighting);
  }

  removeSighting(mac: string): ReadonlySet<string> {
    return this.#changeSighting(mac, undefined);
  }

  /** Takes in all MAC addresses that are ignored now. */
  setIgnoredMacs(macs: ReadonlyMap<string, IgnoredMac>): ReadonlySet<string> {
    const before = this.#ignoredMacs;
    this.#ignoredMacs = macs;
    const changed = [...before.keys(), ...macs.keys()].filter((mac) => before.get(mac)?.at !== macs.get(mac)?.at);
    return this.#reindexed(new Set(changed.flatMap((mac) => [this.#rowOfMac(mac), ...this.#idsOfMac.get(mac)])));
  }

  setNode(node: Node): ReadonlySet<string> {
    this.#nodes.set(node.metadata.name, node);
    return new Set(this.#idsOfNode.get(node.metadata.name));
  }

  removeNode(name: string): ReadonlySet<string> {
    this.#nodes.delete(name);
    return new Set(this.#idsOfNode.get(name));
  }

  setClaim(claim: DeviceClaim): ReadonlySet<string> {
    return this.#changeClaim(claim.metadata.name, claim);
  }

  removeClaim(name: string): ReadonlySet<string> {
    return this.#changeClaim(name, undefined);
  }

  device(id: string): Device | undefined {
    return this.#devices.get(id);
  }

  devices(): Device[] {
    return [...this.#devices.values()];
  }

  candidate(id: string): Candidate | undefined {
    return this.#candidates.get(id);
  }

  node(name: string): Node | undefined {
    return this.#nodes.get(name);
  }

  claims(): DeviceClaim[] {
    return this.#claims.list();
  }

  /** Ids of all rows. */
  ids(): Set<string> {
    const ids = new Set([...this.#devices.keys(), ...this.#candidates.keys()]);
    for (const mac of [...this.#sightings.keys(), ...this.#ignoredMacs.keys()]) ids.add(this.#rowOfMac(mac));
    return ids;
  }

  /** The row of that id, or undefined when nothing (any more) has it. */
  view(id: string): DeviceView | undefined {
    const sources = this.sources(id);
    return sources === undefined ? undefined : deviceView(sources);
  }

  /** All that is known of the row of that id. */
  sources(id: string): RowSources | undefined {
    const device = this.#devices.get(id);
    const candidate = this.#candidates.get(id);
    const sightings = this.#sightingsOf(id);
    const ignored = this.#ignoredBy(id);
    if (device === undefined && candidate === undefined && sightings.length === 0) {
      return ignored.ignoredMac === undefined ? undefined : { id, sightings, ...ignored };
    }
    const claim = this.#claims.claimOf(identityOf(id, device, candidate, sightings), device?.status?.claimRef?.name);
    const known = { id, device, candidate, sightings, claim, node: this.#nodeOf(device), ...ignored };
    return { ...known, ...this.#succession(id) };
  }

  /** Those of its MAC addresses that an operator ignored as such, before they had shown a key. */
  ignoredMacs(id: string): string[] {
    if (this.#ignoredMacs.size === 0) return [];
    const macs = new Set([...this.#macsOf(id), ...this.#macsOnLan(id)]);
    return [...macs].filter((mac) => this.#ignoredMacs.has(mac)).sort();
  }

  /**
   * Ids of the other devices that an operator ignored, and that say they have one of its MAC addresses: a board that
   * comes with a new key is likely to be the one that was ignored.
   */
  ignoredTwins(id: string): string[] {
    const twins = new Set(this.#macsOf(id).flatMap((mac) => [...this.#ignoredOfMac.get(mac)]));
    twins.delete(id);
    return [...twins].sort();
  }

  /** What an operator ignored that it is likely to be. */
  #ignoredBy(id: string): Pick<RowSources, 'ignoredMac' | 'ignoredTwins'> {
    const [mac] = this.ignoredMacs(id);
    const ignored = mac === undefined ? undefined : this.#ignoredMacs.get(mac);
    const ignoredTwins = this.ignoredTwins(id);
    return {
      ...(mac === undefined || ignored === undefined ? {} : { ignoredMac: { mac, ...ignored } }),
      ...(ignoredTwins.length === 0 ? {} : { ignoredTwins }),
    };
  }

  /** Who could take whose place, and who took it. An offer that an operator has confirmed is none any more. */
  #succession(id: string): Pick<RowSources, 'offer' | 'offeredBy' | 'replacedBy'> {
    const offer = this.#offers.offerOf(id);
    const device =
      offer === undefined || this.#isConfirmed(offer.device, id) ? undefined : this.#devices.get(offer.device);
    const offeredBy = this.#offers.offeredTo(id).filter((newcomer) => !this.#isConfirmed(id, newcomer));
    const successors = this.#claims.replacing(id).flatMap(({ status }) => status?.deviceRef?.name ?? []);
    return {
      ...(device === undefined || offer === undefined
        ? {}
        : { offer: { device, claim: device.status?.claimRef?.name, because: offer.because } }),
      offeredBy,
      replacedBy: successors.find((successor) => successor !== id),
    };
  }

  #isConfirmed(old: string, newcomer: string): boolean {
    const keys = this.#keysOfId.get(newcomer) ?? [];
    return this.#claims.replacing(old).some(({ spec }) => keys.includes(keyOfMatch(spec.match)));
  }

  #nodeOf(device: Device | undefined): Node | undefined {
    const name = nodeNameOf(device);
    const node = name === undefined ? undefined : this.#nodes.get(name);
    const uid = device?.status?.nodeRef?.uid;
    if (uid !== undefined) return node?.metadata.uid === uid ? node : undefined;
    // A name that was handed over is still that of the device before; the node says whose it is.
    const owner = node?.metadata.annotations?.[DEVICE_ANNOTATION];
    return owner === undefined || owner === device?.metadata.name ? node : undefined;
  }

  #sightingsOf(id: string): Sighting[] {
    return this.#macsOnLan(id).flatMap((mac) => this.#sightings.get(mac) ?? []);
  }

  /** MAC addresses of which what is seen belongs to the row. */
  #macsOnLan(id: string): string[] {
    const macs = id.startsWith(MAC_ROW_PREFIX)
      ? [id.slice(MAC_ROW_PREFIX.length)]
      : new Set([...this.#macsOf(id), ...this.#hintedMacs.get(id)]);
    return [...macs].filter((mac) => this.#rowOfMac(mac) === id);
  }

  /** The row that what is seen of a MAC address belongs to. */
  #rowOfMac(mac: string): string {
    const [owner] = [...this.#idsOfMac.get(mac)].sort((a, b) => this.#compareClaimsToMac(a, b));
    if (owner !== undefined) return owner;
    const hinted = this.#sightings.get(mac)?.deviceId;
    const known = hinted !== undefined && (this.#devices.has(hinted) || this.#candidates.has(hinted));
    return known ? hinted : MAC_ROW_PREFIX + mac;
  }

  /**
   * A MAC address is only said, never proven: evidence goes before none, and the newest key before an older one, since
   * a re-flashed board is there under its new key.
   */
  #compareClaimsToMac(a: string, b: string): number {
    const [one, other] = [this.#devices.get(a), this.#devices.get(b)];
    const strength = strengthOf(other) - strengthOf(one);
    if (strength !== 0) return strength;
    const [madeOne = '', madeOther = ''] = [one?.metadata.creationTimestamp, other?.metadata.creationTimestamp];
    if (madeOne !== madeOther) return madeOne < madeOther ? 1 : -1;
    return a < b ? -1 : 1;
  }

  #macsOf(id: string): readonly string[] {
    return this.#devices.get(id)?.status?.hardware?.macs ?? this.#candidates.get(id)?.hello.hw.macs ?? [];
  }

  #isIgnored(id: string): boolean {
    return this.#devices.get(id)?.spec.decision === 'Ignored';
  }

  #changeKeyed(id: string, change: () => void): ReadonlySet<string> {
    const touched = new Set([id]);
    const before = this.#macsOf(id);
    const wasIgnored = this.#isIgnored(id);
    const hinted = this.#hintedMacs.get(id);
    for (const mac of [...before, ...hinted]) touched.add(this.#rowOfMac(mac));
    for (const mac of before) {
      this.#idsOfMac.remove(mac, id);
      this.#ignoredOfMac.remove(mac, id);
    }
    const nodeBefore = nodeNameOf(this.#devices.get(id));
    if (nodeBefore !== undefined) this.#idsOfNode.remove(nodeBefore, id);
    change();
    const nodeAfter = nodeNameOf(this.#devices.get(id));
    if (nodeAfter !== undefined) this.#idsOfNode.add(nodeAfter, id);
    const after = this.#macsOf(id);
    for (const mac of after) {
      touched.add(this.#rowOfMac(mac));
      this.#idsOfMac.add(mac, id);
      if (this.#isIgnored(id)) this.#ignoredOfMac.add(mac, id);
    }
    const isTold = wasIgnored || this.#isIgnored(id);
    for (const mac of isTold ? [...before, ...after] : [])
      for (const twin of this.#idsOfMac.get(mac)) touched.add(twin);
    for (const mac of [...before, ...after, ...hinted]) touched.add(this.#rowOfMac(mac));
    const partners = this.#offers.set(id, this.#devices.get(id), this.#candidates.get(id));
    return new Set([...this.#reindexed(touched), ...partners]);
  }

  #changeSighting(mac: string, sighting: Sighting | undefined): ReadonlySet<string> {
    const touched = new Set([this.#rowOfMac(mac)]);
    const before = this.#sightings.get(mac)?.deviceId;
    if (before !== undefined) this.#hintedMacs.remove(before, mac);
    if (sighting === undefined) this.#sightings.delete(mac);
    else this.#sightings.set(mac, sighting);
    if (sighting?.deviceId !== undefined) this.#hintedMacs.add(sighting.deviceId, mac);
    return this.#reindexed(touched.add(this.#rowOfMac(mac)));
  }

  #changeClaim(name: string, claim: DeviceClaim | undefined): ReadonlySet<string> {
    const before = this.#claims.get(name);
    if (claim === undefined) this.#claims.remove(name);
    else this.#claims.set(claim);
    const touched = new Set<string>(this.#idsOfKey.get(boundKey(name)));
    for (const each of [before, claim]) {
      if (each === undefined) continue;
      for (const id of this.#idsOfKey.get(keyOfMatch(each.spec.match))) touched.add(id);
      const bound = each.status?.deviceRef?.name;
      if (bound !== undefined) touched.add(bound);
      if (each.spec.replaces !== undefined) touched.add(each.spec.replaces);
    }
    return touched;
  }

  #reindexed(ids: ReadonlySet<string>): ReadonlySet<string> {
    for (const id of ids) {
      for (const key of this.#keysOfId.get(id) ?? []) this.#idsOfKey.remove(key, id);
      const keys = this.#keysNow(id);
      if (keys.length === 0) this.#keysOfId.delete(id);
      else this.#keysOfId.set(id, keys);
      for (const key of keys) this.#idsOfKey.add(key, id);
    }
    return ids;
  }

  #keysNow(id: string): string[] {
    const [device, candidate, sightings] = [this.#devices.get(id), this.#candidates.get(id), this.#sightingsOf(id)];
    if (device === undefined && candidate === undefined && sightings.length === 0) return [];
    const bound = device?.status?.claimRef?.name;
    const keys = keysOf(identityOf(id, device, candidate, sightings));
    return bound === undefined ? keys : [...keys, boundKey(bound)];
  }
}

function boundKey(claimName: string): string {
  return `bound:${claimName}`;
}

function nodeNameOf(device: Device | undefined): string | undefined {
  return device?.status?.nodeRef?.name ?? device?.status?.join?.nodeName;
}

function strengthOf(device: Device | undefined): number {
  if (device === undefined) return 0;
  return isVerified(device.spec.evidence) ? 2 : 1;
}

function identityOf(
  id: string,
  device: Device | undefined,
  candidate: Candidate | undefined,
  sightings: readonly Sighting[],
): Identity {
  const hardware = device?.status?.hardware ?? candidate?.hello.hw;
  const seenSerials = sightings.flatMap(({ serial }) => (serial === undefined ? [] : [serial]));
  return {
    id,
    macs: [...(hardware?.macs ?? []), ...sightings.map(({ mac }) => mac)],
    // What the device itself says goes before what was seen of it.
    serials: hardware?.serial === undefined ? seenSerials : [hardware.serial],
    duid: hardware?.duid,
  };
}
