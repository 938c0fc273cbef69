import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../foundation/clock.ts';
import { isUsherError, messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Informer, KubeClient } from '../../k8s/client/kube-client.ts';
import { DEVICE_CLAIM, type Device, type DeviceClaim, type Node } from '../../k8s/core/resources.ts';
import { bind, type BindableClaim, type BindableDevice, type Bindings, type DeviceBinding } from '../core/binding.ts';
import { normaliseFingerprint } from '../core/claim-match.ts';
import { deriveClaimStatus } from '../core/claim-status.ts';
import { isVerified } from '../core/evidence.ts';
import type { DeviceStore } from './device-store.ts';
import { isNewer } from './resource-version.ts';
import type { EventSink, NodeLabels } from './ports.ts';
import { SerialQueues } from './serial-queues.ts';

export interface ClaimBinderOptions {
  readonly kube: KubeClient;
  readonly store: DeviceStore;
  readonly claims: Informer<DeviceClaim>;
  readonly nodes: Informer<Node>;
  readonly labels: Pick<NodeLabels, 'deviceOf'>;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly logger: Logger;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/**
 * Binds claims to devices and writes DeviceClaim.status, which nobody else writes. What is bound is computed anew from
 * the caches whenever one of them changed; the join controller asks for it and writes Device.status.claimRef.
 */
export class ClaimBinder {
  readonly #options: ClaimBinderOptions;
  readonly #queues = new SerialQueues();
  readonly #handlers = new Set<(deviceId: string) => void>();
  readonly #touched = new Set<string>();
  readonly #nodeOwners = new Map<string, string | undefined>();
  /** Uid, generation and deletion of each claim: what of it bears on bindings. */
  readonly #seen = new Map<string, string>();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #written = new Map<string, DeviceClaim>();
  #bindings: Bindings = { claims: new Map(), devices: new Map() };
  #isStale = true;
  #isScheduled = false;
  #isStopped = false;

  constructor(options: ClaimBinderOptions) {
    this.#options = options;
  }

  /** Begins to bind. The informers must be synced. */
  start(): void {
    const { claims, nodes, store } = this.#options;
    for (const node of nodes.list()) this.#nodeOwners.set(node.metadata.name, this.#options.labels.deviceOf(node));
    this.#unsubscribe.push(
      claims.onChange(({ type, object }) => this.#claimChanged(type === 'deleted', object)),
      nodes.onChange(({ type, object }) => this.#nodeChanged(type === 'deleted', object)),
      store.onChange((id) => this.#deviceChanged(id)),
    );
    for (const { metadata } of claims.list()) this.#touch(metadata.name);
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#queues.idle();
  }

  bindingOf(deviceId: string): DeviceBinding {
    return this.#current().devices.get(deviceId) ?? { is: 'unclaimed' };
  }

  claimNamed(name: string): DeviceClaim | undefined {
    return this.#options.claims.get(name);
  }

  /** Whether this very claim still exists, bound or not. */
  hasClaim(uid: string | undefined): boolean {
    return uid !== undefined && this.#options.claims.list().some(({ metadata }) => metadata.uid === uid);
  }

  /** The newest version known: the reply to an own write comes before the watch's word of it. */
  #newestClaim(name: string): DeviceClaim | undefined {
    const seen = this.claimNamed(name);
    const written = this.#written.get(name);
    if (seen === undefined || written === undefined || isNewer(seen, written)) {
      this.#written.delete(name);
      return seen;
    }
    return written;
  }

  /** Whether a claim names this key, which is evidence of the kind Key. */
  claimsKey(keyFingerprint: string): boolean {
    const wanted = normaliseFingerprint(keyFingerprint);
    return this.#options.claims
      .list()
      .some(({ spec: { match } }) => normaliseFingerprint(match.keyFingerprint ?? '') === wanted);
  }

  /** Calls back for each device whose claim came, went or changed. Returns the unsubscribe. */
  onBinding(handler: (deviceId: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  #claimChanged(isGone: boolean, { metadata }: DeviceClaim): void {
    const { name, uid = '', generation = 0, deletionTimestamp = '' } = metadata;
    const mark = `${uid} ${String(generation)} ${deletionTimestamp}`;
    this.#touch(name);
    this.#schedule();
    // The binder's own writes of its status come back this way.
    if (!isGone && this.#seen.get(name) === mark) return;
    if (isGone) this.#seen.delete(name);
    else this.#seen.set(name, mark);
    this.#isStale = true;
    // The device hears of it even when it stays bound: its labels may have to follow.
    const binding = this.#bindings.claims.get(name);
    if (binding?.is === 'bound') this.#tell(binding.device);
    if (isGone) this.#tellNamingDevices(uid);
  }

  /** A device may name a claim that it is not bound to; whether that one exists decides over its Node. */
  #tellNamingDevices(claimUid: string): void {
    for (const { metadata, status } of this.#options.store.list()) {
      if (status?.claimRef?.uid === claimUid) this.#tell(metadata.name);
    }
  }

  #nodeChanged(isGone: boolean, node: Node): void {
    const { name } = node.metadata;
    const owner = this.#options.labels.deviceOf(node);
    // Kubelets write their Node every few seconds; names and owners seldom change.
    if (!isGone && this.#nodeOwners.has(name) && this.#nodeOwners.get(name) === owner) return;
    if (isGone) this.#nodeOwners.delete(name);
    else this.#nodeOwners.set(name, owner);
    this.#isStale = true;
    this.#schedule();
  }

  #deviceChanged(id: string): void {
    this.#isStale = true;
    const binding = this.#bindings.devices.get(id);
    if (binding?.is === 'bound') this.#touch(binding.claim);
    this.#schedule();
  }

  #touch(claimName: string): void {
    this.#touched.add(claimName);
  }

