import { isDeepStrictEqual } from 'node:util';
import type { Device, DeviceClaim } from '../../k8s/core/resources.ts';
import type { BindableClaim, BindableDevice, ExistingNode } from '../core/binding.ts';
import { BindingLinks, type Cluster } from '../core/binding-links.ts';
import { matchKey, normaliseFingerprint, namesKey } from '../core/claim-match.ts';
import { isVerified } from '../core/evidence.ts';

/**
 * What of devices, claims and Nodes bears on bindings. Statuses are written many times in a join and Nodes every few
 * seconds; each change here says whether anything must be bound anew.
 */
export class BindingInputs {
  readonly #devices = new Map<string, BindableDevice>();
  readonly #nodes = new Map<string, ExistingNode>();
  readonly #claims = new Map<string, BindableClaim>();
  /** Uids of all claims, those included that are being deleted. */
  readonly #uids = new Map<string, string>();
  readonly #byFingerprint = new NamesBy();
  /** Claims with `replaces` that name the newcomer's key, by its device id. */
  readonly #confirming = new NamesBy();
  readonly #links = new BindingLinks();

  setDevice(id: string, device: Device | undefined): boolean {
    const bindable = device === undefined ? undefined : bindableDevice(device);
    if (!set(this.#devices, id, bindable)) return false;
    this.#links.setDevice(id, bindable);
    return true;
  }

  setNode(name: string, node: ExistingNode | undefined): boolean {
    if (!set(this.#nodes, name, node)) return false;
    this.#links.touchName(name);
    return true;
  }

  setClaim(name: string, claim: DeviceClaim | undefined): boolean {
    const uid = claim?.metadata.uid;
    const hadUid = this.#uids.get(name);
    if (uid === undefined) this.#uids.delete(name);
    else this.#uids.set(name, uid);
    const isWanted = claim !== undefined && claim.metadata.deletionTimestamp === undefined;
    const bindable = isWanted ? bindableClaim(claim) : undefined;
    if (!set(this.#claims, name, bindable)) return hadUid !== uid;
    this.#links.setClaim(name, bindable);
    this.#byFingerprint.set(name, fingerprintOf(bindable));
    this.#confirming.set(name, bindable?.replaces === undefined ? undefined : namedDevice(bindable));
    return true;
  }

  claim(name: string): BindableClaim | undefined {
    return this.#claims.get(name);
  }

  device(id: string): BindableDevice | undefined {
    return this.#devices.get(id);
  }

  node(name: string): ExistingNode | undefined {
    return this.#nodes.get(name);
  }

  /** These names were retired, or are free again. */
  touchNames(names: Iterable<string>): void {
    for (const name of names) this.#links.touchName(name);
  }

  /** What must be bound anew since the last call. */
  takeChanged(): Cluster {
    return this.#links.takeChanged();
  }

  /** Whether this very claim still exists, bound or not. */
  hasClaim(name: string, uid: string): boolean {
    return this.#uids.get(name) === uid;
  }

  /** Whether a claim names this key. */
  claimsKey(keyFingerprint: string): boolean {
    return this.#byFingerprint.get(normaliseFingerprint(keyFingerprint)).length > 0;
  }

  /** Ids of the devices whose place this one takes by an operator's word about just its key. */
  replacedBy(deviceId: string): string[] {
    return this.#confirming.get(deviceId).flatMap((name) => this.#claims.get(name)?.replaces ?? []);
  }

  /** Id of the device whose key the claim names. */
  deviceNamedBy(claimName: string): string | undefined {
    const claim = this.#claims.get(claimName);
    return claim === undefined ? undefined : namedDevice(claim);
  }
}

/** Names by a key, each name under one key at most. */
class NamesBy {
  readonly #names = new Map<string, Set<string>>();
  readonly #keys = new Map<string, string>();

  set(name: string, key: string | undefined): void {
    const before = this.#keys.get(name);
    if (before === key) return;
    if (before !== undefined) this.#remove(name, before);
    if (key === undefined) return;
    this.#keys.set(name, key);
    this.#names.set(key, (this.#names.get(key) ?? new Set()).add(name));
  }

  get(key: string): string[] {
    return [...(this.#names.get(key) ?? [])];
  }

  #remove(name: string, key: string): void {
    this.#keys.delete(name);
    const names = this.#names.get(key);
    names?.delete(name);
    if (names?.size === 0) this.#names.delete(key);
  }
}

function set<T>(map: Map<string, T>, key: string, value: T | undefined): boolean {
  if (isDeepStrictEqual(map.get(key), value)) return false;
  if (value === undefined) map.delete(key);
  else map.set(key, value);
  return true;
}

function fingerprintOf(claim: BindableClaim | undefined): string | undefined {
  const { keyFingerprint } = claim?.match ?? {};
  return keyFingerprint === undefined ? undefined : normaliseFingerprint(keyFingerprint);
}

function namedDevice({ match }: BindableClaim): string | undefined {
  const [kind, id] = (matchKey(match) ?? '').split(' ');
  return kind === 'device' ? id : undefined;
}

function bindableClaim({ metadata, spec }: DeviceClaim): BindableClaim {
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    createdAt: metadata.creationTimestamp ?? '',
    match: spec.match,
    nodeName: spec.nodeName ?? metadata.name,
    // The word that confirms a newcomer is about one key: what can be copied confirms nobody.
    ...(spec.replaces === undefined || !namesKey(spec.match) ? {} : { replaces: spec.replaces }),
  };
}

function bindableDevice({ metadata, spec, status }: Device): BindableDevice {
  const { hardware, join, claimRef, nodeRef } = status ?? {};
  const isJoining = join?.state === 'ticketing' || join?.state === 'joining';
  const isReplaced = join?.state === 'replaced';
  // A device that has joined stays with its claim: only Revoked takes it out, or another that takes its place.
  const isTurnedAway = nodeRef === undefined ? spec.decision !== 'Undecided' : spec.decision === 'Revoked';
  const isWelcome = isVerified(spec.evidence) && !isTurnedAway && !isReplaced;
  // A name is taken, and after a revocation retired, from the first ticket on; that of a replaced device is handed over.
  const ticketName = join !== undefined && join.attempt > 0 && !isReplaced ? join.nodeName : undefined;
  return {
    id: metadata.name,
    uid: metadata.uid ?? '',
    serial: hardware?.serial,
    macs: hardware?.macs ?? [],
    duid: hardware?.duid,
    eligible: isWelcome && metadata.deletionTimestamp === undefined,
    stage: nodeRef !== undefined ? 'joined' : isJoining ? 'joining' : 'waiting',
    revoked: spec.decision === 'Revoked',
    replaced: isReplaced,
    claimUid: claimRef?.uid,
    nodeName: nodeRef?.name ?? ticketName,
    ticketName: join?.ticketedAt === undefined ? undefined : ticketName,
  };
}
