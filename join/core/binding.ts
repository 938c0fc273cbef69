import type { ClaimMatch } from '../../k8s/core/resources.ts';
import type { ShownError } from './actions.ts';
import { keysOf, matchKey, namesKey, type Identity } from './claim-match.ts';

/** A claim as the binder sees it. */
export interface BindableClaim {
  readonly name: string;
  readonly uid: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly match: ClaimMatch;
  readonly nodeName: string;
}

/** A device as the binder sees it. */
export interface BindableDevice extends Identity {
  readonly uid: string;
  /**
   * Has shown evidence and no operator spoke against it before its Node existed: only such devices are bound, and only
   * they can conflict.
   */
  readonly eligible: boolean;
  /** `joining`: a ticket is being made or is out. `joined`: its Node exists. */
  readonly stage: 'waiting' | 'joining' | 'joined';
  readonly revoked: boolean;
  /** Uid of the claim that its status names. */
  readonly claimUid?: string | undefined;
  /** Name of its Node, or of its ticket, or the retired one. */
  readonly nodeName?: string | undefined;
}

/** A Node that exists, and the device it came from when Usher made it. */
export interface ExistingNode {
  readonly name: string;
  readonly device?: string | undefined;
}

export type ClaimBinding =
  | { readonly is: 'waiting' }
  | { readonly is: 'bound'; readonly device: string }
  | { readonly is: 'conflict'; readonly problem: ShownError };

export type DeviceBinding =
  | { readonly is: 'unclaimed' }
  | { readonly is: 'bound'; readonly claim: string }
  | { readonly is: 'held'; readonly problem: ShownError };

/** Who belongs to whom: claims by name, devices by id. */
export interface Bindings {
  readonly claims: ReadonlyMap<string, ClaimBinding>;
  readonly devices: ReadonlyMap<string, DeviceBinding>;
}

/**
 * Binds claims to devices as PersistentVolumeClaims are bound to PersistentVolumes: at most one device a claim, at most
 * one claim a device. What is bound stays bound; whatever is ambiguous is bound to nobody and said on both sides.
 */
export function bind(
  claims: readonly BindableClaim[],
  devices: readonly BindableDevice[],
  nodes: readonly ExistingNode[],
): Bindings {
  return new Binder(claims, devices, nodes).run();
}

class Binder {
  readonly #claims: readonly BindableClaim[];
  readonly #devices: readonly BindableDevice[];
  readonly #nodes: ReadonlyMap<string, ExistingNode>;
  readonly #index: ReadonlyMap<string, BindableDevice[]>;
  readonly #claimByUid: ReadonlyMap<string, BindableClaim>;
  readonly #claimsNaming: ReadonlyMap<string, BindableClaim[]>;
  /** Devices that have, are getting or must never give back a node name, by that name. */
  readonly #holders: ReadonlyMap<string, BindableDevice[]>;
  readonly #boundUids: ReadonlySet<string | undefined>;
  readonly #claimsOf = new Map<string, BindableClaim[]>();
  readonly #held = new Map<string, ShownError>();
  readonly #bound = new Map<string, BindableClaim>();
  readonly #results = new Map<string, ClaimBinding>();

