import type { Informer } from '../../k8s/client/kube-client.ts';
import {
  RETRY_ANNOTATION,
  type Device,
  type DeviceClaim,
  type DeviceHardware,
  type DeviceStatus,
  type Node,
  type ObjectRef,
  type PersistedJoin,
} from '../../k8s/core/resources.ts';
import type { JoinAction, Story } from '../core/actions.ts';
import type { DeviceBinding } from '../core/binding.ts';
import type { JoinEvent } from '../core/chart.ts';
import { deriveStatus } from '../core/device-status.ts';
import { isSufficient } from '../core/evidence.ts';
import { observe, type ClaimFact, type NodeFact, type World } from '../core/observe.ts';
import { knownState, startJoin, step, type FailureChange } from '../core/step.ts';
import type { ClaimBinder } from './claim-binder.ts';
import type { DeviceStore } from './device-store.ts';
import type { NodeLabels } from './ports.ts';

/** A machine that changes its state more often without any action between is wrong; it is left alone until it is looked at again. */
const MOST_STEPS = 12;

/** What was tried already and is not to be tried again before its time. Lost with the process, which only costs a repetition. */
export interface Tried {
  /** {@link applyMark} of the last apply. */
  labels?: string;
  /** Before this moment no release is tried. */
  releaseFromMs?: number;
  /** The Node that is being drained, by its uid, and how many pods were on it last. */
  draining?: { readonly uid: string | undefined; readonly podsLeaving: number };
}

/** What is to be written and done for one device. */
export interface Plan {
  readonly status: DeviceStatus;
  readonly join: PersistedJoin;
  /** Those that change the world. */
  readonly actions: readonly JoinAction[];
  readonly stories: readonly Story[];
  readonly claim: DeviceClaim | undefined;
  readonly node: Node | undefined;
}

export interface PlanInput {
  readonly device: Device;
  readonly event: JoinEvent | undefined;
  readonly hardware: DeviceHardware | undefined;
  /** The board whose hello quarantined the device: a Retry accepts it. */
  readonly otherBoard: DeviceHardware | undefined;
  readonly tried: Tried;
  readonly idle: boolean;
  readonly nowMs: number;
}

/** What a device is bound to, and what became of it. */
interface Around {
  readonly join: PersistedJoin;
  readonly binding: DeviceBinding;
  readonly claim: DeviceClaim | undefined;
  readonly node: Node | undefined;
}

/** Reads the world around a device from the caches and lets the chart decide. It writes nothing. */
export class DevicePlanner {
  readonly #nodes: Informer<Node>;
  readonly #store: DeviceStore;
  readonly #binder: ClaimBinder;
  readonly #labels: NodeLabels;

  constructor(options: { nodes: Informer<Node>; store: DeviceStore; binder: ClaimBinder; labels: NodeLabels }) {
    this.#nodes = options.nodes;
    this.#store = options.store;
    this.#binder = options.binder;
    this.#labels = options.labels;
  }

  /** Follows `event` and then whatever the world says next, up to the first action that changes the world. */
  plan(input: PlanInput): Plan {
    const { device, nowMs } = input;
    const binding = this.#binder.bindingOf(device.metadata.name);
    const claim = binding.is === 'bound' ? this.#binder.claimNamed(binding.claim) : undefined;
    let join = device.status?.join ?? startJoin(nowMs);
    let failure: FailureChange = { is: 'kept' };
    const actions: JoinAction[] = [];
    const stories: Story[] = [];
    let event = input.event;
    let node = this.#nodeOf(device, join, claim);
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      event ??= observe(this.#world(input, { join, binding, claim, node }), nowMs);
      if (event === undefined) break;
      const taken = step(join, event, nowMs);
      event = undefined;
      // What the caller brought may come too late for this state; what was observed never does.
      if (!taken.taken && steps > 0) break;
      join = taken.join;
      // A Node that was seen while the ticket was out stays this device's: the status that says so is written with it.
      node ??= this.#nodeOf(device, join, claim);
      if (taken.failure.is !== 'kept') failure = taken.failure;
      for (const action of taken.actions) {
        if (action.name === 'emitEvent') stories.push(action.params);
        else actions.push(action);
      }
      if (actions.length > 0) break;
    }
    const status = this.#status({ ...input, binding, claim, join, failure, node });
    return { status, join, actions, stories, claim, node };
  }

