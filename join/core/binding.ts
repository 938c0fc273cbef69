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
  /** Id of the device whose place the matched one takes: an operator's confirmation. */
  readonly replaces?: string | undefined;
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
  /** Another device took its place: it is neither bound nor a twin, and has no name of its own any more. */
  readonly replaced?: boolean;
  /** Uid of the claim that its status names. */
  readonly claimUid?: string | undefined;
  /** Name of its Node, or of its ticket, or the retired one. */
  readonly nodeName?: string | undefined;
  /** Name of the ticket that was given up and may have been used in that moment: its Node may still appear. */
  readonly ticketName?: string | undefined;
}

/** A Node that exists, and the device it came from when Usher made it. */
export interface ExistingNode {
  readonly name: string;
  readonly device?: string | undefined;
  /** There is no Node, but the name is never handed out again: it was seen with a leaked token. */
  readonly retired?: boolean;
}

/** A bound device waits until the one that it replaces has given up the node name. */
export interface HandOver {
  readonly from: string;
  readonly nodeName: string;
}

export type ClaimBinding =
  | { readonly is: 'waiting' }
  | { readonly is: 'bound'; readonly device: string }
  | { readonly is: 'conflict'; readonly problem: ShownError };

export type DeviceBinding =
  | { readonly is: 'unclaimed' }
  | { readonly is: 'bound'; readonly claim: string; readonly handOver?: HandOver }
  | { readonly is: 'held'; readonly problem: ShownError }
  /** A claim names it in `replaces`; `to` is there once that claim is bound to the device that takes its place. */
  | { readonly is: 'leaving'; readonly claim: string; readonly to?: string };

/** Who belongs to whom: claims by name, devices by id. */
export interface Bindings {
  readonly claims: ReadonlyMap<string, ClaimBinding>;
  readonly devices: ReadonlyMap<string, DeviceBinding>;
}

/** So many devices of one serial are told by id. */
const MOST_TWINS_TOLD = 4;