  constructor(claims: readonly BindableClaim[], devices: readonly BindableDevice[], nodes: readonly ExistingNode[]) {
    this.#claims = [...claims].sort(byAge);
    this.#devices = devices;
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    this.#index = indexBy(
      devices.filter(({ eligible }) => eligible),
      keysOf,
    );
    this.#claimByUid = new Map(claims.map((claim) => [claim.uid, claim]));
    this.#claimsNaming = indexBy(this.#claims, ({ nodeName }) => [nodeName]);
    this.#holders = indexBy(devices, ({ nodeName, stage, revoked }) =>
      nodeName !== undefined && (revoked || stage !== 'waiting') ? [nodeName] : [],
    );
    this.#boundUids = new Set(devices.map(({ claimUid }) => claimUid));
  }

  run(): Bindings {
    this.#holdTwins();
    for (const claim of this.#claims) {
      for (const device of this.#fitting(claim)) {
        this.#claimsOf.set(device.id, [...(this.#claimsOf.get(device.id) ?? []), claim]);
      }
    }
    for (const device of this.#devices) this.#keep(device);
    for (const claim of this.#claims)
      if (!this.#results.has(claim.name)) this.#results.set(claim.name, this.#decide(claim));
    return {
      claims: this.#results,
      devices: new Map(this.#devices.map((device) => [device.id, this.#stateOf(device)])),
    };
  }

  /** Two eligible devices with one serial: one of them is not the board it says it is. */
  #holdTwins(): void {
    for (const [key, twins] of this.#index) {
      if (!key.startsWith('serial ') || twins.length < 2) continue;
      const settled = twins.find(({ stage }) => stage === 'joined') ?? twins.find(({ stage }) => stage === 'joining');
      for (const device of twins) {
        if (device.stage !== 'waiting') continue;
        this.#held.set(
          device.id,
          settled === undefined ? twinsProblem(key, twins) : offerProblem(key, device, settled),
        );
      }
    }
  }

  #fitting(claim: BindableClaim): BindableDevice[] {
    const key = matchKey(claim.match);
    return key === undefined ? [] : (this.#index.get(key) ?? []);
  }

  /** What a device's status already says stays, unless it became ambiguous before the ticket was made. */
  #keep(device: BindableDevice): void {
    const claim = this.#claimByUid.get(device.claimUid ?? '');
    if (claim === undefined || !device.eligible || this.#results.has(claim.name)) return;
    const fits = this.#fitting(claim).some(({ id }) => id === device.id);
    const ambiguous = !namesKey(claim.match) && (this.#held.has(device.id) || this.#fitting(claim).length > 1);
    if (device.stage === 'waiting' && (!fits || ambiguous || this.#nameTaken(claim, device) !== undefined)) return;
    this.#take(claim, device);
  }

  #take(claim: BindableClaim, device: BindableDevice): ClaimBinding {
    const binding: ClaimBinding = { is: 'bound', device: device.id };
    this.#bound.set(device.id, claim);
    this.#results.set(claim.name, binding);
    return binding;
  }

  #decide(claim: BindableClaim): ClaimBinding {
    const fitting = this.#fitting(claim);
    // Re-adopting the one that has joined already (its claim was deleted and made anew) is no ambiguity.
    const device = fitting.length > 1 ? fitting.find(({ stage }) => stage !== 'waiting') : fitting[0];
    if (device === undefined) {
      const [first] = fitting;
      if (first !== undefined) return this.#holdAll(claim, fitting);
      const taken = this.#nameTaken(claim);
      return taken === undefined ? { is: 'waiting' } : { is: 'conflict', problem: taken };
    }
    const rival = this.#bound.get(device.id);
    if (rival !== undefined) return { is: 'conflict', problem: claimsProblem(claim, rival, device) };
    const [other] = (this.#claimsOf.get(device.id) ?? []).filter(({ name }) => name !== claim.name);
    if (other !== undefined) {
      const problem = claimsProblem(claim, other, device);
      this.#held.set(device.id, problem);
      return { is: 'conflict', problem };
    }
    const problem = this.#whyNot(claim, device);
    return problem === undefined ? this.#take(claim, device) : { is: 'conflict', problem };
  }

  #whyNot(claim: BindableClaim, device: BindableDevice): ShownError | undefined {
    const held = this.#held.get(device.id);
    if (held !== undefined && !namesKey(claim.match)) return held;
    if (device.stage === 'joined' && device.nodeName !== claim.nodeName) {
      const params = { device: device.id, nodeName: device.nodeName ?? '' };
      return { code: 'DEVICE_HAS_NODE', params };
    }
    const taken = this.#nameTaken(claim, device);
    if (taken !== undefined) this.#held.set(device.id, taken);
    return taken;
  }

  #holdAll(claim: BindableClaim, devices: readonly BindableDevice[]): ClaimBinding {
    const problem = twinsProblem(matchKey(claim.match) ?? '', devices);
    for (const { id } of devices) if (!this.#held.has(id) && !this.#bound.has(id)) this.#held.set(id, problem);
    return { is: 'conflict', problem };
  }

  #nameTaken(claim: BindableClaim, device?: BindableDevice): ShownError | undefined {
    const owner = this.#ownerOf(claim, device);
    return owner === undefined ? undefined : { code: 'NODE_NAME_TAKEN', params: { nodeName: claim.nodeName, owner } };
  }

  #ownerOf(claim: BindableClaim, device?: BindableDevice): string | undefined {
    const holder = this.#holders.get(claim.nodeName)?.find(({ id }) => id !== device?.id);
    if (holder !== undefined) return `${holder.revoked ? 'revoked ' : ''}device ${holder.id}`;
    const node = this.#nodes.get(claim.nodeName);
    const isIts = device?.stage === 'joined' && device.nodeName === claim.nodeName && node?.device === undefined;
    const mayBecomeIts = isIts || (device !== undefined && (node?.device === device.id || device.stage === 'joining'));
    if (node !== undefined && !mayBecomeIts)
      return node.device === undefined ? 'a node that Usher did not make' : `device ${node.device}`;
    const older = this.#claimsNaming.get(claim.nodeName)?.find((other) => this.#comesFirst(other, claim));
    return older === undefined ? undefined : `claim ${older.name}`;
  }

  /** Of two claims for one node name the bound one has it, else the older. */
  #comesFirst(one: BindableClaim, other: BindableClaim): boolean {
    if (one.uid === other.uid) return false;
    const isBound = this.#boundUids.has(one.uid);
    if (isBound !== this.#boundUids.has(other.uid)) return isBound;
    return byAge(one, other) < 0;
  }

  #stateOf(device: BindableDevice): DeviceBinding {
    const claim = this.#bound.get(device.id);
    if (claim !== undefined) return { is: 'bound', claim: claim.name };
    const problem = this.#held.get(device.id);
    return problem === undefined ? { is: 'unclaimed' } : { is: 'held', problem };
  }
}

function indexBy<T>(items: readonly T[], keys: (item: T) => readonly string[]): Map<string, T[]> {
  const index = new Map<string, T[]>();
  for (const item of items) {
    for (const key of keys(item)) {
      const found = index.get(key);
      if (found === undefined) index.set(key, [item]);
      else found.push(item);
    }
  }
  return index;
}

function byAge(one: BindableClaim, other: BindableClaim): number {
  return Date.parse(one.createdAt) - Date.parse(other.createdAt) || (one.uid < other.uid ? -1 : 1);
}

function twinsProblem(key: string, twins: readonly BindableDevice[]): ShownError {
  const ids = twins.map(({ id }) => id).sort();
  return { code: 'SERIAL_CONFLICT', params: { identifier: key, devices: ids.join(', ') } };
}

function offerProblem(key: string, device: BindableDevice, joined: BindableDevice): ShownError {
  return { code: 'REPLACEMENT_OFFERED', params: { device: device.id, identifier: key, joined: joined.id } };
}

function claimsProblem(claim: BindableClaim, other: BindableClaim, device: BindableDevice): ShownError {
  return { code: 'CLAIM_CONFLICT', params: { name: claim.name, other: other.name, device: device.id } };
}