  #world(input: PlanInput, { join, binding, claim, node }: Around): World {
    const { device, idle } = input;
    const nameFree = binding.is === 'bound' && binding.handOver === undefined;
    return {
      join,
      decision: device.spec.decision,
      retryAsked: device.metadata.annotations?.[RETRY_ANNOTATION],
      claim: claim === undefined ? undefined : { ...claimFact(claim, device), nameFree },
      node: node === undefined ? undefined : this.#nodeFact(node, claim, join, input),
      replacedBy: binding.is === 'leaving' ? binding.to : undefined,
      named: binding.is === 'leaving',
      idle,
    };
  }

  #nodeFact(node: Node, claim: DeviceClaim | undefined, join: PersistedJoin, input: PlanInput): NodeFact {
    const { device, tried, nowMs } = input;
    const isTried = claim !== undefined && tried.labels === applyMark(node, claim);
    const labels = this.#isLabelled(node, device, claim) ? 'set' : isTried ? 'tried' : 'unset';
    const leaving = this.#isLeaving(node, claim, join, device);
    const isAgain = tried.draining !== undefined && tried.draining.uid === node.metadata.uid;
    const release = nowMs < (tried.releaseFromMs ?? 0) ? 'later' : isAgain ? 'again' : 'now';
    return { name: node.metadata.name, ready: isReady(node), labels, leaving, release };
  }

  /** Whether the Node is to be released. */
  #isLeaving(node: Node, claim: DeviceClaim | undefined, { state }: PersistedJoin, device: Device): boolean {
    if (state === 'revoked' || state === 'replaced') return true;
    const isNamed = claim !== undefined && nodeNameOf(claim) === node.metadata.name;
    // Nobody wants what came with a ticket that had been given up; what an operator says no to later goes on running.
    if (this.#isLate(node, device, state)) return !isNamed || TURNED_AWAY.has(state);
    if (TURNED_AWAY.has(state)) return false;
    if (claim !== undefined) return !isNamed;
    // A claim that merely does not bind the device any more says nothing about its Node.
    return !this.#binder.hasClaim(device.status?.claimRef) && this.#labels.saysRelease(node);
  }

  /** Whether the Node came with a ticket that had been given up, and was not taken for the device's since. */
  #isLate(node: Node, { status }: Device, state: string): boolean {
    const isKnown = status?.nodeRef !== undefined && status.nodeRef.uid === node.metadata.uid;
    return state !== 'joining' && !isKnown && this.#labels.deviceOf(node) === undefined;
  }

  /** A Node without a claim is a retained one: it keeps what it has. */
  #isLabelled(node: Node, device: Device, claim: DeviceClaim | undefined): boolean {
    return claim === undefined || this.#labels.isApplied(node, device.metadata.name, claim);
  }

  /**
   * The Node that came from this device: the one its status names, the one that says so, or, while its ticket is out
   * or may have been used last, the one of its name (nobody else could have made it: the name was free, listed for it,
   * and bound by its password).
   */
  #nodeOf(device: Device, join: PersistedJoin, claim: DeviceClaim | undefined): Node | undefined {
    const { nodeRef } = device.status ?? {};
    for (const name of new Set([nodeRef?.name, join.nodeName, claim === undefined ? undefined : nodeNameOf(claim)])) {
      const node = name === undefined ? undefined : this.#nodes.get(name);
      if (node === undefined || node.metadata.deletionTimestamp !== undefined) continue;
      const owner = this.#labels.deviceOf(node);
      if (node.metadata.uid === nodeRef?.uid || owner === device.metadata.name) return node;
      const mayBeIts = owner === undefined && name === join.nodeName && isOfTicket(node, join);
      if (mayBeIts && !this.#isOfAnother(node, device)) return node;
    }
    return undefined;
  }

  /** Names are handed over: the Node may be that of another device which has the name now. */
  #isOfAnother({ metadata: { name, uid } }: Node, { metadata: { name: id } }: Device): boolean {
    if (this.#store.hasTicketOut({ nodeName: name }, id)) return true;
    return this.#store
      .ofNode(name)
      .some(({ metadata, status }) => metadata.name !== id && status?.nodeRef?.uid === uid);
  }

  /** A claim that exists stays named while there is a Node, so that losing the binding is not taken for its deletion. */
  #keptClaimRef({ status }: Device, join: PersistedJoin, node: Node | undefined): ObjectRef | undefined {
    const isOut = join.state === 'revoked' || join.state === 'replaced';
    const isKept = node !== undefined && !isOut && this.#binder.hasClaim(status?.claimRef);
    return isKept ? status?.claimRef : undefined;
  }

  #status(source: PlanInput & Around & { failure: FailureChange }): DeviceStatus {
    const { device, binding, claim, join, failure, node, hardware, tried, nowMs } = source;
    return deriveStatus(
      {
        device,
        join,
        failure,
        binding,
        claimRef: claim === undefined ? this.#keptClaimRef(device, join, node) : refOf(claim),
        node:
          node === undefined
            ? undefined
            : {
                ref: refOf(node),
                ready: isReady(node),
                labelled: this.#isLabelled(node, device, claim),
                kept: !(TURNED_AWAY.has(join.state) && this.#isLate(node, device, join.state)),
              },
        podsLeaving:
          node !== undefined && tried.draining?.uid === node.metadata.uid && this.#isLeaving(node, claim, join, device)
            ? tried.draining?.podsLeaving
            : undefined,
        hardware: hardware ?? acceptedBoard(source) ?? device.status?.hardware,
        otherHardware: device.status?.otherHardware ?? source.otherBoard,
      },
      nowMs,
    );
  }
}