/**
 * Binds claims to devices as PersistentVolumeClaims are bound to PersistentVolumes: at most one device a claim, at most
 * one claim a device. What is bound stays bound; whatever is ambiguous is bound to nobody and said on both sides.
 * A newcomer with the serial or DUID of a device that has joined, or is joining, offers to replace it and is held; a
 * claim that names the old one in `replaces` confirms that, or one that names the newcomer's key says that it is another.
 * Takes time in proportion to claims and devices together, as long as few of them carry the same identifier.
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
  readonly #byId: ReadonlyMap<string, BindableDevice>;
  readonly #index: ReadonlyMap<string, BindableDevice[]>;
  /** Claims by the device that they name in `replaces`. */
  readonly #replacing: ReadonlyMap<string, BindableClaim[]>;
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
    this.#byId = new Map(devices.map((device) => [device.id, device]));
    this.#replacing = indexBy(this.#claims, ({ replaces }) => (replaces === undefined ? [] : [replaces]));
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

  /** Two eligible devices with one serial or DUID: one of them is not the board it says it is, or is it anew. */
  #holdTwins(): void {
    for (const [key, all] of this.#index) {
      if (all.length < 2 || !(key.startsWith('serial ') || key.startsWith('duid '))) continue;
      const isQuestioned = all.some(({ id }) => this.#replacing.has(id));
      const shared = isQuestioned ? undefined : problemOf(key, all);
      for (const device of all) {
        if (device.stage !== 'waiting' || this.#held.has(device.id)) continue;
        const others = isQuestioned ? all.filter((other) => !this.#isConfirmed(device, other)) : all;
        if (others.length > 1) this.#held.set(device.id, (shared ?? problemOf(key, others))(device));
      }
    }
  }

  /** Whether an operator confirmed that `device` takes the place of `other`. */
  #isConfirmed(device: BindableDevice, other: BindableDevice): boolean {
    const claims = this.#replacing.get(other.id) ?? [];
    return other.id !== device.id && claims.some(({ match }) => keysOf(device).includes(matchKey(match) ?? ''));
  }

  /** Whoever the claim replaces is not meant by it, even when its match fits. */
  #fitting(claim: BindableClaim): BindableDevice[] {
    const key = matchKey(claim.match);
    const devices = key === undefined ? [] : (this.#index.get(key) ?? []);
    return claim.replaces === undefined ? devices : devices.filter(({ id }) => id !== claim.replaces);
  }

  /** What a device's status already says stays, unless it became ambiguous before the ticket was made. */
  #keep(device: BindableDevice): void {
    const claim = this.#claimByUid.get(device.claimUid ?? '');
    if (claim === undefined || !device.eligible || this.#results.has(claim.name)) return;
    if (claim.replaces === device.id) return;
    const fits = this.#fitting(claim).some(({ id }) => id === device.id);
    const ambiguous = !namesKey(claim.match) && (this.#held.has(device.id) || this.#fitting(claim).length > 1);
    if (device.stage === 'waiting' && (!fits || ambiguous)) return;
    // One that is to have another name gives up the present one only for one that is free.
    const needsName = device.stage === 'waiting' || (device.stage === 'joined' && device.nodeName !== claim.nodeName);
    if (needsName && this.#nameTaken(claim, device) !== undefined) return;
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
      const problem = this.#whyAbsent(claim) ?? this.#nameTaken(claim);
      return problem === undefined ? { is: 'waiting' } : { is: 'conflict', problem };
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
    const taken = this.#nameTaken(claim, device);
    if (taken !== undefined) this.#held.set(device.id, taken);
    return taken;
  }

  /** A claim by key for a device that cannot be had says why. */
  #whyAbsent(claim: BindableClaim): ShownError | undefined {
    const [kind, id] = (matchKey(claim.match) ?? '').split(' ');
    const device = kind === 'device' ? this.#byId.get(id ?? '') : undefined;
    if (device?.replaced !== true || device.revoked) return undefined;
    return { code: 'DEVICE_REPLACED', params: { by: this.#successorOf(device)?.to ?? 'another device' } };
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
    const holder = this.#holders
      .get(claim.nodeName)
      ?.find(({ id, revoked }) => id !== device?.id && (id !== claim.replaces || revoked));
    if (holder !== undefined) return `${holder.revoked ? 'revoked ' : ''}device ${holder.id}`;
    const node = this.#nodes.get(claim.nodeName);
    // It is on its way out: the newcomer is bound, and waits for it to be gone.
    const replaced = this.#byId.get(claim.replaces ?? '');
    if (node !== undefined && replaced !== undefined && isNodeOf(replaced, node)) return undefined;
    const isIts = device?.stage === 'joined' && device.nodeName === claim.nodeName && node?.device === undefined;
    const isOfTicket = device?.stage === 'joining' || (node?.device === undefined && device?.ticketName === node?.name);
    const mayBecomeIts = isIts || (device !== undefined && (node?.device === device.id || isOfTicket));
    if (node?.retired === true && !mayBecomeIts) return 'a name seen with a leaked token';
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
    const leaving = this.#successorOf(device);
    const claim = this.#bound.get(device.id);
    if (leaving !== undefined && (leaving.to !== undefined || claim === undefined)) return leaving;
    if (claim !== undefined) {
      const handOver = this.#handOver(claim, device);
      return { is: 'bound', claim: claim.name, ...(handOver === undefined ? {} : { handOver }) };
    }
    const problem = this.#held.get(device.id);
    return problem === undefined ? { is: 'unclaimed' } : { is: 'held', problem };
  }

  /** Who takes the place of the device, by which claim. */
  #successorOf(device: BindableDevice): Extract<DeviceBinding, { is: 'leaving' }> | undefined {
    const claims = this.#replacing.get(device.id) ?? [];
    for (const { name } of claims) {
      const binding = this.#results.get(name);
      if (binding?.is === 'bound') return { is: 'leaving', claim: name, to: binding.device };
    }
    const own = claims.find(({ uid }) => device.replaced === true || uid === device.claimUid);
    return own === undefined ? undefined : { is: 'leaving', claim: own.name };
  }

  /** What the device must wait for before it may have the name of the one that it replaces. */
  #handOver({ replaces, nodeName }: BindableClaim, device: BindableDevice): HandOver | undefined {
    if (replaces === undefined || device.stage !== 'waiting') return undefined;
    const old = this.#byId.get(replaces);
    const isOut = old === undefined || old.replaced === true || old.revoked;
    const node = this.#nodes.get(nodeName);
    const isFree = node === undefined || node.device === device.id;
    return isOut && isFree && (old?.nodeName !== nodeName || old.stage === 'waiting')
      ? undefined
      : { from: replaces, nodeName };
  }
}

function isNodeOf({ id, stage, nodeName }: BindableDevice, node: ExistingNode): boolean {
  return node.device === undefined ? stage === 'joined' && nodeName === node.name : node.device === id;
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

/** What to say of those that share an identifier: that one of them has joined, or that nobody knows which is which. */
function problemOf(key: string, twins: readonly BindableDevice[]): (device: BindableDevice) => ShownError {
  const settled = twins.find(({ stage }) => stage === 'joined') ?? twins.find(({ stage }) => stage === 'joining');
  if (settled !== undefined) return (device) => offerProblem(key, device, settled);
  const problem = twinsProblem(key, twins);
  return () => problem;
}

function twinsProblem(key: string, twins: readonly BindableDevice[]): ShownError {
  const ids = twins.map(({ id }) => id).sort();
  const more = ids.length - MOST_TWINS_TOLD;
  const devices = ids.slice(0, MOST_TWINS_TOLD).join(', ') + (more > 0 ? ` and ${String(more)} more` : '');
  return { code: 'SERIAL_CONFLICT', params: { identifier: key, devices } };
}

function offerProblem(key: string, device: BindableDevice, joined: BindableDevice): ShownError {
  return { code: 'REPLACEMENT_OFFERED', params: { device: device.id, identifier: key, joined: joined.id } };
}

function claimsProblem(claim: BindableClaim, other: BindableClaim, device: BindableDevice): ShownError {
  return { code: 'CLAIM_CONFLICT', params: { name: claim.name, other: other.name, device: device.id } };
}