  #tell(deviceId: string): void {
    for (const handler of this.#handlers) handler(deviceId);
  }

  /** Changes of one turn of the event loop are looked at together; nothing waits longer than that. */
  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#current();
      const touched = [...this.#touched];
      this.#touched.clear();
      for (const name of touched) this.#enqueue(name);
    });
  }

  #current(): Bindings {
    if (!this.#isStale || this.#isStopped) return this.#bindings;
    this.#isStale = false;
    const before = this.#bindings;
    const { claims, nodes, store } = this.#options;
    this.#bindings = bind(
      claims.list().filter(isWanted).map(bindableClaim),
      store.list().map(bindableDevice),
      nodes.list().map((node) => ({ name: node.metadata.name, device: this.#options.labels.deviceOf(node) })),
    );
    for (const [name, binding] of this.#bindings.claims) {
      if (!isDeepStrictEqual(binding, before.claims.get(name))) this.#touch(name);
    }
    const changed = [...this.#bindings.devices].filter(
      ([id, binding]) => !isDeepStrictEqual(binding, before.devices.get(id)),
    );
    if (changed.length > 0) {
      this.#schedule();
      for (const [id] of changed) this.#tell(id);
    }
    return this.#bindings;
  }

  #enqueue(name: string, attempt = 0): void {
    if (this.#isStopped) return;
    void this.#queues.run(name, async () => {
      try {
        await this.#write(name);
      } catch (error) {
        const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
        // A conflict only says that the watch has not told of the newest version yet.
        const isQuiet = isUsherError(error, 'KUBE_CONFLICT', 'KUBE_NOT_FOUND');
        const { logger, clock } = this.#options;
        if (!isQuiet)
          logger.warn({ claim: name, detail: messageOf(error), delayMs }, 'claim status could not be written');
        clock.after(delayMs, () => this.#enqueue(name, attempt + 1));
      }
    });
  }

  async #write(name: string): Promise<void> {
    const claim = this.#newestClaim(name);
    if (claim === undefined || this.#isStopped) return;
    const { clock, kube, store, events } = this.#options;
    const binding = this.#current().claims.get(name) ?? { is: 'waiting' };
    const device = binding.is === 'bound' ? store.get(binding.device) : undefined;
    const status = deriveClaimStatus(claim, binding, device, clock.nowMs());
    if (isDeepStrictEqual(status, claim.status)) return;
    this.#written.set(name, await kube.replaceStatus(DEVICE_CLAIM, { ...claim, status }));
    const said = status.conditions?.find(({ type }) => type === 'Bound');
    if (said === undefined || said.reason === claim.status?.conditions?.find(({ type }) => type === 'Bound')?.reason)
      return;
    if (binding.is === 'waiting') return;
    const type = binding.is === 'conflict' ? 'Warning' : 'Normal';
    await events.record(claim, { type, reason: said.reason, message: said.message, action: 'Bind' });
  }
}

function isWanted({ metadata }: DeviceClaim): boolean {
  return metadata.deletionTimestamp === undefined;
}

function bindableClaim({ metadata, spec }: DeviceClaim): BindableClaim {
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    createdAt: metadata.creationTimestamp ?? '',
    match: spec.match,
    nodeName: spec.nodeName ?? metadata.name,
  };
}

function bindableDevice({ metadata, spec, status }: Device): BindableDevice {
  const { hardware, join, claimRef, nodeRef } = status ?? {};
  const isJoining = join?.state === 'ticketing' || join?.state === 'joining';
  // A device that has joined stays with its claim: only Revoked takes it out.
  const isTurnedAway = nodeRef === undefined ? spec.decision !== 'Undecided' : spec.decision === 'Revoked';
  return {
    id: metadata.name,
    uid: metadata.uid ?? '',
    serial: hardware?.serial,
    macs: hardware?.macs ?? [],
    duid: hardware?.duid,
    eligible: isVerified(spec.evidence) && !isTurnedAway && metadata.deletionTimestamp === undefined,
    stage: nodeRef !== undefined ? 'joined' : isJoining ? 'joining' : 'waiting',
    revoked: spec.decision === 'Revoked',
    claimUid: claimRef?.uid,
    // A name is taken, and after a revocation retired, from the first ticket on.
    nodeName: nodeRef?.name ?? (join !== undefined && join.attempt > 0 ? join.nodeName : undefined),
  };
}