/**
 * True when this Node, which says nothing of its origin, can only have come with the device's ticket: with the one that
 * is out, or with one that was used in the moment in which it was given up.
 */
function isOfTicket({ metadata }: Node, { state, ticketedAt }: PersistedJoin): boolean {
  if (state === 'joining') return true;
  if (ticketedAt === undefined) return false;
  // Kubernetes tells whole seconds.
  const ticketedMs = Math.floor(Date.parse(ticketedAt) / 1000) * 1000;
  return Date.parse(metadata.creationTimestamp ?? '') >= ticketedMs;
}

const TURNED_AWAY: ReadonlySet<string | undefined> = new Set([
  'quarantined',
  'rejected',
  'ignored',
  'revoked',
  'replaced',
]);

/** The other board of a device, once an operator let it out of the quarantine that the board had brought it. */
function acceptedBoard(source: PlanInput & { join: PersistedJoin }): DeviceHardware | undefined {
  const { device, join, otherBoard } = source;
  const { failure, join: before } = device.status ?? {};
  const wasHeld = before?.state === 'quarantined' && failure?.code === 'HARDWARE_CHANGED';
  return wasHeld && !TURNED_AWAY.has(knownState(join)) ? (device.status?.otherHardware ?? otherBoard) : undefined;
}

/** Which version of which claim is put on which Node. */
export function applyMark(node: Node, claim: DeviceClaim): string {
  const { uid = '', generation = 0 } = claim.metadata;
  return `${node.metadata.uid ?? ''} ${uid} ${String(generation)}`;
}

/** Name and uid of an object that the API server has given both. */
export function refOf({ metadata }: { metadata: { name: string; uid?: string } }): ObjectRef {
  return { name: metadata.name, uid: metadata.uid ?? '' };
}

/** The node name a claim asks for. */
export function nodeNameOf({ metadata, spec }: DeviceClaim): string {
  return spec.nodeName ?? metadata.name;
}

/** True when the kubelet says that the Node is Ready. */
export function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
}

function claimFact(claim: DeviceClaim, { spec }: Device): Omit<ClaimFact, 'nameFree'> {
  // The binder binds a copied identifier only when it fits one device.
  const sufficient = isSufficient({ evidence: spec.evidence, match: claim.spec.match, isUnique: true });
  return { name: claim.metadata.name, nodeName: nodeNameOf(claim), sufficient };
}
